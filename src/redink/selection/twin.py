"""Rows removed because of another text, with that text: kept beside the row, listed for people.

The twin stands in the dropped record, under `twin`, so it is written and read with the table:

    {"of": "gsm8k", "id": "p0c4…", "rule": "near copy", "ratio": 0.88,
     "text": "A train travels …", "twin_text": "A plane travels …"}
"""

from dataclasses import dataclass
from typing import Any, Literal

from redink.records import to_row
from redink.tables import Dropped, Table, drop

FIELD = "twin"
"""Under which a dropped record holds its twin."""
Rule = Literal["same text", "near copy", "contained", "short item"]


@dataclass(frozen=True, slots=True)
class Twin:
    """The text that a row was removed for."""

    of: str
    """Where it stands: a benchmark, a stage, or `rows` for an earlier row of the same table."""
    id: str
    """Its problem's id; for an earlier row, that row's."""
    rule: Rule
    ratio: float
    """Share that the texts have in common: 1 for the same text, Jaccard similarity of near
    duplicates, longest common subsequence over the longer text's length for test questions (over
    the test question's for `contained`)."""
    text: str
    """What was compared of the removed row."""
    twin_text: str


@dataclass(frozen=True, slots=True)
class Removal:
    """A removed row and why, with both texts."""

    id: str
    reason: str
    twin: Twin

    def __str__(self) -> str:
        where = f"{self.twin.of}:{self.twin.id}" if self.twin.of != "rows" else self.twin.id
        return (
            f"{self.id} is like {where} ({self.twin.ratio:.2f}, {self.twin.rule})\n"
            f"  - {' '.join(self.twin.text.split())}\n  + {' '.join(self.twin.twin_text.split())}"
        )


def drop_for(record: Any, reason: str, twin: Twin) -> Dropped:
    """Keeps a record that is removed because of `twin`, with both."""
    dropped = drop(record, reason)
    return Dropped(dropped.id, dropped.reason, {**dropped.record, FIELD: to_row(twin)})


def removals(table: Table[Any]) -> list[Removal]:
    """Every row that `select` removed for its twin, in the order of the steps.

    Args:
        table: What `select` returned, or what was read back from its folder.
    """
    return [
        Removal(dropped.id, dropped.reason, Twin(**dropped.record[FIELD]))
        for dropped in table.dropped
        if FIELD in dropped.record
    ]


def show_removals(table: Table[Any]) -> str:
    """The removed pairs for people: removed row, twin, ratio, rule, then both texts (- and +)."""
    return "\n".join(map(str, removals(table)))
