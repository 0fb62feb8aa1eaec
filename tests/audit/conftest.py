"""Symbolic critiques of corrupted problems, and the same with a fifth of the verdicts flipped."""

from dataclasses import replace
from random import Random

import pytest

from redink.records import Critique, Problem, Response
from redink.stages.corrupt import corrupt
from redink.stages.critique import critique
from redink.stages.load import load
from redink.tables import critique_table


@pytest.fixture(scope="session")
def symbolic():
    problems = load("gym:gsm_symbolic", n=200, seed=1, split="all")
    return critique(corrupt(problems, wrong=0.5))


@pytest.fixture(scope="session")
def flipped(symbolic):
    """The table with exactly a fifth of its verdicts flipped, and these rows' ids."""
    chosen = set(Random(7).sample([row.id for row in symbolic], len(symbolic) // 5))
    other = {"right": "wrong", "wrong": "right"}
    rows = [
        replace(row, verdict=other[row.verdict]) if row.id in chosen else row for row in symbolic
    ]
    return replace(symbolic, rows=tuple(rows)), chosen


@pytest.fixture
def table():
    """Makes a table of critiques from (critique fields, response fields, problem fields)."""

    def make(*items):
        problems, responses, rows = {}, {}, []
        for number, (said, answered, asked) in enumerate(items):
            asked = {"id": f"p{number}", "question": "How many?", "answer": "80"} | asked
            problem = problems.setdefault(asked["id"], Problem(**asked))
            answered = {
                "id": f"r{number}",
                "problem_id": problem.id,
                "text": "40 * 2 = 82\n#### 82",
                "origin": "load",
                "outcome": "wrong",
            } | answered
            response = responses.setdefault(answered["id"], Response(**answered))
            said = {
                "id": f"c{number}",
                "response_id": response.id,
                "text": "40 * 2 is 80.\nConclusion: wrong",
                "verdict": "wrong",
                "teacher": "t",
                "preset": "cft",
            } | said
            rows.append(Critique(**said))
        return critique_table(rows, responses, problems)

    return make
