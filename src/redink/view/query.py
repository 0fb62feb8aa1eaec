"""A page of a table's rows: filtered, searched, sorted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from redink.errors import UsageError
from redink.view.columns import FACETS, SUSPICIOUS
from redink.view.facet import Places
from redink.view.mapped import Mask
from redink.view.table import ViewedTable
from redink.visible import one_line

SORTS = ("suspicious", "order", "longest")
FILTERS = (*FACETS, "edited", "suspicious")
MOST_ROWS = 500
"""Of one page."""
MOST_VALUES = 60
"""Of one facet that are counted; a filter takes any."""


@dataclass(frozen=True)
class Query:
    """What is asked of a table."""

    text: str = ""
    sort: str = "suspicious"
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Field to the values that are kept; `none` for what is not there."""
    offset: int = 0
    limit: int = 50


def read_query(values: Sequence[tuple[str, str]]) -> Query:
    """A query from a URL's names and values. Raises UsageError for a wrong one."""
    single = dict(values)
    sort = single.get("sort") or "suspicious"
    if sort not in SORTS:
        raise UsageError(f"sort: {sort!r} is unknown; use {', '.join(SORTS)}")
    filters: dict[str, list[str]] = {}
    for name, value in values:
        if name in FILTERS and value != "":
            filters.setdefault(name, []).append(value)
    return Query(
        text=single.get("q", ""),
        sort=sort,
        filters=filters,
        offset=read_count(single, "offset", 0, 10**12),
        limit=read_count(single, "limit", 50, MOST_ROWS),
    )


def read_count(values: Mapping[str, str], name: str, default: int, most: int) -> int:
    """A count of a URL; at most `most`. Raises UsageError for what is none."""
    text = values.get(name) or str(default)
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):
        raise UsageError(f"{name}: {one_line(text)!r} is no count; give 0 or more")
    return min(int(text), most)


def page_of(table: ViewedTable, query: Query) -> dict[str, Any]:
    """One page of rows, with how many match and the counts of every facet."""
    masks = _masks(table, query)
    matching = _all(table, masks.values())
    places = sorted_places(table, matching, query.sort)
    shown = places[query.offset : query.offset + query.limit]
    return {
        "total": len(table),
        "matching": len(places),
        "offset": query.offset,
        "rows": rows_of(table, shown),
        "facets": _facets(table, masks),
    }


def matching_places(table: ViewedTable, query: Query) -> Places:
    """The places of all rows that match, in the order asked for."""
    return sorted_places(table, _all(table, _masks(table, query).values()), query.sort)


def sorted_places(table: ViewedTable, mask: Mask, sort: str) -> Places:
    """The masked rows' places in order."""
    if sort == "order":
        return np.flatnonzero(mask)
    if sort == "longest":
        order = np.argsort(-table.lengths(), kind="stable")
    else:
        order = table.columns.order
    found: Places = order[mask[order]]
    return found


def rows_of(table: ViewedTable, places: Places) -> list[dict[str, Any]]:
    """Rows as a list shows them."""
    edits, edited = table.edited()
    standing = edits.standing()
    return [
        _row(table, int(place), bool(edited[place]), standing)
        | {"chars": table.characters(int(place))}
        for place in places
    ]


def _row(
    table: ViewedTable, place: int, edited: bool, standing: Mapping[str, Any]
) -> dict[str, Any]:
    columns = table.columns
    row_id = columns.ids[place].as_py()
    values = {
        name: columns.facets[name].value(place) if name in columns.facets else None
        for name in FACETS
    }
    agrees = {"true": True, "false": False}.get(values.pop("agrees") or "")
    edit = standing.get(row_id)
    row = {
        "id": row_id,
        "order": place,
        "title": title_of(table, place),
        "kind": columns.kind,
        **values,
        "agrees": agrees,
        "tokens": int(columns.tokens[place]) if columns.tokens[place] >= 0 else None,
        "suspicious": [word for word in SUSPICIOUS if columns.suspicious[word][place]],
        "edited": edited,
        "verdict_now": edit.new if edit else values["verdict"],
    }
    if columns.kind == "labels":
        first = int(columns.first_errors[place])
        row["first_error"] = first if first >= 0 else None
    if columns.kind == "scores":
        row["problem_id"] = columns.scores["problem_id"][place].as_py()
    return row


def title_of(table: ViewedTable, place: int) -> str:
    """The beginning of the question behind a row."""
    problem = int(table.columns.problems[place])
    return "" if problem < 0 else one_line(table.columns.titles[problem].as_py() or "")


def _all(table: ViewedTable, masks: Any) -> Mask:
    found = np.ones(len(table), np.bool_)
    for mask in masks:
        found &= mask
    return found


def _masks(table: ViewedTable, query: Query) -> dict[str, Mask]:
    """One mask of each filter that is on; the search's under an empty name."""
    masks: dict[str, Mask] = {}
    columns = table.columns
    for name, wanted in query.filters.items():
        if name in columns.facets:
            masks[name] = columns.facets[name].mask(wanted)
        elif name == "edited":
            masks[name] = _edited(table, wanted)
        elif name == "suspicious":
            masks[name] = _suspicious(table, wanted)
        else:
            masks[name] = np.full(len(table), "none" in wanted, np.bool_)
    if query.text.strip():
        masks[""] = table.search(query.text)
    return masks


def _edited(table: ViewedTable, wanted: Sequence[str]) -> Mask:
    edited = table.edited()[1]
    chosen: Mask = (edited & ("true" in wanted)) | (~edited & ("false" in wanted))
    return chosen


def _suspicious(table: ViewedTable, wanted: Sequence[str]) -> Mask:
    found = np.zeros(len(table), np.bool_)
    for word in wanted:
        if word in table.columns.suspicious:
            found |= table.columns.suspicious[word]
    return found


def _facets(table: ViewedTable, masks: Mapping[str, Mask]) -> dict[str, dict[str, int]]:
    """Counts of each field's values among the rows that every other filter keeps."""
    counts: dict[str, dict[str, int]] = {}
    for name in FILTERS:
        others = _all(table, (mask for field, mask in masks.items() if field != name))
        if name in table.columns.facets:
            found = table.columns.facets[name].counts(others)
            counts[name] = dict(list(found.items())[:MOST_VALUES])
        elif name == "suspicious":
            marked = {w: int((m & others).sum()) for w, m in table.columns.suspicious.items()}
            counts[name] = {word: n for word, n in marked.items() if n}
        elif name == "edited" and table.kind == "critiques":
            yes = int((table.edited()[1] & others).sum())
            no = int(others.sum()) - yes
            counts[name] = {word: n for word, n in (("true", yes), ("false", no)) if n}
    return {name: found for name, found in counts.items() if found}
