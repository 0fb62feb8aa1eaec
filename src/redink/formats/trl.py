"""TRL's conversational prompt-completion rows, with loss on the completion alone. One row:

{"prompt": [{"role": "user", "content": "What is 3 + 4?"}],
 "completion": [{"role": "assistant", "content": "3 + 4 = 7."}]}
"""

from collections.abc import Mapping
from typing import Any

from redink.formats.conversation import listed, message
from redink.formats.format import Format, Row, RowError, Turn, checked_text


def to_row(turn: Turn) -> Row:
    """Prompt and completion of one message each."""
    return {
        "prompt": [message("user", turn.prompt)],
        "completion": [message("assistant", turn.completion)],
    }


def from_row(row: Mapping[str, Any]) -> Turn:
    """The turn in a row; plain texts as prompt and completion are read as well."""
    return Turn(_said(row, "prompt", "user"), _said(row, "completion", "assistant"))


def _said(row: Mapping[str, Any], field: str, role: str) -> str:
    value = row.get(field)
    if isinstance(value, str):
        return checked_text(value, field)
    messages = listed(row, field)
    if [one.get("role") for one in messages] != [role]:
        raise RowError(f"field {field!r} must hold one message, of the {role}")
    return checked_text(messages[0].get("content"), f"{field}.content")


FORMAT = Format(
    "trl",
    "TRL's prompt-completion messages",
    (".jsonl", ".json", ".parquet"),
    to_row,
    from_row,
)
