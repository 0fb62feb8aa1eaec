"""Responses rewritten as their critiques say."""

from redink.engines.engine import Sampling
from redink.errors import DataError
from redink.records import Critique, Response
from redink.refinement.writing import Request, Writer
from redink.tables import Table, response_table
from redink.training.refining import global_messages


def follow(critiques: Table[Critique], writer: Writer, sampling: Sampling) -> Table[Response]:
    """Has the role `model` rewrite the response of every critique, following the critique.

    Args:
        critiques: with the responses that they mark and these responses' problems.
        writer: asks the model.
        sampling: `samples` rewritings of each.

    Returns graded responses by critique and sample; their sampling holds `refines`, the id of the
    response, and `follows`, that of the critique. Raises DataError without critiques or where a
    row refers to a missing one, ModelError where the model fails.
    """
    if not len(critiques):
        raise DataError("refine: no critiques to follow; load some into the table")
    requests = [_request(critiques, critique) for critique in critiques]
    found = writer.answers("model", requests, sampling, "following critiques")
    rows = {one.response.id: one.response for tried in found for one in tried}
    return response_table(list(rows.values()), critiques.problems)


def _request(table: Table[Critique], critique: Critique) -> Request:
    response = table.responses.get(critique.response_id)
    problem = table.problems.get(response.problem_id) if response is not None else None
    if response is None or problem is None:
        raise DataError(
            f"refine: critique {critique.id}: its response or problem is not in the table; make "
            "the critiques again"
        )
    return Request(
        problem,
        global_messages(problem, response.text, critique.text),
        notes={"refines": response.id, "follows": critique.id},
    )
