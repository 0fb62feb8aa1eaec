"""Worked solutions for generators that give an answer but no steps.

Each solver takes an item's metadata and returns short lines of arithmetic that end in
`#### ANSWER`, or None where the item has no unique answer.
"""

import re
from collections.abc import Callable
from typing import Any


def chain_sum(metadata: dict[str, Any]) -> str | None:
    """`4 + 3 - 12` as `4 + 3 = 7`, `7 - 12 = -5`, `#### -5`."""
    first, *rest = metadata["expression"].split()
    total, lines = int(first), []
    for operator, term in zip(rest[::2], rest[1::2], strict=True):
        result = total + int(term) if operator == "+" else total - int(term)
        lines.append(f"{total} {operator} {term} = {result}")
        total = result
    return "\n".join([*lines, f"#### {total}"])


def leg_counting(metadata: dict[str, Any]) -> str | None:
    """Legs of each kind of animal, then the running total."""
    from reasoning_gym.arithmetic.leg_counting import ANIMALS

    lines, total = [], 0
    for position, (animal, count) in enumerate(metadata["animals"].items()):
        legs = count * ANIMALS[animal]
        line = f"{animal}: {count} * {ANIMALS[animal]} = {legs}"
        if position:
            line += f", so far {total} + {legs} = {total + legs}"
        total += legs
        lines.append(line)
    return "\n".join([*lines, f"#### {total}"])


_EQUATION = re.compile(
    r"(?:(?P<before>-?\d+) (?P<sign>[+-]) )?(?P<factor>-?\d*)\*?(?P<name>[a-z])"
    r"(?: (?P<after_sign>[+-]) (?P<after>\d+))? = (?P<right>-?\d+)"
)


def simple_equations(metadata: dict[str, Any]) -> str | None:
    """`a + b*x = c`: the constant is moved, then both sides are divided."""
    match = _EQUATION.fullmatch(metadata["equation"])
    if match is None:
        return None
    name, right = match["name"], int(match["right"])
    factor = int(match["factor"] + "1") if match["factor"] in ("", "-") else int(match["factor"])
    lines = []
    if match["before"] is not None:
        factor = -factor if match["sign"] == "-" else factor
        constant = int(match["before"])
    else:
        constant = int((match["after_sign"] or "") + (match["after"] or "0"))
    if constant:
        moved = right - constant
        operation = f"{right} - {constant}" if constant > 0 else f"{right} + {-constant}"
        lines.append(f"{_times(factor, name)} = {operation} = {moved}")
        right = moved
    if right % factor:
        return None
    if factor != 1:
        lines.append(f"{name} = {right} / {factor} = {right // factor}")
    return "\n".join([*lines, f"#### {right // factor}"])


def _times(factor: int, name: str) -> str:
    return name if factor == 1 else f"{factor}*{name}"


SOLVERS: dict[str, Callable[[dict[str, Any]], str | None]] = {
    "chain_sum": chain_sum,
    "leg_counting": leg_counting,
    "simple_equations": simple_equations,
}
