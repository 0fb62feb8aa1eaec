"""Official CFT rows: what WebInstruct-CFT is published as. One row:

    {"instruction": "Please critique whether the following solution to the question is correct.",
     "input": "Question:\\nWhat is 3 + 4?\\n\\nSolution:\\n3 + 4 = 8.",
     "output": "3 + 4 is 7, not 8.\\n\\nConclusion: wrong"}

Some of the published sets write `Critique:\\n` before the critique, `[END]` behind it, and line
breaks behind the instruction; all of these are read. The wording of the instruction is not kept.
"""

from collections.abc import Mapping
from typing import Any

from redink.formats.format import Format, Row, Turn, text_in
from redink.formats.wording import INSTRUCTION


def to_row(turn: Turn) -> Row:
    """The official three fields."""
    asked = turn.prompt.removeprefix(INSTRUCTION + "\n\n")
    return {"instruction": INSTRUCTION, "input": asked, "output": turn.completion}


def from_row(row: Mapping[str, Any]) -> Turn:
    """The turn in an official row; everything may stand in `instruction`, with no `input`."""
    asked = text_in(row, "input", optional=True)
    if not asked:
        return Turn(text_in(row, "instruction"), text_in(row, "output"))
    text_in(row, "instruction", optional=True)
    return Turn(f"{INSTRUCTION}\n\n{asked}", text_in(row, "output"))


FORMAT = Format(
    "cft",
    "official CFT rows: instruction, input, output",
    (".json", ".jsonl", ".parquet"),
    to_row,
    from_row,
    kinds=("critiques",),
)
