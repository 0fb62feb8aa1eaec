"""From a table of step labels to the rows of a data set with labelled steps."""

from typing import Any

from redink.errors import DataError
from redink.formats.format import Keep, Row, RowError
from redink.formats.stepwise.catalogue import STEP_FORMATS
from redink.formats.stepwise.folding import steps_of
from redink.formats.stepwise.marked import MarkedSteps, StepFormat
from redink.formats.stepwise.rest import parts_of, rest_of
from redink.formats.wording import Parts
from redink.records import Problem, Response, StepLabels
from redink.tables import Dropped, Table, drop

Written = tuple[list[Row], list[Parts], list[Dropped], int]


def step_rows(table: Table[StepLabels], format: str, keep: Keep, skip_bad: bool) -> Written:
    """The rows of a table in one of `STEP_FORMATS`.

    Returns the rows, what each cannot carry (see `rest_of`), what was left out with the reason,
    and how many rows end before a step without a label.

    Raises DataError for a row that the format cannot hold, unless `skip_bad`, or that refers to a
    missing one.
    """
    known = STEP_FORMATS[format]
    rows: list[Row] = []
    rests: list[Parts] = []
    skipped: list[Dropped] = []
    cut = 0
    for number, labels in enumerate(table, 1):
        problem, response = _referred(table, labels)
        try:
            marked = _marked(problem, response, labels)
            row, parts = _row(known, marked)
        except RowError as error:
            if not skip_bad:
                raise DataError(
                    f"row {number} ({labels.id}): {error}; mend the table with select, or leave "
                    "such rows out with --skip-bad"
                ) from None
            skipped.append(drop(labels, str(error)))
            continue
        rows.append(row)
        rests.append(rest_of(problem, response, labels, parts, keep))
        cut += len(parts["labels"]["labels"]) < len(labels.labels)
    return rows, rests, skipped, cut


def _row(known: StepFormat, marked: MarkedSteps) -> tuple[Row, Parts]:
    """A row and what is read from it."""
    row = known.to_row(marked)
    return row, parts_of(known.from_row(row))


def _marked(problem: Problem, response: Response, labels: StepLabels) -> MarkedSteps:
    return MarkedSteps(
        problem.question,
        steps_of(response, labels),
        labels.labels,
        labels.first_error,
        problem={"answer": problem.answer, "solution": problem.solution},
        response={
            "model": response.model,
            "outcome": response.outcome,
            "answer": response.answer,
        },
        meta={"id": labels.id, "uuid": labels.id, "idx": labels.id, **labels.meta},
    )


def _referred(table: Table[Any], labels: StepLabels) -> tuple[Problem, Response]:
    response = table.responses.get(labels.response_id)
    problem = table.problems.get(response.problem_id) if response else None
    if response is None or problem is None:
        raise DataError(
            f"row {labels.id}: its response {labels.response_id} or its problem is not in the "
            "table; make the table again"
        )
    return problem, response
