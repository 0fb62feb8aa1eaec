"""Symbolic comparison of two answers; runs inside a worker process only."""

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from redink.grading.equality import compare_forms, is_within, quick_leaf
from redink.grading.latex import UnreadableError, read_latex
from redink.grading.notation import plain
from redink.grading.number import Number, read_number
from redink.grading.rules import Rules, detached
from redink.grading.verdict import Verdict

if TYPE_CHECKING:
    from sympy import Basic, Expr

Comparison = Literal["equal", "different", "answer_unparsable", "gold_unparsable"]
DIGITS = 30
"""Decimal digits to which two expressions are evaluated."""
RELATIVE = 1e-12
"""Relative difference above which two exact values are not the same; floats hold 15 digits."""
POINTS = (
    ("0.7310585786", "1.3862943611", "2.2360679775", "0.5772156649", "1.6180339887"),
    ("1.2824271291", "0.9159655942", "0.3183098862", "2.6854520011", "1.4513692349"),
    ("2.5029078750", "0.2614972128", "1.9021605823", "1.1319882488", "0.8346268416"),
    ("-0.6434105463", "1.7632228344", "-1.2020569032", "0.4669201609", "-2.3025850930"),
)
"""Values that the variables take, in alphabetical order and then repeating with a shift."""
WHOLE_POINTS = ((7, 3, 5, 2, 4), (10, 4, 6, 3, 8), (9, 5, 2, 6, 3), (12, 7, 4, 5, 6))
"""Values for expressions in which variables are whole numbers (`n!`, `\\lfloor n/2 \\rfloor`)."""


def compare(gold: str, answer: str) -> Comparison:
    """Compares an answer with the reference answer, behind which its rules may stand.

    It has no time limit of its own: math-verify's is a SIGALRM handler in Python, which cannot
    interrupt one long operation on big integers. The worker's owner kills the worker.
    """
    gold, rules = detached(gold)
    unreadable: list[Comparison] = []

    def leaf(gold_part: str, answer_part: str, part_rules: Rules) -> Verdict:
        quick = quick_leaf(gold_part, answer_part, part_rules)
        if quick.equal is not None:
            return quick
        try:
            return Verdict(_same(gold_part, answer_part, part_rules), "symbolic")
        except _GoldUnreadableError:
            unreadable.append("gold_unparsable")
        except UnreadableError:
            unreadable.append("answer_unparsable")
        return Verdict(None, "symbolic")

    found = compare_forms(gold, answer, rules, leaf)
    if found.equal is None:
        return unreadable[0] if unreadable else "different"
    return "equal" if found.equal else "different"


class _GoldUnreadableError(UnreadableError):
    """The reference answer cannot be read."""


def _same(gold: str, answer: str, rules: Rules) -> bool:
    try:
        reference = read_latex(gold)
    except UnreadableError as error:
        raise _GoldUnreadableError(gold) from error
    found = read_latex(answer)
    reference, found = _in_degrees(gold, answer, reference, found)
    kinds = [_kind(item) for item in (reference, found)]
    if kinds[0] != kinds[1]:
        return False
    if kinds[0] == "equation":
        return _same_equation(reference, found)
    if kinds[0] != "expression":
        return _verified(reference, found)
    if not reference.free_symbols and not found.free_symbols:
        return _same_constant(gold, answer, reference, found, rules)
    return _same_expression(reference, found)


def _kind(item: "Basic") -> str:
    from sympy import Equality, Expr

    if isinstance(item, Equality):
        return "equation"
    return "expression" if isinstance(item, Expr) else type(item).__name__


def _in_degrees(gold: str, answer: str, first: "Basic", second: "Basic") -> "tuple[Any, Any]":
    """Both angles in degrees where one bears the mark and the other is a multiple of pi."""
    from sympy import Rational, pi

    marked = ["degree" in plain(text) for text in (gold, answer)]
    circle = [bool(re.search(r"\\?\bpi\b|\\pi", plain(text))) for text in (gold, answer)]
    if marked == [True, False] and circle == [False, True]:
        return first, second * Rational(180) / pi  # type: ignore[operator]
    if marked == [False, True] and circle == [True, False]:
        return first * Rational(180) / pi, second  # type: ignore[operator]
    return first, second


def _same_constant(gold: str, answer: str, one: "Expr", two: "Expr", rules: Rules) -> bool:
    """Two numbers: equal, or right by tolerance or rounding."""
    first, second = _evaluated(one), _evaluated(two)
    if first is None or second is None:
        return _verified(one, two)
    if _close(first, second):
        return True
    if first[1] or second[1]:
        return False
    reference = read_number(gold) or Number(_fraction(first[0]))
    stated = read_number(answer) or Number(_fraction(second[0]))
    whole = one.is_integer is True or two.is_integer is True
    if is_within(reference, stated, rules):
        return True
    return not whole and (stated.is_cut_from(reference) or reference.is_cut_from(stated))


