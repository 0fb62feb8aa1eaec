"""How many rows of each value a mixture takes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from redink.errors import DataError, UsageError

BALANCED = {"outcome": ("correct", "wrong"), "verdict": ("right", "wrong")}
"""Values that `balance` takes alone, where the others say that nothing is known."""


def read_mixture(
    balance: str | None, mixture: Mapping[str, Any] | None
) -> tuple[str, dict[str, Fraction] | None] | None:
    """What rows are mixed by, and the share of each value (None: equal ones); None for no mixture.

    Raises UsageError where both are given or the mixture is not `{by: …, shares: {…}}`.
    """
    if balance is not None and mixture is not None:
        raise UsageError("balance, mixture: give one of them; balance means equal shares")
    if balance is not None:
        known = BALANCED.get(balance)
        return balance, dict.fromkeys(known, Fraction(1, len(known))) if known else None
    if mixture is None:
        return None
    if set(mixture) != {"by", "shares"} or not isinstance(mixture["shares"], Mapping):
        raise UsageError(
            "mixture: write {by: outcome, shares: {correct: 0.44, wrong: 0.56}}; "
            f"given: {dict(mixture)}"
        )
    return str(mixture["by"]), _normalised(mixture["shares"])


def _normalised(shares: Mapping[Any, Any]) -> dict[str, Fraction]:
    parts: dict[str, Fraction] = {}
    for value, share in shares.items():
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1e9:
            raise UsageError(f"mixture: the share of {value!r} is {share!r}; give a number above 0")
        parts[str(value)] = Fraction(str(share))
    if not parts:
        raise UsageError("mixture: shares is empty; name at least one value with its share")
    whole = sum(parts.values())
    return {value: part / whole for value, part in parts.items()}


def quotas(
    values: Sequence[str], by: str, shares: Mapping[str, Fraction] | None, n: int | None
) -> dict[str, int]:
    """How many rows of each value are taken.

    Args:
        values: The value of each row that there is.
        by: What kind of value, for messages.
        shares: Each value's share; equal shares of all values where None.
        n: How many rows together; as many as the shares allow where None.

    Raises:
        UsageError: A share for a value that no row has.
        DataError: n rows cannot be had in these shares.
    """
    counts = Counter(values)
    if shares is None:
        shares = {value: Fraction(1, len(counts)) for value in sorted(counts)}
    unknown = [value for value in shares if value not in counts]
    if unknown:
        there = ", ".join(f"{value} ({count})" for value, count in counts.most_common())
        raise UsageError(
            f"mixture: no row has {by} {', '.join(map(repr, unknown))}; the rows have "
            f"{there or 'nothing: none is left'}"
        )
    most = int(min((counts[value] / share for value, share in shares.items()), default=0))
    taken = _apportioned(shares, most if n is None else n)
    for value, count in taken.items():
        if count > counts[value]:
            raise DataError(
                f"mixture: {n} rows need {count} with {by} {value!r}, there are {counts[value]}; "
                f"ask for at most {most}, or leave n away for as many as the shares allow"
            )
    return taken


def _apportioned(shares: Mapping[str, Fraction], total: int) -> dict[str, int]:
    """Whole numbers nearest to the shares of `total` that add up to it (largest remainders)."""
    taken = {value: int(share * total) for value, share in shares.items()}
    by_remainder = sorted(shares, key=lambda value: taken[value] - shares[value] * total)
    for value in by_remainder[: total - sum(taken.values())]:
        taken[value] += 1
    return taken
