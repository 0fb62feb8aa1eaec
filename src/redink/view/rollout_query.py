"""A page of a training's rollouts: filtered, the newest first."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np

from redink.errors import UsageError
from redink.view.facet import NONE
from redink.view.mapped import Mask
from redink.view.query import MOST_ROWS, read_count
from redink.view.rollout import rollout_row
from redink.view.rollouts import Rollouts
from redink.view.searching import terms_of
from redink.view.training import ViewedTraining, mark_of
from redink.visible import one_line

FILTERS = ("step", "outcome", "fault", "trained", "problem")
_STEPS = re.compile(r"(\d{1,15})(?:\s*[-\u2013]\s*(\d{1,15}))?", re.ASCII)


@dataclass(frozen=True)
class RolloutQuery:
    """What is asked of a training's rollouts."""

    text: str = ""
    """Sought in the questions and in what was drawn."""
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Field to the values that are kept."""
    steps: Sequence[tuple[int, int]] = ()
    """First and last step of each span."""
    upto: int | None = None
    """Only so many rollouts, counted from the first: what is drawn meanwhile moves no page."""
    offset: int = 0
    limit: int = 50


def read_rollout_query(values: Sequence[tuple[str, str]]) -> RolloutQuery:
    """A query from a URL's names and values. Raises UsageError for a wrong one."""
    single = dict(values)
    filters: dict[str, list[str]] = {}
    for name, value in values:
        if name in FILTERS and value != "":
            filters.setdefault(name, []).append(value)
    return RolloutQuery(
        text=single.get("q", ""),
        filters=filters,
        steps=[read_steps(text) for text in filters.get("step", ())],
        upto=read_count(single, "upto", 0, 10**12) if single.get("upto") else None,
        offset=read_count(single, "offset", 0, 10**12),
        limit=read_count(single, "limit", 50, MOST_ROWS),
    )


def read_steps(text: str) -> tuple[int, int]:
    """`12` or `10-20`. Raises UsageError for anything else."""
    found = _STEPS.fullmatch(text.strip())
    if found is None:
        raise UsageError(
            f"step: {one_line(text)!r} is no step; give one as 12, or several as 10-20"
        )
    first = int(found[1])
    return first, int(found[2]) if found[2] else first


def rollouts_page(training: ViewedTraining, query: RolloutQuery) -> dict[str, Any]:
    """One page of rollouts, with how many match and the counts of every facet."""
    mark, rollouts = mark_of(training.folder), training.rollouts()
    known = len(rollouts) if query.upto is None else min(query.upto, len(rollouts))
    masks = _masks(training, rollouts, query)
    among = np.arange(len(rollouts)) < known
    chosen = np.flatnonzero(_all(among, masks.values()))[::-1]
    shown = chosen[query.offset : query.offset + query.limit].tolist()
    lines = [(number, rollouts.line(number)) for number in shown]
    asked = {line.get("problem_id", "") for _, line in lines} | {*query.filters.get("problem", ())}
    titles = training.questions.titles(asked & {*rollouts.problem_ids})
    return {
        "folder": training.folder.name,
        "mark": mark,
        "total": known,
        "newer": len(rollouts) - known,
        "upto": known,
        "matching": len(chosen),
        "offset": query.offset,
        "rows": [rollout_row(number, line, titles) for number, line in lines],
        "facets": _facets(rollouts, masks, among),
        "titles": titles,
    }


def _masks(training: ViewedTraining, rollouts: Rollouts, query: RolloutQuery) -> dict[str, Mask]:
    """One mask of each filter that is on; the search's under an empty name."""
    wanted, masks = query.filters, dict[str, Mask]()
    none = np.zeros(len(rollouts), np.bool_)
    if query.steps:
        spans = [(rollouts.steps >= a) & (rollouts.steps <= b) for a, b in query.steps]
        masks["step"] = _any(none, spans)
    if "outcome" in wanted:
        masks["outcome"] = rollouts.outcomes.mask(wanted["outcome"])
    if "trained" in wanted:
        masks["trained"] = rollouts.trained.mask(wanted["trained"])
    if "fault" in wanted:
        masks["fault"] = _any(none, [rollouts.with_fault(name) for name in wanted["fault"]])
    if "problem" in wanted:
        masks["problem"] = _any(none, [rollouts.of_problem(one) for one in wanted["problem"]])
    if query.text.strip():
        masks[""] = _holding(training, rollouts, query.text)
    return masks


def _holding(training: ViewedTraining, rollouts: Rollouts, text: str) -> Mask:
    """The rollouts that hold every word and "quoted phrase", in their question or their text."""
    found = np.ones(len(rollouts), np.bool_)
    for term in terms_of(text):
        asked = training.questions.holding(term, rollouts.problem_ids)
        codes = np.array([one in asked for one in rollouts.problem_ids] or [False], np.bool_)
        held = codes[rollouts.problems] if len(rollouts) else found
        found &= held | rollouts.holding(term, found & ~held)
    return found


def _facets(
    rollouts: Rollouts, masks: Mapping[str, Mask], among: Mask
) -> dict[str, dict[str, int]]:
    """Counts of each field's values among the rollouts that every other filter keeps."""

    def others(name: str) -> Mask:
        return _all(among, [mask for other, mask in masks.items() if other != name])

    left = others("fault")
    faults = {
        name: int((rollouts.with_fault(name) & left).sum())
        for name in (NONE, *rollouts.fault_names)
    }
    return {
        "outcome": rollouts.outcomes.counts(others("outcome")),
        "fault": {name: count for name, count in faults.items() if count},
        "trained": rollouts.trained.counts(others("trained")),
    }


def _all(first: Mask, masks: Any) -> Mask:
    found: Mask = reduce(np.logical_and, masks, first)
    return found


def _any(first: Mask, masks: Sequence[Mask]) -> Mask:
    found: Mask = reduce(np.logical_or, masks, first)
    return found
