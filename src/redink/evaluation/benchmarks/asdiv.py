"""ASDiv: elementary word problems of many types.

One row, the same in the JSONL in wide use and on the hub:

    {"body": "Three red pens and four blue pens lie on a desk.",
     "question": "How many pens lie on the desk?", "solution_type": "Addition",
     "answer": "7 (pens)", "formula": "3+4=7"}

The unit stands in brackets behind the number. `4 (red); 3 (blue)` are several answers.
"""

import re
from typing import Any

from redink.evaluation.benchmarks.benchmark import Benchmark, Hub, Item
from redink.evaluation.benchmarks.gold import is_decimal, is_number
from redink.evaluation.benchmarks.row import RawRow
from redink.evaluation.benchmarks.svamp import joined

_UNIT = re.compile(r"\s*\(([^()]*)\)")


def read(row: RawRow, seed: int) -> Item:
    """A row of ASDiv."""
    stated = row.text("answer")
    answers = [_UNIT.sub("", part).strip() for part in stated.split(";") if part.strip()]
    if not any(answers):
        raise row.refuse("answer", "holds nothing but a unit")
    units = _UNIT.findall(stated)
    grading: dict[str, Any] = {}
    if len(answers) > 1:
        grading["multiple"] = True
    elif units and units[0].strip():
        grading["unit"] = units[0].strip()
    if is_decimal(answers[0]) and len(answers) == 1:
        grading["rounded"] = True
    return Item(
        question=joined(row.text("body"), row.text("question")),
        answer=", ".join(answers),
        subject=row.optional("solution_type"),
        level=row.optional("grade"),
        answer_type="number" if all(map(is_number, answers)) else "text",
        grading=grading,
    )


BENCHMARK = Benchmark(
    name="asdiv",
    about="2,305 elementary word problems of 24 types",
    source="Miao et al. 2020 (arXiv 2106.15772)",
    licence="CC BY-NC 4.0 (hub card and project)",
    read=read,
    answers="mixed",
    size=2305,
    hub=Hub("EleutherAI/asdiv", split="validation", configs=("asdiv",)),
    trap="files in wide use hold the 2,215 problems whose answer is one number; not for commerce",
)
