"""A small table of critiques as a run would make it."""

from dataclasses import replace

import pytest

from redink.records import (
    Critique,
    InjectedError,
    Problem,
    Response,
    critique_id,
    problem_id,
    response_id,
)
from redink.tables import critique_table, problem_table, response_table

CASES = [
    ("What is 3 + 4?", "7", "3 + 4 = 8.", "3 + 4 is 7.\n\nConclusion: wrong", "wrong"),
    ("What is 3 + 4?", "7", "3 + 4 = <<3+4=7>>7.", "Well done.\n\nConclusion: right", "right"),
    ("What is 6 * 7?", "42", "It is 42.", "I am not sure.", None),
]

LATER = [
    (1, "Quite so.\n\nConclusion: right", "right"),
    (2, "It is not.\n\nCorrected solution:\n6 * 7 = 42.\n#### 42\n\nConclusion: wrong", "wrong"),
]
"""Number, text and verdict of further critiques of the last response."""


def make_critiques():
    """Three critiques of two problems; one response has a calculator annotation."""
    problems, responses, critiques = {}, {}, []
    for question, answer, text, said, verdict in CASES:
        problem = Problem(
            problem_id(question, answer), question, answer, solution=f"It is {answer}.",
            source="gsm8k", level="2", meta={"answer_type": "number", "tolerance": 0.5},
        )  # fmt: skip
        problems[problem.id] = problem
        response = Response(
            response_id(problem.id, text, "corrupt"), problem.id, text, "corrupt",
            model="smol", sampling={"temperature": 0.7}, answer=answer, outcome="correct",
            n_tokens=12, finish="stop", error=InjectedError("slip", 0, "7", "8"),
        )  # fmt: skip
        responses[response.id] = response
        critiques.append(
            Critique(
                critique_id(response.id, said, "gpt"), response.id, said, verdict,
                first_error=0 if verdict == "wrong" else None, agrees=verdict == "right",
                teacher="gpt", prompt_tokens=100, completion_tokens=20, cost=0.1 + 0.2,
                finish="stop", why="" if verdict else "no conclusion", preset="cft",
            )
        )  # fmt: skip
    return critique_table(critiques, responses, problems)


@pytest.fixture
def critiques():
    return make_critiques()


@pytest.fixture
def judged(critiques):
    """Four critiques with verdicts, two of each problem: every objective can render them."""
    _, _, last = critiques.rows
    again = [replace(last, id=f"c{n}", text=t, verdict=v, why="") for n, t, v in LATER]
    return replace(critiques, rows=(*critiques.rows[:2], *again))


@pytest.fixture
def responses(critiques):
    return response_table(list(critiques.responses.values()), critiques.problems)


@pytest.fixture
def problems(critiques):
    return problem_table(list(critiques.problems.values()))
