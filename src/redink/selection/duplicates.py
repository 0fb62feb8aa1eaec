"""Rows that say again what an earlier row said: word for word, or nearly.

What is compared: questions with questions; responses to one problem with each other; critiques
together with the responses that they mark, within one problem. Two problems may well have the same
solution, and "The solution is right." is a fair critique of many: neither is a copy.
With `on="question"` rows of every kind are compared by their problem's question, and all rows of a
copied problem go.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from redink.records import Critique, Problem
from redink.selection.near import near_twins
from redink.selection.normal import key
from redink.selection.row import problem_of, record_behind, text_of
from redink.selection.twin import Rule, Twin
from redink.tables import Table

On = Literal["text", "question"]
SAME = "same as an earlier row"
NEAR = "near copy of an earlier row"


class _Item(NamedTuple):
    id: str
    group: str
    """Only items of one group are compared."""
    text: str


def exact_duplicates(table: Table[Any], rows: Sequence[Any], on: On = "text") -> dict[int, Twin]:
    """Places of the rows whose text, but for case, spacing and punctuation, stood before."""
    items, owners = _items(table, rows, on)
    first: dict[tuple[str, str], int] = {}
    twins: dict[int, tuple[int, float]] = {}
    for place, item in enumerate(items):
        earlier = first.setdefault((item.group, key(item.text)), place)
        if earlier != place:
            twins[place] = (earlier, 1.0)
    return _twins(items, owners, twins, "same text")


def near_duplicates(
    table: Table[Any], rows: Sequence[Any], at: float, on: On = "text"
) -> dict[int, Twin]:
    """Places of the rows that are near copies of an earlier one (see `redink.selection.near`).

    `at` is the least Jaccard similarity of a copy.
    """
    items, owners = _items(table, rows, on)
    groups = [item.group for item in items] if any(item.group for item in items) else None
    found = near_twins([item.text for item in items], at, groups)
    return _twins(items, owners, found, "near copy")


def _items(table: Table[Any], rows: Sequence[Any], on: On) -> tuple[list[_Item], list[int]]:
    """What is compared, and for each row which item is its own."""
    if on == "text" and table.kind is not Problem:
        return [_item(table, row) for row in rows], list(range(len(rows)))
    places: dict[str, int] = {}
    items: list[_Item] = []
    owners: list[int] = []
    for row in rows:
        problem = problem_of(table, row)
        place = places.setdefault(problem.id, len(items))
        if place == len(items):
            items.append(_Item(problem.id, "", problem.question))
        owners.append(place)
    return items, owners


def _item(table: Table[Any], row: Any) -> _Item:
    response = text_of(table, row, "response")
    text = f"{response}\n\n{row.text}" if isinstance(row, Critique) else response
    return _Item(row.id, record_behind(table, row, Problem).id, text)


def _twins(
    items: Sequence[_Item],
    owners: Sequence[int],
    found: dict[int, tuple[int, float]],
    rule: Rule,
) -> dict[int, Twin]:
    twins: dict[int, Twin] = {}
    for row, place in enumerate(owners):
        if place in found:
            other, ratio = found[place]
            twin = items[other]
            twins[row] = Twin("rows", twin.id, rule, ratio, items[place].text, twin.text)
    return twins
