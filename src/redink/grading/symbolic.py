"""Symbolic comparison of two answers by math-verify; runs inside a worker process only."""

from typing import Literal

Comparison = Literal["equal", "different", "answer_unparsable", "gold_unparsable"]
RELATIVE = 1e-4
"""Relative difference between constants above which they are not roundings of one value."""


def compare(gold: str, answer: str) -> Comparison:
    """Compares an answer with the reference answer.

    It has no time limit of its own: math-verify's is a SIGALRM handler in Python, which cannot
    interrupt one long operation on big integers. The worker's owner kills the worker.
    """
    from math_verify import verify

    gold_parsed, answer_parsed = _parse(gold), _parse(answer)
    if not _has_expression(gold_parsed):
        return "gold_unparsable"
    if not _has_expression(answer_parsed):
        return "answer_unparsable"
    equal = verify(
        gold_parsed, answer_parsed, strict=True, timeout_seconds=None, raise_on_error=False
    )
    if not equal or ("%" not in gold + answer and _differ_in_size(gold_parsed, answer_parsed)):
        return "different"
    return "equal"


def _differ_in_size(gold: list[object], answer: list[object]) -> bool:
    """Whether two constants differ by more than 0.01 % of their size.

    math-verify rounds to six decimals, so that `1/2004!` equals `1/2006!` for it.
    """
    from sympy import Expr

    first, second = gold[0], answer[0]
    if not isinstance(first, Expr) or not isinstance(second, Expr):
        return False
    if not (first.is_number and second.is_number):
        return False
    one, two = first.doit().evalf(15), second.doit().evalf(15)
    return bool(abs(one - two) > RELATIVE * max(abs(one), abs(two)))


def _parse(text: str) -> list[object]:
    """math-verify's reading of one answer, taken as mathematics as a whole.

    Without the dollar signs `3x+4y+14=0` is read as `0 = 0`.
    """
    from math_verify import parse

    bare = text.strip().strip("$")
    parsed: list[object] = parse(f"${bare}$", parsing_timeout=None)
    if not _has_expression(parsed):
        parsed = parse(bare, parsing_timeout=None)
    return parsed


def _has_expression(parsed: list[object]) -> bool:
    return any(not isinstance(item, str) for item in parsed)