def _evaluated(item: "Expr") -> "Any | None":
    """A constant's value to 30 digits, of any size; None where it has no finite value."""
    from sympy import Float, Integer

    try:
        value = item.doit().evalf(DIGITS)
        parts = value.as_real_imag()
    except (TypeError, ValueError, OverflowError, ZeroDivisionError, AttributeError):
        return None
    if not all(part.is_Number and part.is_finite for part in parts):
        return None
    # Where everything cancels, evalf returns noise that it marks with a precision of one bit.
    noise = [isinstance(part, Float) and part._prec <= 1 for part in parts]
    return tuple(Integer(0) if n else part for part, n in zip(parts, noise, strict=True))


def _close(first: Any, second: Any) -> bool:
    from sympy import Float

    size = max(abs(part) for part in (*first, *second))
    return all(
        bool(abs(a - b) <= Float(RELATIVE) * size) for a, b in zip(first, second, strict=True)
    )


def _same_expression(one: "Expr", two: "Expr") -> bool:
    """Whether two expressions take the same values wherever both are defined.

    Sixteen digits agreeing at four points of transcendental coordinates are no accident; on real
    pairs this is decided in a tenth of the time that simplifying takes, and in cases that
    simplifying leaves open.
    """
    first, second = _opaque(one), _opaque(two)
    names = sorted({str(symbol) for symbol in first.free_symbols | second.free_symbols})
    compared = 0
    for values in WHOLE_POINTS if _is_discrete(first) or _is_discrete(second) else POINTS:
        point = {name: values[index % 5] for index, name in enumerate(names)}
        if len(names) > 5:
            point = {name: f"{values[i % 5]}" + f"{i // 5}" for i, name in enumerate(names)}
        ours, theirs = _at(first, point), _at(second, point)
        if ours is None or theirs is None:
            continue
        if not _close(ours, theirs):
            return False
        compared += 1
    return compared >= 2 or _verified(one, two)


def _fraction(value: Any) -> Fraction:
    from sympy import Rational

    exact = Rational(value)
    return Fraction(int(exact.p), int(exact.q))


def _at(item: "Expr", point: dict[str, Any]) -> "Any | None":
    from sympy import Rational

    values = {symbol: Rational(str(point[str(symbol)])) for symbol in item.free_symbols}
    return _evaluated(item.subs(values))


def _is_discrete(item: "Expr") -> bool:
    from sympy import Mod, binomial, ceiling, factorial, floor

    return bool(item.has(floor, ceiling, factorial, binomial, Mod))


def _opaque(item: "Expr") -> "Expr":
    """`item` with unknown functions and derivatives as variables of their own."""
    from sympy import Derivative, Symbol
    from sympy.core.function import AppliedUndef

    unknown = item.atoms(Derivative) or set()
    item = item.xreplace({part: Symbol(f"D{part}") for part in unknown})
    return item.xreplace({part: Symbol(f"F{part}") for part in item.atoms(AppliedUndef)})


def _same_equation(one: "Basic", two: "Basic") -> bool:
    """Whether two equations differ by a constant factor only."""
    first, second = (_opaque(item.lhs - item.rhs) for item in (one, two))  # type: ignore[attr-defined]
    names = sorted({str(symbol) for symbol in first.free_symbols})
    if not names or names != sorted({str(symbol) for symbol in second.free_symbols}):
        return False
    ratios = []
    for values in POINTS:
        point = {n: f"{values[i % 5]}{i // 5 or ''}" for i, n in enumerate(names)}
        ours, theirs = _at(first, point), _at(second, point)
        if ours is None or theirs is None or not any(theirs):
            continue
        ratios.append(_quotient(ours, theirs))
    if len(ratios) < 2 or not any(ratios[0]):
        return False
    return all(_close(ratio, ratios[0]) for ratio in ratios)


def _quotient(above: Any, below: Any) -> Any:
    size = below[0] ** 2 + below[1] ** 2
    real = (above[0] * below[0] + above[1] * below[1]) / size
    return real, (above[1] * below[0] - above[0] * below[1]) / size


def _verified(one: "Basic", two: "Basic") -> bool:
    """math-verify's opinion, for sets, matrices and whatever has no value at a point."""
    from math_verify import verify

    return bool(verify([one], [two], strict=True, timeout_seconds=None, raise_on_error=False))
