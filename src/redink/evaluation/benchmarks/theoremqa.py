r"""TheoremQA: questions that need a named theorem, of mathematics, physics, EE & CS and finance.

One row, in the shape of the JSONL in wide use (the hub set has `Question`, `Answer`,
`Answer_type` and `Picture`):

    {"problem": "What is the distance of the points (0, 0) and (1, 2)?", "answer": "2.236"}

Answers are numbers, `True` or `False`, lists (`[1, 2]`) or an option (`(b)`) of those that the
question names. Decimals count as rounded. Rows with a picture, or whose question refers to one,
are left out: 40 of 800, of which a few could be answered without it.
"""

import json
import re

from redink.evaluation.benchmarks.benchmark import Benchmark, Hub, Item
from redink.evaluation.benchmarks.gold import is_decimal
from redink.evaluation.benchmarks.row import RawRow

_PICTURE = re.compile(
    r"\.png\b|\bFig(?:ure|s)?\b\.? ?Q?[\dl]+[a-z]?\b"
    r"|\b(?:in|below|following|this) (?:the )?figure\b|\bfigure below\b"
    r"|\bin the (?:following )?(?:picture|diagram)\b"
    r"|\bimages? (?:\w+ )?shown below\b|\bas shown (?:below|in)\b|\bshown below\b",
    re.IGNORECASE,
)
_OPTION = re.compile(r"(?<!\S)\(([a-z])\)")


def read(row: RawRow, seed: int) -> Item:
    """A row of TheoremQA."""
    question = row.text("problem", "Question", "question")
    raw = row.fields.get("answer", row.fields.get("Answer"))
    answer = str(raw) if isinstance(raw, bool) else row.text("answer", "Answer")
    kind, answer, grading = _typed(answer, question, row)
    return Item(
        question=question,
        answer=answer,
        subject=row.optional("field", "subfield"),
        answer_type=kind,
        grading=grading,
        unusable=_unusable(row, question),
    )


def _typed(answer: str, question: str, row: RawRow) -> tuple[str, str, dict[str, object]]:
    if answer in ("True", "False"):
        return "boolean", answer, {}
    if answer.startswith("["):
        return "list", answer, {"rounded": True} if _has_decimal(answer, row) else {}
    if option := _OPTION.fullmatch(answer):
        options = named_options(question)
        return "choice", option[1].upper(), {"choices": options} if options else {}
    return "number", answer, {"rounded": True} if is_decimal(answer) else {}


def _has_decimal(answer: str, row: RawRow) -> bool:
    try:
        return any(isinstance(value, float) for value in json.loads(answer))
    except (ValueError, TypeError):
        raise row.refuse("answer", f"is no list: {answer!r:.60}") from None


def named_options(question: str) -> list[str]:
    """Texts of the options `(a) … (b) …` that a question names, empty where they are not clear."""
    marks = list(_OPTION.finditer(question))
    if len(marks) < 2 or [m[1] for m in marks] != [chr(97 + i) for i in range(len(marks))]:
        return []
    ends = [mark.start() for mark in marks[1:]] + [_end_of_last(question, marks[-1].end())]
    texts = [question[m.end() : end] for m, end in zip(marks, ends, strict=True)]
    return [text.strip(" :.,;\n") for text in texts]


def _end_of_last(question: str, start: int) -> int:
    asked = re.search(r"[.,;]? *\b[Ww]hich\b[^?]*\?\s*$", question[start:])
    return start + asked.start() if asked else len(question)


def _unusable(row: RawRow, question: str) -> str | None:
    if row.get("Picture") is not None or _PICTURE.search(question):
        return "refers to a picture"
    return None


BENCHMARK = Benchmark(
    name="theoremqa",
    about="800 questions on 350 theorems; 40 that refer to a picture are left out",
    source="Chen et al. 2023 (arXiv 2305.12524)",
    licence="MIT (hub card and project)",
    read=read,
    answers="mixed",
    size=800,
    hub=Hub("TIGER-Lab/TheoremQA"),
    files=("theoremqa", "theoremqa_test"),
    trap="published scores often count the 40 questions on pictures that the model never sees",
)
