"""Critiques worth reading: verdicts against the grader, none at all, then sound ones."""

from collections.abc import Sequence

from redink.records import Critique
from redink.reports.blocks import Item, Side
from redink.tables import Table
from redink.visible import clipped, one_line

LONGEST = 1500
"""Characters of one text that are shown."""
MOST_DISAGREEING = 4
MOST_UNREAD = 2


def critique_items(critiques: Table[Critique] | None, first: int = 1) -> list[Item]:
    """Some whose verdict disagrees with the grader, some without a verdict, then one right response
    and two wrong ones with different errors, as far as the table has them.

    Args:
        critiques: the table.
        first: number of the first item.
    """
    if critiques is None:
        return []
    chosen = choose_critiques(critiques)
    return [_item(critiques, row, number) for number, row in enumerate(chosen, first)]


def choose_critiques(critiques: Table[Critique]) -> list[Critique]:
    """The critiques to show, disagreements of both kinds first."""
    rows = [row for row in critiques if row.response_id in critiques.responses]
    found = _disagreeing(rows)
    found += [row for row in rows if row.verdict is None][:MOST_UNREAD]
    sound = [row for row in rows if row.agrees is not False and row.text.strip() and row.verdict]
    sound.sort(key=lambda row: len(row.text) > LONGEST)
    found += [row for row in sound if row.verdict == "right"][:1]
    wrong: dict[str, Critique] = {}
    for row in sound:
        error = critiques.responses[row.response_id].error
        if row.verdict == "wrong":
            wrong.setdefault(error.kind if error else row.response_id, row)
            if len(wrong) == 2:
                break
    return [*found, *wrong.values()]


def _disagreeing(rows: Sequence[Critique]) -> list[Critique]:
    """Wrong responses marked right and right ones marked wrong, in turn."""
    kinds = [
        [row for row in rows if row.agrees is False and row.verdict == verdict]
        for verdict in ("right", "wrong")
    ]
    turns = [row for turn in range(MOST_DISAGREEING) for kind in kinds for row in kind[turn:][:1]]
    return turns[:MOST_DISAGREEING]


def _item(critiques: Table[Critique], critique: Critique, number: int) -> Item:
    response = critiques.responses[critique.response_id]
    problem = critiques.problems.get(response.problem_id)
    error = response.error
    notes = [f"graded {response.outcome.replace('_', ' ')}"]
    if error is not None:
        notes.append(
            f"injected: {one_line(error.kind.replace('_', ' '))} in solution step "
            f"{error.step + 1}; {one_line(error.true_value)} became {one_line(error.false_value)}"
        )
    step = critique.first_error
    named = "" if step is None else f", first error in solution step {step + 1}"
    why = f" ({one_line(critique.why)})" if critique.why and critique.verdict is None else ""
    teacher = f" (teacher: {one_line(critique.teacher)})" if critique.teacher else ""
    return Item(
        number,
        _heading(critiques, critique),
        clipped(problem.question, LONGEST) if problem else "(the problem was not kept)",
        one_line(problem.source) if problem else "",
        one_line(problem.answer) if problem else "–",
        (
            Side("Response", _lines(response.text, critique), tuple(notes),
                 "good" if response.outcome == "correct" else "bad"),
            Side(f"Critique{teacher}", _plain(critique.text),
                 (f"verdict: {critique.verdict or 'none'}{why}{named}",), "ink"),
        ),
    )  # fmt: skip


def _heading(critiques: Table[Critique], critique: Critique) -> str:
    response = critiques.responses[critique.response_id]
    if critique.agrees is False:
        outcome = "right" if response.outcome == "correct" else "wrong"
        return f"The grader says {outcome}, the critique {critique.verdict}"
    if critique.verdict is None:
        return "A critique without a verdict"
    if response.error is not None:
        return f"A wrong response: {one_line(response.error.kind.replace('_', ' '))}"
    return f"A response marked {critique.verdict}"


def _lines(text: str, critique: Critique) -> tuple[tuple[str, bool], ...]:
    """The response's lines; solution steps are those that are not empty."""
    lines: list[tuple[str, bool]] = []
    step = -1
    for line in clipped(text, LONGEST).split("\n"):
        step += bool(line.strip())
        is_error = bool(line.strip()) and step == critique.first_error
        lines.append((line, is_error and critique.verdict == "wrong"))
    return tuple(lines)


def _plain(text: str) -> tuple[tuple[str, bool], ...]:
    return tuple((line, False) for line in (clipped(text, LONGEST) or "(empty)").split("\n"))
