"""What is known of each solution step of a labelled response, as the page shows it."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from redink.evaluation.wording import counted
from redink.records import Response, StepLabels
from redink.steps import solution_steps
from redink.view.facet import NONE, Facet, whole_numbers
from redink.visible import one_line

_WORDS = {True: "right", False: "wrong"}


def labels_json(labels: StepLabels, response: Response | None) -> dict[str, Any]:
    """Step labels; `misfit` says why they cannot be put beside the response's steps.

    A step that was left out so that right and wrong ones are balanced has no `label`, but it was
    `found` right or wrong all the same.
    """
    count = len(solution_steps(response.text)) if response else 0
    fits = len(labels.labels) == count
    misfit = f"{counted(len(labels.labels), 'label')} for {counted(count, 'solution step')}"
    found = before_balance(labels.labels, labels.meta)
    used = _counts(labels.meta.get("used"))
    return {
        "source": one_line(labels.source),
        "first_error": labels.first_error,
        "sound": labels.first_error is None and all(found),
        "misfit": "" if fits else misfit,
        "steps": [
            {
                "label": _word(label),
                "found": _word(found[place]),
                "successes": _at(labels.successes, place),
                "tries": _at(labels.tries, place),
                "used": _at(used, place) if used else None,
            }
            for place, label in enumerate(labels.labels)
            if fits
        ],
    }


def _word(label: bool | None) -> str | None:
    return None if label is None else _WORDS[label]


def before_balance(labels: Sequence[bool | None], meta: Any) -> Sequence[bool | None]:
    """The labels before some were left out so that right and wrong ones are balanced."""
    before = meta.get("labels") if isinstance(meta, dict) else None
    if not isinstance(before, list) or len(before) != len(labels):
        return labels
    return [value if isinstance(value, bool) else None for value in before]


def has_error(own: pa.Table) -> Facet:
    """Whether each labelled response has an error: `yes`, `no`, or none where nobody can tell.

    Args:
        own: The table's columns `labels`, `first_error` and `meta`.
    """
    named = whole_numbers(own["first_error"]) >= 0
    codes = np.where(named, 1, 0)
    rest = own.filter(pa.array(~named))
    pairs = zip(rest["labels"].to_pylist(), rest["meta"].to_pylist(), strict=True)
    codes[~named] = [2 if _is_sound(labels, meta) else 0 for labels, meta in pairs]
    return Facet(codes.astype(np.int32), (NONE, "yes", "no"))


def _is_sound(labels: Sequence[bool | None] | None, meta: str | None) -> bool:
    """Whether every step of a response without a first error is known to be right."""
    if not labels or all(labels):
        return bool(labels)
    try:
        facts = json.loads(meta or "{}")
    except ValueError:
        return False
    return all(before_balance(labels, facts))


def _counts(values: Any) -> Sequence[int]:
    fits = isinstance(values, list) and all(type(value) is int for value in values)
    return values if fits else ()


def _at(counts: Sequence[int], place: int) -> int:
    return counts[place] if place < len(counts) else 0
