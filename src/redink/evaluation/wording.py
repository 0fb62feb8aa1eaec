"""Figures in words, the same on the terminal and in the report."""

from collections.abc import Sequence


def percent(share: float) -> str:
    """A share as percent, or a dash where it is undefined."""
    return f"{100 * share:.1f} %" if share == share else "–"


def points(difference: float) -> str:
    """A difference of shares in signed percentage points."""
    if difference != difference:
        return "–"
    text = f"{100 * difference:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "−")


def p_value(p: float | None) -> str:
    """A p value to two digits; tiny ones as a bound."""
    if p is None:
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def share_points(difference: float | None) -> str:
    """A size in percentage points without a sign, or a dash."""
    return "–" if difference is None or difference != difference else f"{100 * difference:.1f}"


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 problem`, `1,200 problems`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def listed(items: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


def count(number: int | None) -> str:
    """A count with thin thousands, or a dash."""
    return "–" if number is None else f"{number:,}"
