"""What is graded right, and why."""

import json
import os
from pathlib import Path

import pytest

from redink.grading import grade, grade_many
from redink.grading.pool import ComparisonPool
from redink.records import Problem


def problem(answer: str) -> Problem:
    return Problem(id="p", question="?", answer=answer)


@pytest.mark.parametrize(
    ("text", "gold", "outcome", "by"),
    [
        ("The answer is 72 clips in 2 months.", "72", "correct", "number"),
        ("\\boxed{1,000}", "1000", "correct", "number"),
        ("#### -3", "-3", "correct", "literal"),
        ("#### 3", "-3", "wrong", "number"),
        ("\\boxed{\\frac{1}{2}}", "0.5", "correct", "number"),
        ("\\boxed{50\\%}", "0.5", "correct", "number"),
        ("\\boxed{200}", "2", "wrong", "number"),
        ("\\boxed{0.05}", "5", "wrong", "number"),
        ("\\boxed{12.34}", "12.31", "wrong", "number"),
        ("\\boxed{[1,2)}", "(1,2]", "wrong", "literal"),
        ("\\boxed{\\{1,2\\}}", "(1,2)", "wrong", "literal"),
        ("\\boxed{\\left[1,2\\right)}", "[1, 2)", "correct", "literal"),
        ("\\boxed{\\text{Even}}", "even", "correct", "literal"),
        ("\\boxed{odd}", "even", "wrong", "literal"),
        ("The answer is Evelyn.", "\\text{Evelyn}", "correct", "literal"),
        ("\\boxed{x+1}", "1+x", "correct", "symbolic"),
        ("\\boxed{\\sqrt{8}}", "2\\sqrt{2}", "correct", "symbolic"),
        ("\\boxed{0.3333333}", "\\frac{1}{3}", "correct", "number"),
        ("\\boxed{x=3}", "y=3", "wrong", "number"),
        ("\\boxed{(-1,9)}", "(-1,-9)", "wrong", "number"),
        ("\\boxed{3x+4y+14=0}", "x=0", "wrong", "symbolic"),
        ("\\boxed{\\frac{1}{2004!}}", "\\frac{1}{2006!}", "wrong", "symbolic"),
        ("so it is 18 eggs", "18", "correct", "literal-fallback"),
        ("so it is 17 eggs", "18", "wrong", "number-fallback"),
    ],
)
def test_equal_answers_and_traps(text, gold, outcome, by):
    found = grade(text, problem(gold))
    assert (found.outcome, found.compared_by) == (outcome, by), found.why


@pytest.mark.parametrize(
    ("text", "gold", "finish", "outcome"),
    [
        ("I do not know", "3", "stop", "no_answer"),
        ("I do not know", "3", "length", "truncated"),
        ("first 3 and then", "3", "length", "truncated"),
        ("#### 3\nand then", "3", "length", "correct"),
        ("#### 3", "", None, "gold_unparsable"),
        ("#### 3", "\\frac{", None, "gold_unparsable"),
    ],
)
def test_outcomes_that_are_not_about_being_right(text, gold, finish, outcome):
    assert grade(text, problem(gold), finish).outcome == outcome


def test_a_guessed_answer_says_so():
    found = grade("it is 18", problem("18"))
    assert "last number" in found.why
    assert found.extracted == "18"


@pytest.mark.parametrize(
    ("text", "gold", "unsure"),
    [
        ("\\boxed{4}", "3", False),
        ("\\boxed{x+2}", "x+1", False),
        ("\\boxed{the third of them}", "3", True),
        ("\\boxed{3}", "\\frac{", True),
        ("\\boxed{the largest one}", "\\text{none}", True),
        ("\\boxed{" + "1+" * 300 + "1}", "301", True),
        ("The answer is 2, 3.", "(2,3)", True),
        ("I do not know", "3", False),
    ],
)
def test_what_rules_cannot_tell_is_marked_for_a_judge(text, gold, unsure):
    found = grade(text, problem(gold), "stop")
    assert found.outcome != "correct"
    assert found.unsure is unsure, found


def test_many_grades_keep_the_order():
    items = [(f"\\boxed{{x+{n}}}", problem("x+3" if n % 2 else "3 + x"), None) for n in range(8)]
    assert [g.outcome for g in grade_many(items)].index("correct") == 3
    assert [g.outcome == "correct" for g in grade_many(items)] == [n == 3 for n in range(8)]


def test_text_of_a_model_is_never_executed(tmp_path):
    marker = tmp_path / "executed"
    code = f"__import__('os').system('touch {marker}')"
    latex = code.replace("_", "\\_")
    items = [
        (wrapper.format(payload), problem(gold), None)
        for payload in (code, latex, f'eval("{code}")', f"lambdify(x, {code})")
        for wrapper in ("\\boxed{{{}}}", "#### {}", "The answer is ${}$")
        for gold in ("x+1", "7", code)
    ]
    grade_many(items)
    assert not marker.exists()


def test_adversarial_answers_end_within_the_limit():
    pool = ComparisonPool(workers=2, limit=1.0)
    answers = ["10^{10^{10}}", "(10^8)!", "(" * 150 + "1" + ")" * 150, "\\frac{" * 60 + "1"]
    try:
        found = grade_many([(f"\\boxed{{{a}}}", problem("x+1"), None) for a in answers], pool)
        assert [g.outcome for g in found[:2]] == ["grader_timeout", "grader_timeout"]
        assert all(g.outcome in ("wrong", "grader_timeout", "no_answer") for g in found)
        # Killed workers are replaced.
        assert grade_many([("\\boxed{1+x}", problem("x+1"), None)], pool)[0].outcome == "correct"
    finally:
        pool.close()


DATA = os.environ.get("REDINK_DATA")
needs_data = pytest.mark.skipif(not DATA, reason="REDINK_DATA names no folder of benchmark files")


def rows_of(name: str) -> list[dict]:
    lines = Path(DATA or "", f"{name}.jsonl").read_text().split("\n")
    return [json.loads(line) for line in lines if line]


@needs_data
def test_real_solutions_are_graded_as_their_authors_graded_them():
    rows = rows_of("gsm8k_model_solutions")
    labelled = [
        (value["solution"], problem(row["ground_truth"].split("A:")[-1].strip()), value)
        for row in rows
        for value in row.values()
        if isinstance(value, dict)
    ]
    found = grade_many([(text, gold, None) for text, gold, _ in labelled])
    agree = [
        (g.outcome == "correct") == label["is_correct"]
        for g, (_, _, label) in zip(found, labelled, strict=True)
    ]
    assert len(agree) == 5276
    assert all(agree)
