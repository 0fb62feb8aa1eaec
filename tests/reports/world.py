"""Small worlds for the reports: scores, critiques and whole run folders, made without any model."""

import json
from dataclasses import replace
from html.parser import HTMLParser

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
from redink.tables import Table, critique_table, drop, drop_counts, problem_table, response_table

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)> </textarea> \"'&{{ 7*7 }} "
    "https://evil.example [x](javascript:alert(3)) \u202egnp.exe\u2066 \x1b[31mred\x1b[0m \x00 "
    "$\\frac{1"
)
VOID = {"meta", "rect", "line", "circle", "path", "br", "hr", "img", "link", "input"}
ACTING = "\u202e\u2066\x1b\x00"


def score_table(arms, text="#### 1", benchmark="held"):
    """Arm name → a string of c (correct) and w (wrong), one letter per problem."""
    problems, responses, scores = {}, {}, []
    for arm, letters in arms.items():
        for n, letter in enumerate(letters):
            question, answer = f"question {n} {HOSTILE}", str(n)
            problem = Problem(problem_id(question, answer), question, answer)
            problems[problem.id] = problem
            key = response_id(problem.id, text, "evaluate", arm)
            outcome = "correct" if letter == "c" else "wrong"
            responses[key] = Response(key, problem.id, text, "evaluate", arm, outcome=outcome)
            scores.append(Score(arm, benchmark, problem.id, 0, key, outcome, "1", "number", 9))
    return Table(Score, tuple(scores), problems=problems, responses=responses)


def marked(kinds, spoilt=0):
    """A critique table with one response per kind of error (None: a right response).

    The verdicts of the first `spoilt` are turned round.
    """
    problems, responses, critiques = {}, {}, []
    for n, kind in enumerate(kinds):
        problem = Problem(f"p{n}", f"What is {n} + 1?", str(n + 1))
        text = f"first line\n\n{n} + 1 = {n + 2}\n#### {n + 2}"
        key = response_id(problem.id, text, "corrupt")
        error = InjectedError(kind, 1, str(n + 1), str(n + 2)) if kind else None
        outcome = "wrong" if kind else "correct"
        problems[problem.id] = problem
        responses[key] = Response(key, problem.id, text, "corrupt", outcome=outcome, error=error)
        words = f"critique {n} {HOSTILE}"
        agrees = n >= spoilt
        verdict = "wrong" if bool(kind) is agrees else "right"
        identity = critique_id(key, words, "symbolic")
        step = 1 if verdict == "wrong" else None
        critiques.append(Critique(identity, key, words, verdict, step, agrees))
    return critique_table(critiques, responses, problems)


class Elements(HTMLParser):
    """Counts elements and checks that every opened one is closed."""

    def __init__(self, page):
        super().__init__()
        self.seen, self.open, self.attributes, self.values = [], [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        self.attributes += [name for name, _ in attributes]
        self.values += attributes
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, name):
        """The values of an attribute."""
        return [value for key, value in self.values if key == name]


RECIPE = """about: Do critiques beat imitation here?
student: tiny
stages:
  raw: {do: load, source: "gym:chain_sum", n: 5}
  problems: {do: select, rows: raw, n: 4}
  drafts: {do: corrupt, problems: problems}
  critiques: {do: critique, responses: drafts}
  sft: {do: finetune, data: drafts, objective: imitate}
  cft: {do: finetune, data: critiques, objective: critique}
  scores: {do: evaluate, models: [sft, cft], benchmarks: raw}
  report: {do: compare, scores: scores, critiques: critiques, baseline: sft, title: trial}
"""
STAGES = ("raw", "problems", "drafts", "critiques", "sft", "cft", "scores", "report")
VERBS = dict(
    zip(STAGES, ("load", "select", "corrupt", "critique", "finetune", "finetune", "evaluate",
                 "compare"), strict=True)
)  # fmt: skip
INPUTS = {
    "problems": {"rows": ["raw"]},
    "drafts": {"problems": ["problems"]},
    "critiques": {"responses": ["drafts"]},
    "sft": {"data": ["drafts"]},
    "cft": {"data": ["critiques"]},
    "scores": {"models": ["sft", "cft"], "benchmarks": ["raw"]},
    "report": {"scores": ["scores"], "critiques": ["critiques"]},
}


def make_run(folder, until="report", arms=None, cost=0.25):
    """Writes a run's folder as `redink run` would, finished up to and with stage `until`."""
    folder.mkdir(parents=True, exist_ok=True)
    done = STAGES[: STAGES.index(until) + 1]
    tables = _tables(arms or {"sft": "ccwwcw", "cft": "cwcwcc"})
    listed = []
    for number, name in enumerate(done):
        place = folder / f"{name}-{number:010x}"
        facts = {"stage": name, "verb": VERBS[name], "inputs": INPUTS.get(name, {}),
                 "settings": {}, "started": 100.0 + number, "seconds": 1.5 + number,
                 "peak_memory_gib": 1.25}  # fmt: skip
        if name in tables:
            tables[name].write(place)
            facts["rows"] = len(tables[name])
            facts["dropped"] = drop_counts(tables[name].dropped)
        if name == "critiques" and cost is not None:
            facts |= {"tokens": 1234, "cost": cost}
        if VERBS[name] == "finetune":
            write_training(place, "imitate" if name == "sft" else "critique")
        if name == "report":
            facts["settings"] = {"baseline": "sft", "title": "trial"}
        place.mkdir(exist_ok=True)
        (place / "stage.json").write_text(json.dumps(facts))
        keys = ("seconds", "rows", "dropped", "peak_memory_gib", "tokens", "cost")
        listed.append({"name": name, "verb": VERBS[name]}
                      | {key: facts[key] for key in keys if key in facts})  # fmt: skip
    write_run_file(folder, listed)
    return folder


def write_run_file(folder, listed):
    """`run.json` as `redink run` writes it."""
    facts = {
        "recipe": "trial", "source": "trial.yaml", "recipe_text": RECIPE, "stages": listed,
        "versions": {"python": "3.11.7", "torch": "2.13"},
        "hardware": {"processor": "a processor", "cores": 2, "memory_gib": 23.5},
        "seeds": {"raw": 1},
    }  # fmt: skip
    (folder / "run.json").write_text(json.dumps(facts))


def write_training(place, objective):
    """A finished training's record."""
    (place / "model").mkdir(parents=True, exist_ok=True)
    losses = [{"step": n, "loss": 2.0 / n} for n in range(1, 5)]
    (place / "model" / "training.json").write_text(json.dumps({
        "examples": 3, "tokens": 200, "loss_tokens": 90, "seconds": 4.5, "losses": losses,
        "steps": 4, "device": "cpu", "method": "lora",
        "rows": {"rows_in": 4, "rows_kept": 3, "dropped": {"longer than max_tokens": 1}},
        "settings": {"objective": objective},
        "validation": {"chosen_step": 4, "accuracy": 0.5,
                       "looks": [{"step": 2, "accuracy": 0.25}, {"step": 4, "accuracy": 0.5}]},
    }))  # fmt: skip


def _tables(arms):
    critiques = marked([None, "slip", "slip", "wrong_operator"], spoilt=2)
    problems = list(critiques.problems.values())
    spare = Problem("spare", "A question that is dropped", "5")
    return {
        "raw": problem_table([*problems, spare]),
        "problems": problem_table(problems, [drop(spare, "more than n")]),
        "drafts": response_table(list(critiques.responses.values()), critiques.problems),
        "critiques": critiques,
        "scores": replace(score_table(arms), provenance={"marks": []}),
    }
