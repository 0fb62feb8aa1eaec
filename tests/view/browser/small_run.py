"""A small run folder as `redink run` leaves one: problems, drafts, critiques, two arms' scores."""

import json
from pathlib import Path

from redink.records import (
    Critique,
    InjectedError,
    Problem,
    Response,
    Score,
    critique_id,
    problem_id,
    response_id,
)
from redink.tables import Table, critique_table, drop, problem_table, response_table

COUNT = 60
"""Rows of each table; a page of the viewer has 50."""
HOSTILE = (
    "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'></textarea>"
    "[a](javascript:window.hacked=1) \u202eright to left \x1b[31mred $\\frac{1}{$ \\end{math}"
)
"""The question of the last problem."""
VERBS = {"problems": "load", "drafts": "corrupt", "critiques": "critique", "scores": "evaluate"}


def write_small_run(folder: Path) -> Path:
    """Writes the run into `folder` and returns it.

    Every third draft is wrong in its second step. The teacher calls draft 3 right though it is
    wrong, and says nothing that can be read about draft 4. The arm `cft` solves the even problems,
    `sft` every third one.
    """
    problems = [_problem(number) for number in range(COUNT)]
    known = {problem.id: problem for problem in problems}
    drafts = [_draft(problem, number) for number, problem in enumerate(problems)]
    critiques = [_critique(draft, number) for number, draft in enumerate(drafts)]
    kept_out = (drop(problems[0], "too easy"),)
    tables = {
        "problems": problem_table(problems, kept_out),
        "drafts": response_table(drafts, known),
        "critiques": critique_table(critiques, {draft.id: draft for draft in drafts}, known),
        "scores": _scores(problems),
    }
    stages = []
    for at, (name, table) in enumerate(tables.items()):
        place = folder / f"{name}-{at:010x}"
        table.write(place)
        (place / "stage.json").write_text(json.dumps({"verb": VERBS[name], "started": float(at)}))
        stages.append({"name": name, "verb": VERBS[name], "folder": place.name})
    stages.append({"name": "report", "verb": "compare", "folder": None})
    (folder / "run.json").write_text(json.dumps({"recipe": "small", "stages": stages}))
    return folder


def _problem(number: int) -> Problem:
    question = f"A jug holds {number + 2} cups. How many cups do {number + 3} such jugs hold?"
    question += " Answer with $n \\cdot m$ worked out."
    if number == COUNT - 1:
        question = HOSTILE
    answer = str((number + 2) * (number + 3))
    solution = f"{number + 2} times {number + 3} is {answer}."
    return Problem(problem_id(question, answer), question, answer, solution, source="jugs")


def _draft(problem: Problem, number: int) -> Response:
    wrong = number % 3 == 0
    true = int(problem.answer)
    found = true + 10 if wrong else true
    text = f"There are {number + 3} jugs.\nTogether they hold {found} cups.\nThe answer is {found}."
    error = InjectedError("wrong_product", 1, str(true), str(found)) if wrong else None
    return Response(
        response_id(problem.id, text, "corrupt"),
        problem.id,
        text,
        "corrupt",
        model="corruptor",
        answer=str(found),
        outcome="wrong" if wrong else "correct",
        n_tokens=20 + number,
        finish="stop",
        error=error,
    )


def _critique(draft: Response, number: int) -> Critique:
    wrong = draft.outcome == "wrong"
    verdict = None if number == 4 else "wrong" if wrong and number != 3 else "right"
    text = "The second step is off: $2 \\times 3 = 6$." if wrong else "Each step holds."
    text += f"\nDraft {number}.\nConclusion: {verdict or 'perhaps'}"
    return Critique(
        critique_id(draft.id, text, "symbolic"),
        draft.id,
        text,
        verdict,
        first_error=1 if verdict == "wrong" else None,
        agrees=None if verdict is None else (verdict == "wrong") == wrong,
        teacher="symbolic",
        completion_tokens=30,
        why="no conclusion" if verdict is None else "",
    )


def _scores(problems: list[Problem]) -> Table[Score]:
    rows, responses = [], {}
    for arm in ("sft", "cft"):
        for number, problem in enumerate(problems):
            right = number % 2 == 0 if arm == "cft" else number % 3 == 0
            found = problem.answer if right else str(int(problem.answer) + 1)
            text = f"I am {arm}.\nThe answer is {found}."
            key = response_id(problem.id, text, "evaluate", arm)
            responses[key] = Response(key, problem.id, text, "evaluate", model=arm, answer=found)
            outcome = "correct" if right else "wrong"
            rows.append(Score(arm, "jugs", problem.id, 0, key, outcome, found, "number", 9))
    known = {problem.id: problem for problem in problems}
    return Table(Score, tuple(rows), problems=known, responses=responses)
