"""The table of answers that must be accepted and of those that must not."""

import json
from pathlib import Path

import pytest

from redink.grading import grade_many
from redink.records import Problem

CASES = [json.loads(line) for line in Path(__file__).with_name("cases.jsonl").open()]


def item(case: dict) -> tuple[str, Problem, str]:
    text = case["text"] if "text" in case else f"So it is $\\boxed{{{case['answer']}}}$."
    problem = Problem(
        id="p",
        question=case.get("question", "?"),
        answer=case["gold"],
        meta=case.get("meta", {}),
    )
    return text, problem, "stop"


@pytest.fixture(scope="module")
def grades():
    return grade_many([item(case) for case in CASES])


@pytest.mark.parametrize("index", range(len(CASES)), ids=lambda index: str(index + 1))
def test_every_case_of_the_table(index, grades):
    case, found = CASES[index], grades[index]
    assert found.outcome == case["expected"], f"line {index + 1}: {case}: {found}"


def test_the_table_has_both_kinds_and_no_case_twice():
    keys = [json.dumps({k: v for k, v in c.items() if k not in ("expected", "why")}) for c in CASES]
    assert len(set(keys)) == len(keys) >= 150
    assert sum(case["expected"] == "wrong" for case in CASES) > len(CASES) / 4
