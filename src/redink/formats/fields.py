"""Values of foreign files as fields of records."""

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any

from redink.formats.format import RowError, checked_text
from redink.records import InjectedError, from_row

_VERDICTS = {
    "right": "right", "correct": "right", "true": "right", "1": "right",
    "wrong": "wrong", "incorrect": "wrong", "false": "wrong", "0": "wrong",
}  # fmt: skip
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


@cache
def hints(record: Any) -> dict[str, Any]:
    """A record type's fields and their types."""
    return typing.get_type_hints(record)


@cache
def defaults(record: Any) -> dict[str, Any]:
    """A record type's fields that need not be given, and what they are then."""
    found = {}
    for field in dataclasses.fields(record):
        if field.default is not dataclasses.MISSING:
            found[field.name] = field.default
        elif field.default_factory is not dataclasses.MISSING:
            found[field.name] = field.default_factory()
    return found


def checked_fields(record: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """The given fields of a record type, each of its type; None and unknown ones are left out.

    Raises RowError naming the field.
    """
    known = hints(record)
    checked = {
        name: _checked(name, value, known[name])
        for name, value in given.items()
        if value is not None and name in known
    }
    return {name: value for name, value in checked.items() if value is not None}


def _checked(name: str, value: Any, hint: Any) -> Any:
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        if isinstance(value, str) and not value.strip() and str not in typing.get_args(hint):
            return None
        hint = next(arg for arg in typing.get_args(hint) if arg is not type(None))
    if name == "verdict":
        return _verdict(value)
    if typing.get_origin(hint) is typing.Literal:
        if value not in typing.get_args(hint):
            known = ", ".join(typing.get_args(hint))
            raise RowError(f"field {name!r} is {str(value)[:60]!r}; it may be {known}")
        return value
    if typing.get_origin(hint) is dict or hint is InjectedError:
        return _structure(name, value, hint)
    return _text(name, value) if hint is str else _number(name, value, hint)


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise RowError(f"field {name!r} must be text, not {type(value).__name__}")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return checked_text(value if isinstance(value, str) else str(value), name)


def _number(name: str, value: Any, hint: type) -> Any:
    try:
        if hint is bool:
            return value if isinstance(value, bool) else _FLAGS[str(value).strip().lower()]
        number = float(value)
        if isinstance(value, bool) or (hint is int and not number.is_integer()):
            raise ValueError
        return hint(value if isinstance(value, int) else number)
    except (ValueError, TypeError, KeyError, OverflowError):
        wanted = {bool: "true or false", int: "a whole number", float: "a number"}[hint]
        raise RowError(f"field {name!r} is {str(value)[:60]!r}, not {wanted}") from None


def _verdict(value: Any) -> str | None:
    said = str(value).strip().lower()
    if said in ("", "none", "null"):
        return None
    if said not in _VERDICTS:
        raise RowError(f"field 'verdict' is {str(value)[:60]!r}; it may be right, wrong or empty")
    return _VERDICTS[said]


def _structure(name: str, value: Any, hint: Any) -> Any:
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.strip() else {}
        except ValueError:
            raise RowError(f"field {name!r} is no JSON object") from None
    if not isinstance(value, dict):
        raise RowError(f"field {name!r} must be an object, not {type(value).__name__}")
    if hint is not InjectedError:
        return value
    if all(part is None for part in value.values()):
        return None
    try:
        return from_row(InjectedError, value)
    except TypeError:
        raise RowError(f"field {name!r} lacks a part of an injected error") from None
