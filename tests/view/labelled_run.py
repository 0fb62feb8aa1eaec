"""A run of labelled responses and of strategies whose drafts' step scores were kept."""

import json
from dataclasses import replace

from redink.records import InjectedError, Problem, Response, Score, StepLabels
from redink.tables import Table, label_table

HOSTILE = "<img src=x onerror='window.hacked = 1'>\u202e\x1b[31m"
FORMULA = "Begin.\n\\[\nx = 1\n\\]\nThe end is 7."
"""Five solution steps that are shown as three: a formula holds the second to the fourth."""


def problem(number, **fields):
    made = Problem(f"p{number}", f"What is {number} + 1?", str(number + 1), source="sums")
    return replace(made, **fields)


def response(number, text, outcome, **fields):
    made = Response(
        f"r{number}", f"p{number}", text, "respond", "tiny", outcome=outcome, n_tokens=10 + number,
        finish="stop",
    )  # fmt: skip
    return replace(made, **fields)


def labelled(number, labels, first, source="continuations", /, successes=(), tries=(), **meta):
    zeros = (0,) * len(labels)
    return StepLabels(
        f"l{number}", f"r{number}", successes or zeros, tries or zeros, labels, first, source, meta
    )


def rows_of_labels():
    """Responses with their labels: l1 sampled, l2 sound, l3 injected and left out in part, l4 of
    which nobody can tell, l5 of a formula over lines, l6 hostile, l7 right though a step is called
    wrong, l8 with labels of other steps."""
    injected = InjectedError("wrong_sum", 1, "4", "5")
    hostile = InjectedError(HOSTILE, 0, HOSTILE, HOSTILE)
    return [
        (response(1, "One is 1.\nPlus 1 is 3.\n#### 3", "wrong"),
         labelled(1, (True, False, False), 1, successes=(5, 2, 0), tries=(8, 8, 0),
                  used=[5, 0, 0])),
        (response(2, "Two is 2.\nPlus 1 is 3.\n#### 3", "correct"),
         labelled(2, (True, None, True), None, labels=[True, True, True])),
        (response(3, "Three is 3.\nPlus 1 is 5.\n#### 5", "wrong", error=injected),
         labelled(3, (True, None, None), 1, "injected", labels=[True, False, False])),
        (response(4, "Four is 4.\nPlus 1 is 5.", "no_answer"),
         labelled(4, (True, None), None, "processbench")),
        (response(5, FORMULA, "wrong"), labelled(5, (True, True, False, False, False), 2)),
        (response(6, HOSTILE, "wrong", error=hostile), labelled(6, (False,), 0, HOSTILE)),
        (response(7, "Seven is 7.\n#### 8", "correct"), labelled(7, (True, False), 1)),
        (response(8, "Eight is 8.\n#### 9", "correct"), labelled(8, (True,), None)),
    ]  # fmt: skip


def labels():
    rows = rows_of_labels()
    return label_table(
        [one for _, one in rows],
        {one.id: one for one, _ in rows},
        {f"p{n}": problem(n) for n in range(1, 9)},
        continuations=[response(1, "#### 2", "correct", id="c1", origin="label")],
    )


DRAFT = "One is <<1=1>>1.\nPlus 1 is 3.\n#### 3"
SCORED = {
    "problem": "p1",
    "question": "What is 1 + 1?",
    "answer": "2",
    "outcome": "wrong",
    "steps": [
        {"text": "One is 1.", "sorm": 0.81, "orm": 0.4},
        {"text": "Plus 1 is 3.", "sorm": 0.4996, "orm": 0.3},
        {"text": "#### 3", "sorm": 0.1, "orm": 0.2},
    ],
    "first_error": 1,
    "threshold": 0.5,
    "after": None,
}


def answers():
    """Two arms' answers to 30 problems; `greedy` and `majority` chose the scored draft of p1."""
    rows, responses = [], {}
    problems = {f"p{n}": problem(n) for n in range(30)}
    for arm in ("greedy", "majority", "local:sorm"):
        for number, key in enumerate(problems):
            text = DRAFT if key == "p1" and arm != "local:sorm" else f"{arm}.\n#### {number + 1}"
            made = response(number, text, "correct", id=f"{arm}-{key}", origin="refine")
            responses[made.id] = made
            rows.append(Score(arm, "sums", key, 0, made.id, "correct", "3", "number", 9))
    return Table(Score, tuple(rows), problems=problems, responses=responses)


def write_labelled_run(folder):
    """Writes the run into `folder` and returns it."""
    tables = {"labels": ("label", labels()), "answers": ("refine", answers())}
    stages = []
    for at, (name, (verb, table)) in enumerate(tables.items()):
        place = folder / f"{name}-{at:010x}"
        table.write(place)
        (place / "stage.json").write_text(json.dumps({"verb": verb, "started": float(at)}))
        stages.append({"name": name, "verb": verb, "folder": place.name})
    (folder / "answers-0000000001" / "strategies.json").write_text(
        json.dumps({"strategies": [], "examples": [SCORED]})
    )
    (folder / "run.json").write_text(json.dumps({"recipe": "labelled", "stages": stages}))
    return folder
