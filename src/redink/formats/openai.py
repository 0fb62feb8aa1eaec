"""Chat rows for fine-tuning at OpenAI and hosts that took over its format. One row:

    {"messages": [{"role": "user", "content": "What is 3 + 4?"},
                  {"role": "assistant", "content": "3 + 4 = 7."}]}

One object a line, no other fields beside `messages`, no empty text, at least ten rows. What a
row cannot carry is written beside, as `NAME.jsonl.redink`, and found there again.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from redink.formats.conversation import listed, messages_row, turn_in
from redink.formats.format import Format, Row, RowError, Turn

LEAST_ROWS = 10
MOST_BYTES = 512 * 2**20
"""Greatest size of an uploaded file."""


def to_row(turn: Turn) -> Row:
    """A turn as messages; raises RowError for one without text, which the host refuses."""
    for name, text in (("prompt", turn.prompt), ("completion", turn.completion)):
        if not text.strip():
            raise RowError(f"the {name} is empty, which the format bars")
    return {"messages": messages_row(turn)}


def from_row(row: Mapping[str, Any]) -> Turn:
    """The turn in a row. Raises RowError for one that is not learned (`weight` 0)."""
    turn = turn_in(row)
    weight = listed(row, "messages")[1].get("weight")
    if weight not in (None, 0, 1):
        raise RowError("field 'messages.weight' must be 0 or 1")
    if weight == 0:
        raise RowError("the assistant's message has weight 0: it is not trained on")
    return turn


def check(rows: list[Row], path: Path) -> list[str]:
    """What an upload of the file would be refused for."""
    found = []
    if len(rows) < LEAST_ROWS:
        found.append(f"{len(rows)} rows; fine-tuning at OpenAI asks for {LEAST_ROWS} or more")
    if path.stat().st_size > MOST_BYTES:
        found.append(f"{path.stat().st_size:,} bytes; an upload takes {MOST_BYTES:,} at most")
    return found


FORMAT = Format(
    "openai",
    "OpenAI's fine-tuning JSONL",
    (".jsonl",),
    to_row,
    from_row,
    rest_beside=True,
    check=check,
)
