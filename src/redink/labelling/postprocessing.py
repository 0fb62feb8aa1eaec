"""From counts to labels: monotone within a response, balanced over a table.

step            0    1    2    3    4
successes       3    0    1    0    -        of 8; the last step is the wrong answer itself
reached         +    -    +    -    -
monotone        +    +    +    -    -        a right step makes all earlier ones right
first error                    3
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from redink.records import StepLabels


def monotone_labels(reached: Sequence[bool | None]) -> tuple[bool | None, ...]:
    """Labels in which a right step makes all earlier ones right, and a wrong one that stands
    behind the last right one all later ones wrong.

    Args:
        reached: for each step whether the right answer was reached from it; None where nobody
            tried.
    """
    last = max((place for place, value in enumerate(reached) if value), default=-1)
    wrong = next((p for p, value in enumerate(reached) if p > last and value is False), None)
    return tuple(
        True if place <= last else False if wrong is not None and place >= wrong else None
        for place in range(len(reached))
    )


def first_wrong(labels: Sequence[bool | None]) -> int | None:
    """The first step that is labelled wrong, 0-based; None where none is."""
    return next((place for place, label in enumerate(labels) if label is False), None)


def balanced(rows: Sequence[StepLabels], seed: int = 0) -> list[StepLabels]:
    """Rows in which equally many right and wrong labels stand at each prefix length.

    Without it a scorer learns that early steps are right and late ones wrong (GLoRe, arXiv
    2402.10963, section 3). Which labels are left out, as None, is drawn by a hash of seed, row and
    step: the rows' order does not matter. Where a length has labels of one kind alone, none of
    them stays.
    """
    longest = max((len(row.labels) for row in rows), default=0)
    kept: set[tuple[str, int]] = set()
    for step in range(longest):
        right = [row.id for row in rows if _label(row, step) is True]
        wrong = [row.id for row in rows if _label(row, step) is False]
        most = min(len(right), len(wrong))
        kept |= {(row, step) for part in (right, wrong) for row in _drawn(part, step, seed)[:most]}
    return [
        replace(
            row,
            labels=tuple(
                label if (row.id, step) in kept else None for step, label in enumerate(row.labels)
            ),
        )
        for row in rows
    ]


def _label(row: StepLabels, step: int) -> bool | None:
    return row.labels[step] if step < len(row.labels) else None


def _drawn(rows: Iterable[str], step: int, seed: int) -> list[str]:
    def draw(row: str) -> bytes:
        return hashlib.blake2b(f"{seed}:{step}:{row}".encode(), digest_size=8).digest()

    return sorted(rows, key=draw)
