"""Lists of messages: the shape of most training files."""

from collections.abc import Mapping
from typing import Any

from redink.formats.format import Row, RowError, Turn, checked_text


def messages_row(turn: Turn) -> list[Row]:
    """A turn as a user's and an assistant's message."""
    return [message("user", turn.prompt), message("assistant", turn.completion)]


def message(role: str, content: str) -> Row:
    """One chat message."""
    return {"role": role, "content": content}


def turn_in(row: Mapping[str, Any], field: str = "messages") -> Turn:
    """The turn in a list of messages: one of the user's, then one of the assistant's.

    Raises RowError for anything else: several turns or a system message would be lost.
    """
    messages = listed(row, field)
    roles = [one.get("role") for one in messages]
    if roles != ["user", "assistant"]:
        raise RowError(
            f"field {field!r} must hold one user's and one assistant's message, "
            f"not {', '.join(map(str, roles)) or 'none'}"
        )
    return Turn(*(checked_text(one.get("content"), f"{field}.content") for one in messages))


def listed(row: Mapping[str, Any], field: str) -> list[Mapping[str, Any]]:
    """A field that holds a list of objects; raises RowError where it does not."""
    value = row.get(field)
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        found = "is missing" if value is None else "is no list of messages"
        raise RowError(f"field {field!r} {found} (there are {', '.join(map(str, row)) or 'none'})")
    return value
