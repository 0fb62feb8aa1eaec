"""Every benchmark's grader accepts its own reference answers, and does not take one for another.

The benchmark files stand outside the repository, in the folder that REDINK_DATA names.
"""

import json
import os
import random
from pathlib import Path

import pytest

from redink.evaluation.benchmarks.catalogue import benchmark_named
from redink.grading import grade_many
from redink.grading.form import read_listing, read_matrix
from redink.grading.interval import read_region
from redink.grading.notation import canonical, is_words
from redink.grading.number import read_number
from redink.records import Problem

DATA = os.environ.get("REDINK_DATA")
FILES = {
    "math-500": "math500",
    "minerva-math": "minerva_math",
    "olympiadbench": "olympiadbench",
    "theoremqa": "theoremqa",
    "amc23": "amc23",
    "aime24": "aime24",
    "svamp": "svamp",
    "gsm8k": "gsm8k_test",
}
FORMS = (
    "So it is $\\boxed{ANSWER}$.",
    "The answer is ANSWER.",
    "The answer is $ANSWER$.",
    "Done.\n#### ANSWER",
    "**Final answer:** ANSWER",
)
NOT_ACCEPTED: dict[str, str] = {}
"""Reference answers that are not accepted for themselves, with the reason; at most 0.5 %."""
NOT_READ = {
    "f(x)=a x+b, where b is an arbitrary integer, and a is an arbitrary positive integer with "
    "\\mho(a)=0": "a sentence; accepted as text only",
    "t(0,4]": "a slip for an interval of t; accepted as text only",
}
"""Expressions that symbols cannot read, with the reason."""
PAIRS = 2000
pytestmark = pytest.mark.skipif(not DATA, reason="REDINK_DATA names no folder of benchmark files")


def problems(name: str) -> list[Problem]:
    benchmark, path = benchmark_named(name), Path(DATA or "", f"{FILES[name]}.jsonl")
    lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line]
    found = [benchmark.problem(json.loads(line), f"row {i}") for i, line in enumerate(lines)]
    return [item[0] if isinstance(item, tuple) else item for item in found]


def says(answer: str, form: str = FORMS[0]) -> str:
    return form.replace("ANSWER", answer)


@pytest.mark.parametrize("name", FILES)
def test_every_reference_answer_is_accepted_for_itself(name):
    known = problems(name)
    items = [(says(p.answer, form), p, "stop") for p in known for form in FORMS]
    refused = {
        item[1].answer
        for item, found in zip(items, grade_many(items), strict=True)
        if found.outcome != "correct"
    }
    assert refused <= set(NOT_ACCEPTED)
    assert len(refused) <= 0.005 * len(known)


@pytest.mark.parametrize("name", ["math-500", "minerva-math", "olympiadbench"])
def test_every_expression_is_accepted_by_symbols_and_in_other_notation(name):
    """Text alone cannot accept `x + 0` for `x`."""
    single = [p for p in problems(name) if is_expression(p)]
    respelt = [respell(p.answer) for p in single]
    items = [(says(text), p, "stop") for text, p in zip(respelt, single, strict=True)]
    refused = [
        p.answer for p, f in zip(single, grade_many(items), strict=True) if f.outcome != "correct"
    ]
    assert len(single) > 50
    assert set(refused) <= set(NOT_READ)


def is_expression(problem: Problem) -> bool:
    """Whether the reference is one value that is neither number, list nor interval."""
    shaped = (
        read_listing(problem.answer) or read_region(problem.answer) or read_matrix(problem.answer)
    )
    worded = problem.meta.get("answer_type") in ("choice", "boolean") or is_words(problem.answer)
    return not (shaped or worded or read_number(problem.answer) or "text{(" in problem.answer)


def respell(answer: str) -> str:
    answer = answer.replace("\\frac", "\\dfrac").replace("\\left", "").replace("\\right", "")
    return f"{answer} + 0"


@pytest.mark.parametrize("name", FILES)
def test_no_reference_answer_is_accepted_with_one_digit_changed(name):
    rng, items = random.Random(7), []
    for problem in problems(name):
        places = [i for i, character in enumerate(problem.answer) if character.isdigit()]
        if places:
            place = rng.choice(places)
            digit = rng.choice([d for d in "123456789" if d != problem.answer[place]])
            changed = problem.answer[:place] + digit + problem.answer[place + 1 :]
            items.append((says(changed), problem, "stop"))
    accepted = [
        (problem.answer, found.extracted, found.why)
        for (_, problem, _), found in zip(items, grade_many(items), strict=True)
        if found.outcome == "correct"
    ]
    assert accepted == []


@pytest.mark.parametrize("name", FILES)
def test_hardly_any_reference_answer_is_taken_for_another(name):
    known, rng = problems(name), random.Random(2024)
    items = []
    while len(items) < PAIRS:
        ours, theirs = rng.choice(known), rng.choice(known)
        if canonical(ours.answer) != canonical(theirs.answer):
            items.append((says(theirs.answer), ours, "stop"))
    accepted = [
        (problem.answer, found.extracted, found.why)
        for (_, problem, _), found in zip(items, grade_many(items), strict=True)
        if found.outcome == "correct" and not is_same_number(problem.answer, found.extracted)
    ]
    assert len(accepted) <= 1, accepted


def is_same_number(gold: str, answer: str | None) -> bool:
    """`36^\\circ` and 36, `0` and `0.0`: not different, only written differently."""
    try:
        return float(gold.replace("^\\circ", "")) == float((answer or "").replace("^\\circ", ""))
    except ValueError:
        return False
