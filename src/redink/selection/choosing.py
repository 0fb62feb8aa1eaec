"""Which rows stay where there are too many: an order of preference, caps and quotas over it."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from redink.errors import UsageError

Take = Literal["first", "random", "longest", "shortest", "middle"]


def preferred(ids: Sequence[str], lengths: Sequence[int], take: Take, seed: int = 0) -> list[int]:
    """Places of the rows, the most wanted first.

    Args:
        ids: The rows' ids.
        lengths: Their lengths in characters.
        take: `first` keeps the rows' order; `random` draws by a hash of id and seed, so that the
            rows' order does not matter; `longest` and `shortest` go by length, `middle` begins at
            the median length. Equal lengths go by the same hash.
        seed: Another seed, another draw.
    """
    if take == "first":
        return list(range(len(ids)))
    draw = [_drawn(row, seed) for row in ids]
    if take == "random":
        return sorted(range(len(ids)), key=draw.__getitem__)
    sign = -1 if take == "longest" else 1
    by_length = sorted(range(len(ids)), key=lambda place: (sign * lengths[place], draw[place]))
    if take != "middle":
        return by_length
    last = len(ids) - 1
    ranks = sorted(range(len(ids)), key=lambda rank: (abs(2 * rank - last), rank))
    return [by_length[rank] for rank in ranks]


def dealt(order: Sequence[int], groups: Sequence[str]) -> list[int]:
    """`order` dealt round robin: the first row of every group, then every second one, ..."""
    seen: Counter[str] = Counter()
    turns: dict[int, int] = {}
    for place in order:
        turns[place] = seen[groups[place]]
        seen[groups[place]] += 1
    return sorted(order, key=turns.__getitem__)


def within(
    order: Iterable[int], groups: Sequence[str], limits: Mapping[str, int] | int
) -> list[int]:
    """The first rows of `order` until each group has reached its limit, 0 where it has none."""
    seen: Counter[str] = Counter()
    kept: list[int] = []
    for place in order:
        group = groups[place]
        limit = limits if isinstance(limits, int) else limits.get(group, 0)
        if seen[group] < limit:
            seen[group] += 1
            kept.append(place)
    return kept


def edges(lengths: Sequence[int], ids: Sequence[str], trim: Sequence[int]) -> dict[int, str]:
    """Places of the shortest and the longest rows that `trim` (how many of each) cuts off.

    Raises UsageError where `trim` is not two counts.
    """
    if len(trim) != 2 or min(trim) < 0:
        raise UsageError(
            f"trim: {list(trim)} is not [shortest, longest]; give how many rows to drop at each end"
        )
    short, long = trim
    order = preferred(ids, lengths, "shortest")
    cut = dict.fromkeys(order[:short], f"among the {short} shortest")
    for place in order[max(len(order) - long, 0) :]:
        cut.setdefault(place, f"among the {long} longest")
    return cut


def _drawn(row: str, seed: int) -> bytes:
    return hashlib.blake2b(f"{seed}:{row}".encode(), digest_size=8).digest()
