"""What a row of another tool cannot say of labelled steps, so that it comes back when read.

As for training examples (`redink.formats.rest`), in the column `redink`:

    {"response": {"text": "3 + 4 = 7.\\n\\n#### 7"}, "labels": {"labels": [true, null]}}
"""

from typing import Any

from redink.formats.format import Keep
from redink.formats.rest import all_fields
from redink.formats.stepwise.folding import UNFOLDED, folded
from redink.formats.stepwise.marked import MarkedSteps
from redink.formats.wording import Parts
from redink.records import Problem, Response, StepLabels, to_row

_NEEDED = {
    "problem": ("question", "answer", "solution"),
    "response": ("text",),
    "labels": ("labels", "first_error"),
}
_EMPTY = (None, "")


def parts_of(marked: MarkedSteps) -> Parts:
    """A row's solution as fields of records. Raises RowError for a step that is empty."""
    text, unfolded = folded(marked.steps)
    meta = {**marked.meta, **({UNFOLDED: unfolded} if unfolded else {})}
    return {
        "problem": {"question": marked.question, **marked.problem},
        "response": {"text": text, **marked.response},
        "labels": {"labels": marked.labels, "first_error": marked.first_error, "meta": meta},
    }


def rest_of(
    problem: Problem, response: Response, labels: StepLabels, parts: Parts, keep: Keep
) -> Parts:
    """The fields that reading `parts` would not give back.

    Args:
        problem: what is written, with `response` and `labels`.
        response: the labelled response.
        labels: its labels.
        parts: what is read from the plain row.
        keep: `needed` looks at texts and labels, `all` at every field, ids included.
    """
    if keep == "nothing":
        return {}
    records: dict[str, Any] = {"problem": problem, "response": response, "labels": labels}
    found: Parts = {}
    for name, record in records.items():
        written = to_row(record)
        read = {field: _listed(value) for field, value in parts[name].items()}
        wrong = {
            field: written[field]
            for field in _NEEDED[name]
            if written[field] != read.get(field)
            and (keep == "all" or written[field] not in _EMPTY or read.get(field) not in _EMPTY)
        }
        if keep == "all":
            # Only texts and labels are what the row itself gives back; the rest stands here.
            sure = {field: read[field] for field in _NEEDED[name] if field in read}
            wrong = all_fields(record, wrong, sure)
        if wrong:
            found[name] = wrong
    return found


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
