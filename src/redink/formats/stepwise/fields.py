"""Fields of step labels in foreign rows."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from redink.formats.format import RowError, checked_text


def checked_labels(given: Mapping[str, Any]) -> dict[str, Any]:
    """The given fields of step labels, each of its type; None and unknown ones are left out.

    Raises RowError naming the field, also where there are no labels, or not one value for each.
    """
    if not isinstance(given.get("labels"), list | tuple):
        raise RowError("no list of labels, one for each step")
    steps = len(given["labels"])
    checks: dict[str, Callable[[str, Any], Any]] = {
        "id": checked_name,
        "source": checked_name,
        "successes": lambda name, value: _list(name, value, steps, _is_count),
        "tries": lambda name, value: _list(name, value, steps, _is_count),
        "labels": lambda name, value: _list(name, value, steps, _is_label),
        "first_error": lambda name, value: _index(name, value, steps),
        "meta": _object,
    }
    return {
        name: check(name, given[name])
        for name, check in checks.items()
        if given.get(name) is not None
    }


def checked_name(name: str, value: Any) -> str:
    """A text. Raises RowError for anything else."""
    return checked_text(value, name)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_label(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def _list(name: str, value: Any, steps: int, fits: Callable[[Any], bool]) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple) or not all(map(fits, value)):
        raise RowError(f"field {name!r} must be a list with one value for each step")
    if len(value) != steps:
        raise RowError(f"field {name!r} holds {len(value)} values for {steps} steps")
    return tuple(value)


def _index(name: str, value: Any, steps: int) -> int:
    if not _is_count(value) or value >= steps:
        raise RowError(f"field {name!r} is {str(value)[:40]!r}, no 0-based index of {steps} steps")
    return int(value)


def _object(name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.strip() else {}
        except ValueError:
            raise RowError(f"field {name!r} is no JSON object") from None
    if not isinstance(value, dict):
        raise RowError(f"field {name!r} must be an object, not {type(value).__name__}")
    return value
