"""Responses rewritten as their critiques say."""

from dataclasses import replace

from redink.engines.engine import Conversation, Sampling
from redink.errors import DataError
from redink.records import Critique, Problem, Response
from redink.refinement.critic import critic_messages, marked
from redink.refinement.models import Role
from redink.refinement.writing import Request, Writer
from redink.tables import Table, drop, response_table
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


def improve(
    responses: Table[Response], writer: Writer, sampling: Sampling, critique_tokens: int
) -> Table[Response]:
    """Has the role `critic` criticise every response, and those that it calls wrong rewritten.

    So MathCritique's actor improves itself (arXiv 2411.16579, section 5): only wrong samples are
    given, and what comes out right is learned from.

    Args:
        responses: with the problems that they answer.
        writer: asks the models; the role `global_refiner` rewrites, or `model` where it has none.
        sampling: `samples` rewritings of each.
        critique_tokens: new tokens of a critique, which is greedy, at most.

    Returns graded responses by response and sample; their sampling holds `refines`, the id of the
    response, and `critique`, the text that they follow. `dropped` holds the responses that the
    critic did not call wrong. Raises DataError without responses or where a problem is missing,
    ModelError where a model fails.
    """
    if not len(responses):
        raise DataError("refine: no responses to improve; load some into the table")
    drafts = [(_problem(responses, row), row) for row in responses]
    asked = [Conversation(row.id, critic_messages(problem, row)) for problem, row in drafts]
    greedily = replace(sampling, temperature=0.0, top_p=1.0, samples=1, max_tokens=critique_tokens)
    pieces = writer.pieces("critic", asked, greedily, "critiques")
    marks = [marked(piece, row) for (piece,), (_, row) in zip(pieces, drafts, strict=True)]
    requests, kept = [], []
    for (problem, row), mark in zip(drafts, marks, strict=True):
        if mark.verdict != "wrong":
            kept.append(drop(row, f"the critic's verdict is {mark.verdict or 'none'}"))
            continue
        messages = global_messages(problem, row.text, mark.text)
        notes = {"refines": row.id, "critique": mark.text}
        requests.append(Request(problem, messages, notes=notes))
    writes: Role = "global_refiner" if "global_refiner" in writer.models else "model"
    found = writer.answers(writes, requests, sampling, "rewriting") if requests else []
    rows = {one.response.id: one.response for samples in found for one in samples}
    return response_table(list(rows.values()), responses.problems, kept)


def _problem(table: Table[Response], response: Response) -> Problem:
    problem = table.problems.get(response.problem_id)
    if problem is None:
        raise DataError(
            f"refine: response {response.id}: its problem is not in the table; make the responses "
            "again"
        )
    return problem


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
