"""The table whose rows a training with some objective would learn."""

from typing import Any

from redink.errors import UsageError
from redink.formats.entry import entries_of, kind_of
from redink.records import Critique, Example, content_id
from redink.tables import Table, critique_table, response_table
from redink.teachers.verdict import read_verdict
from redink.training.rendering import Objective, examples_from


def learned(table: Table[Any], objective: Objective | None) -> Table[Any]:
    """What a student would be taught with an objective, as a table.

    Args:
        table: critiques, responses or problems.
        objective: as in `redink.training.rendering.examples_from`; None takes the table as it is.

    Returns `table` itself for `critique`, and for `imitate` of responses and problems; for
    `imitate` of critiques the responses that they mark, each once. For every other objective
    critiques, row for row, whose texts are the completions: `critique` renders them as the
    objective renders those of `table`. Their ids are new; tokens and cost stay behind, for the
    teacher wrote other texts.

    Raises UsageError for an unknown objective, one that does not suit the table and those of
    refiners, whose prompts no format of critiques has; DataError for a row that the objective
    cannot render.
    """
    if objective in ("refine-global", "refine-local"):
        raise UsageError(
            f"objective {objective!r}: a refiner's prompt holds a draft to be rewritten, which no "
            "format of critiques has; train it with finetune, which writes such prompts itself"
        )
    kind = kind_of(table)
    if objective is None or (objective, kind) == ("critique", "critiques"):
        return table
    if objective == "imitate":
        return _marked(table) if kind == "critiques" else table
    rows = [
        _rewritten(entry.critique, example, objective)
        for entry, example in zip(entries_of(table), examples_from(table, objective), strict=True)
        if entry.critique is not None
    ]
    return critique_table(rows, table.responses, table.problems)


def _marked(table: Table[Any]) -> Table[Any]:
    found = {entry.response.id: entry.response for entry in entries_of(table) if entry.response}
    return response_table(list(found.values()), table.problems)


def _rewritten(critique: Critique, example: Example, objective: Objective) -> Critique:
    """A critique of the same response with the example's completion as its text."""
    (said,) = example.completion
    own = objective != "shuffled"
    reading = read_verdict(said.content)
    return Critique(
        id=content_id("critique", objective, example.meta["id"]),
        response_id=critique.response_id,
        text=said.content,
        verdict=critique.verdict if own else reading.verdict,
        first_error=critique.first_error if own else None,
        agrees=critique.agrees if own else None,
        teacher=critique.teacher,
        why=critique.why if own else reading.why,
        preset=critique.preset,
    )
