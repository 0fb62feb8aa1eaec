"""ShareGPT rows as LLaMA-Factory reads them. One row:

{"conversations": [{"from": "human", "value": "What is 3 + 4?"},
                   {"from": "gpt", "value": "3 + 4 = 7."}]}
"""

from collections.abc import Mapping
from typing import Any

from redink.formats.conversation import listed
from redink.formats.format import Format, Row, RowError, Turn, checked_text

HUMAN, ASSISTANT = "human", "gpt"


def to_row(turn: Turn) -> Row:
    """A turn as a conversation of two."""
    return {
        "conversations": [
            {"from": HUMAN, "value": turn.prompt},
            {"from": ASSISTANT, "value": turn.completion},
        ]
    }


def from_row(row: Mapping[str, Any]) -> Turn:
    """The turn in a conversation of two."""
    said = listed(row, "conversations")
    speakers = [one.get("from") for one in said]
    if speakers not in ([HUMAN, ASSISTANT], ["user", "assistant"]):
        raise RowError(
            f"field 'conversations' must hold one turn of {HUMAN} and one of {ASSISTANT}, "
            f"not {', '.join(map(str, speakers)) or 'none'}"
        )
    if row.get("system"):
        raise RowError("field 'system' holds a system message, which would be lost")
    return Turn(*(checked_text(one.get("value"), "conversations.value") for one in said))


FORMAT = Format(
    "sharegpt",
    "ShareGPT conversations as LLaMA-Factory reads them, with dataset_info.json",
    (".json", ".jsonl", ".parquet"),
    to_row,
    from_row,
    registered={
        "formatting": "sharegpt",
        "columns": {"messages": "conversations"},
        "tags": {
            "role_tag": "from",
            "content_tag": "value",
            "user_tag": HUMAN,
            "assistant_tag": ASSISTANT,
        },
    },
)
