r"""OlympiadBench: open-ended olympiad mathematics in English, text only.

One row, in the shape of the project's JSON and of both hub sets:

    {"id": 7, "subfield": "Algebra", "context": null, "question": "Solve $x^{2}=4$.",
     "solution": ["From $(x-2)(x+2)=0$ ..."], "final_answer": ["$2$,$-2$"],
     "is_multiple_answer": true, "unit": null, "answer_type": "Numerical", "error": null}

`error` is the absolute tolerance, as text; for several answers it may name one for each.
"""

import re
from typing import Any

from redink.evaluation.benchmarks.benchmark import Benchmark, Hub, Item
from redink.evaluation.benchmarks.row import RawRow

ANSWER_TYPES = {
    "Numerical": "number",
    "Expression": "expression",
    "Equation": "expression",
    "Interval": "expression",
    "Tuple": "list",
}


def read(row: RawRow, seed: int) -> Item:
    """A row of OlympiadBench."""
    answers = [bare(answer) for answer in row.items("final_answer")]
    if not answers:
        raise row.refuse("final_answer", "is empty")
    context, question = row.optional("context"), row.text("question")
    kind = row.optional("answer_type") or ""
    grading: dict[str, Any] = {}
    if row.get("is_multiple_answer") or len(answers) > 1:
        grading["multiple"] = True
    if unit := row.optional("unit"):
        grading["unit"] = bare(unit)
    if error := row.optional("error"):
        grading["tolerance"] = tolerance(error, row)
    solutions = row.items("solution") if row.get("solution") is not None else []
    return Item(
        question=f"{context}\n\n{question}" if context else question,
        answer=", ".join(answers),
        solution=solutions[0] if solutions else None,
        subject=row.optional("subfield"),
        answer_type=ANSWER_TYPES.get(kind, "expression"),
        grading=grading,
        unusable=_unusable(row, kind, question),
    )


def bare(answer: str) -> str:
    """An answer without the dollar signs around its parts and without a final full stop."""
    return re.sub(r"(?<!\\)\$", "", answer).strip().rstrip(".").strip()


def tolerance(error: str, row: RawRow) -> float:
    """The absolute tolerance; of several the smallest.

    Raises DataError where `error` is no number.
    """
    try:
        return min(float(part) for part in re.split(r"[,\s\[\]]+", error) if part)
    except ValueError:
        raise row.refuse("error", f"must be a number, not {error!r}") from None


def _unusable(row: RawRow, kind: str, question: str) -> str | None:
    if kind == "Need_human_evaluate":
        return "its answer needs a person to judge it"
    pictured = any(row.get(f"image_{number}") is not None for number in range(1, 10))
    return "refers to a picture" if pictured or "<image_" in question else None


BENCHMARK = Benchmark(
    name="olympiadbench",
    about="675 olympiad problems, open-ended, English, text only",
    source="He et al. 2024 (arXiv 2402.14008), the OE_TO_maths_en_COMP part",
    licence="Apache-2.0 (card of Hothan/OlympiadBench); the math-ai copy states none",
    read=read,
    answers="mixed",
    size=675,
    hub=Hub("math-ai/olympiadbench"),
    files=("olympiadbench", "OE_TO_maths_en_COMP"),
    trap="several answers to one problem are common: all must be found, in any order",
)
