"""Alpaca rows as LLaMA-Factory reads them. One row:

    {"instruction": "What is 3 + 4?", "input": "", "output": "3 + 4 = 7."}

LLaMA-Factory joins instruction and input by one line break, so the whole prompt stands in the
instruction: what is trained on is what redink trains on, to the character.
"""

from collections.abc import Mapping
from typing import Any

from redink.formats.format import Format, Row, RowError, Turn, text_in


def to_row(turn: Turn) -> Row:
    """The prompt as instruction, no input."""
    return {"instruction": turn.prompt, "input": "", "output": turn.completion}


def from_row(row: Mapping[str, Any]) -> Turn:
    """The turn in a row, instruction and input joined as LLaMA-Factory joins them."""
    if row.get("history"):
        raise RowError("field 'history' holds earlier turns, which would be lost")
    if row.get("system"):
        raise RowError("field 'system' holds a system message, which would be lost")
    parts = (text_in(row, "instruction"), text_in(row, "input", optional=True))
    return Turn("\n".join(part for part in parts if part), text_in(row, "output"))


FORMAT = Format(
    "alpaca",
    "Alpaca rows as LLaMA-Factory reads them, with dataset_info.json",
    (".json", ".jsonl", ".parquet"),
    to_row,
    from_row,
    registered={
        "formatting": "alpaca",
        "columns": {"prompt": "instruction", "query": "input", "response": "output"},
    },
)
