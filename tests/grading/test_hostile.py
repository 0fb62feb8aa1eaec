"""Answers that hang, kill or subvert graders: bounded time, bounded memory, nothing executed.

Bounds are several times what was measured, so that a busy machine does not break them; what they
guard against takes minutes.
"""

import os
import time

import psutil
import pytest

from redink.grading.grader import grade_many
from redink.grading.pool import ComparisonPool
from redink.records import Problem

LIMIT = 1.0
SLACK = 2.0
"""Seconds beyond the limit; 0.03 s were measured."""
GOLDS = ("5", "x+1", r"\frac{1}{2}", "[1,2)")
CODE = "__import__('os').system('touch MARKER')"
COMPUTING = {
    "factorial": "(10^8)!",
    "factorial written out": "100000000!",
    "power tower": "9^{9^{9^9}}",
    "binomial": r"\\binom{10^9}{5\cdot10^8}",
    "big power": "2^{99999999999}",
    "negative power": "2^{-99999999999}",
    "expansion": "(x+y+z+w)^{400}",
    "sum": r"\sum_{k=1}^{10^9} \frac{1}{k}",
    "integral": r"\int_0^1 x^{x^{x}} dx",
    "exponent": "1e999999999",
    "power of ten": r"5 \times 10^{99999999}",
}
LARGE = {
    "a million digits": "7" * 10**6,
    "a million digits behind a point": "0." + "3" * 10**6,
    "a fraction of 10,000 digits": "1" * 10**4 + "/" + "3" * 10**4,
    "nested braces": "{" * 10_000 + "1" + "}" * 10_000,
    "nested parentheses": "(" * 10_000 + "1" + ")" * 10_000,
    "nested fractions": r"\frac{1}{" * 2_000 + "7" + "}" * 2_000,
    "30 fractions": r"\frac{1}{" * 30 + "7" + "}" * 30,
    "nested roots": r"\sqrt{" * 2_000 + "2" + "}" * 2_000,
    "power of 10,000 digits": "2^{" + "9" * 10_000 + "}",
    "matrix": r"\begin{pmatrix}" + r"\\".join(["&".join("x" * 100)] * 100) + r"\end{pmatrix}",
    "a long sum": "+".join("x" * 100_000),
    "null bytes": "x\0+1" + "\0" * 1_000,
    "lone surrogates": "\ud800x+1\udfff",
}
CODES = {
    "code": CODE,
    "code as text": rf"\text{{{CODE}}}",
    "code in exec": f'exec("{CODE}")',
    "code behind a number": f"5 + {CODE}",
    "code as an argument": f"sin({CODE})",
    "code that writes": "open('MARKER', 'w').write('x')",
    "code through classes": f"().__class__.__base__.__subclasses__()[0] or {CODE}",
    "code in sympify": f"S('{CODE}')",
}
UNITS = (
    " \t", "\n", " \n", "\r\n", "\u00a0", "1", "1 ", "1,", "1.", "1/", "1 1/2 ", "- ", "-", "x=",
    "x = ", "= ", "$", "$1$ ", "\\", "{", "}", "{}", "(", "()", "[1,2) ", "*", "** ", "#", "####",
    "#### ", "answer", "answer is ", "answer is\n", "the answer is 1. ", "A:", "A: ", "A:\n",
    "\\boxed{", "\\boxed{}", "\\boxed ", "%", "\\frac", "\\frac{1}", "\\text{", "^", "^{", "_",
    "1e", "10^{", "\\times 10^", "\\sqrt", "\\left(", "`", "```\n", ".", ". ", ",", ", ", ":",
    "and ", "or ", "\\[", "\\(", "\\\\", "\\, ", "−", "Step 1: ", "(A) ", "so ", "\\cup ", "\\pm ",
    "a", "a b ", "\U0001f600", "Question: ", "Q: ",
)  # fmt: skip
SETTINGS = (("", ""), ("answer is ", ""), ("#### ", ""), ("\\boxed{", "}"), ("1", ""), ("x=", "x"))


@pytest.fixture(scope="module")
def pool():
    with ComparisonPool(workers=2, limit=LIMIT) as pool:
        list(pool.compare([("x+1", "1+x")]))
        yield pool


def graded(pool, text, gold):
    """The grade and how many seconds it took."""
    started = time.monotonic()
    grade = grade_many([(text, Problem("id", "q", gold), None)], pool)[0]
    return grade, time.monotonic() - started


@pytest.mark.parametrize("kind", COMPUTING)
def test_an_answer_that_computes_without_end_is_stopped_at_the_limit(pool, kind):
    grade, seconds = graded(pool, f"so $\\boxed{{{COMPUTING[kind]}}}$", "5")
    assert grade.outcome in ("grader_timeout", "wrong")
    assert seconds < LIMIT + SLACK


@pytest.mark.parametrize("kind", LARGE)
@pytest.mark.parametrize("gold", GOLDS)
def test_a_large_or_broken_answer_is_soon_decided_and_not_correct(pool, kind, gold):
    for text in (f"so $\\boxed{{{LARGE[kind]}}}$", f"The answer is {LARGE[kind]}", LARGE[kind]):
        grade, seconds = graded(pool, text, gold)
        assert seconds < LIMIT + SLACK
        assert grade.outcome != "correct" or not text.startswith("so")


@pytest.mark.parametrize("kind", CODES)
def test_code_in_an_answer_or_reference_answer_is_not_run(pool, kind, tmp_path):
    code = CODES[kind].replace("MARKER", str(tmp_path / "marker"))
    for gold in (*GOLDS, code):
        for text in (f"so $\\boxed{{{code}}}$", f"#### {code}", f"The answer is {code}", code):
            graded(pool, text, gold)
            graded(pool, "\\boxed{x+1}", code)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("unit", UNITS)
def test_reading_takes_no_time_that_grows_with_a_power_of_the_length(pool, unit):
    """A model that repeats itself to the token limit; backtracking would take minutes."""
    for before, after in SETTINGS:
        text = before + unit * (8_000 // len(unit)) + after
        assert graded(pool, text, "5")[1] < LIMIT + SLACK


def test_hostile_answers_among_normal_ones_cost_their_time_outs_and_nothing_else(pool):
    """The workers are replaced, normal answers are graded as ever, memory stays bounded."""
    normal = [(f"\\boxed{{{i}+x}}", Problem("id", "q", f"x+{i}"), None) for i in range(60)]
    kinds = (COMPUTING["factorial"], COMPUTING["power tower"], LARGE["nested braces"])
    texts = [f"\\boxed{{{kind}+{i}}}" for i in range(3) for kind in kinds]
    hostile = [(text, Problem("id", "q", "5"), None) for text in texts]
    mixed = normal[:20] + hostile + normal[20:] + hostile
    started = time.monotonic()
    grades = grade_many(mixed, pool)
    seconds = time.monotonic() - started
    outcomes = [grade.outcome for grade in grades]
    assert outcomes.count("correct") == 60
    assert seconds < outcomes.count("grader_timeout") * LIMIT / 2 + 10
    foreman = psutil.Process(pool._crew.process.pid)
    assert len(foreman.children()) == pool.size
    for process in (foreman, *foreman.children()):
        assert process.memory_info().rss < 400 * 2**20
    assert psutil.Process(os.getpid()).memory_info().rss < 4 * 2**30
