"""Two arms' answers to the same problems, as the page shows them."""

from collections.abc import Mapping, Sequence
from typing import Any

from redink.errors import UsageError
from redink.mathematics import typeset
from redink.view.difference import marked_difference
from redink.view.item import problem_json, score_json, short, shown
from redink.view.pairing import CASES, Pairing, pair
from redink.view.query import MOST_ROWS, read_count, title_of
from redink.view.table import Item, ViewedTable
from redink.visible import one_line

ONLY: Mapping[str, Sequence[str]] = {
    "": CASES,
    "disagree": ("a", "b"),
    **{case: (case,) for case in CASES},
}
MOST_SAMPLES = 32
"""Answers of one arm to one problem that are shown."""


def compare_page(table: ViewedTable, values: Mapping[str, str]) -> dict[str, Any]:
    """A page of problems that two arms answered, those that one of them solved first.

    Args:
        table: Of scores.
        values: `a`, `b`, `benchmark`, `only`, `q`, `offset`, `limit`.

    Raises UsageError for a wrong value.
    """
    only = values.get("only") or ""
    if only not in ONLY:
        known = ", ".join(name for name in ONLY if name)
        raise UsageError(f"only: {one_line(only)!r} is unknown; use {known}")
    pairing = pair(table, values.get("a", ""), values.get("b", ""), values.get("benchmark"))
    text = values.get("q", "")
    keys = pairing.chosen(ONLY[only], table.search(text) if text.strip() else None)
    offset = read_count(values, "offset", 0, 10**12)
    limit = read_count(values, "limit", 50, MOST_ROWS)
    counts = pairing.counts()
    return {
        "total": sum(counts.values()),
        "matching": len(keys),
        "offset": offset,
        "counts": counts,
        "rows": [compare_row(pairing, int(key)) for key in keys[offset : offset + limit]],
    }


def compare_row(pairing: Pairing, key: int) -> dict[str, Any]:
    """One problem as a list shows it."""
    benchmark, problem = pairing.keys.named(key)
    return {
        "problem_id": problem,
        "benchmark": benchmark,
        "title": title_of(pairing.table, int(pairing.first[0][key])),
        "case": CASES[pairing.cases[key]],
        "a": _side(pairing, 0, key),
        "b": _side(pairing, 1, key),
    }


def _side(pairing: Pairing, side: int, key: int) -> dict[str, Any]:
    columns = pairing.table.columns
    outcome = columns.facets["outcome"]
    rows = pairing.rows_of(side, key)
    first = int(pairing.first[side][key])
    extracted = columns.scores["extracted"][first].as_py()
    return {
        "outcome": outcome.value(first),
        "extracted": None if extracted is None else one_line(extracted),
        "correct": int(outcome.mask(("correct",))[rows].sum()),
        "samples": len(rows),
    }


def compare_item(
    table: ViewedTable, problem_id: str, a: str, b: str, benchmark: str | None
) -> dict[str, Any] | None:
    """Two arms' answers to one problem, sample beside sample; None where neither has one."""
    pairing = pair(table, a, b, benchmark)
    keys = pairing.keys.of_problem(problem_id)
    key = next((key for key in keys if max(first[key] for first in pairing.first) >= 0), None)
    if key is None:
        return None
    sides = [
        [table.item(int(place)) for place in pairing.rows_of(side, key)[:MOST_SAMPLES]]
        for side in (0, 1)
    ]
    problem = next(item.problem for side in sides for item in side)
    return {
        "problem": problem_json(problem) if problem else None,
        "benchmark": pairing.keys.named(key)[0],
        "a": _answers(sides[0], sides[1]),
        "b": _answers(sides[1], sides[0]),
    }


def _answers(side: Sequence[Item], other: Sequence[Item]) -> list[dict[str, Any]]:
    return [
        _answer(item, other[min(place, len(other) - 1)] if other else None)
        for place, item in enumerate(side)
    ]


def _answer(item: Item, other: Item | None) -> dict[str, Any]:
    text = item.response.text if item.response else ""
    beside = other.response.text if other and other.response else text
    return {
        **(score_json(item.score) if item.score else {}),
        "html": typeset(text),
        "text": shown(text),
        "diff_html": marked_difference(text, beside),
        "finish": short(item.response.finish) if item.response else None,
        "tokens": item.score.n_tokens if item.score else None,
    }
