"""A run with a reinforcement in it, its logs written as the training writes them."""

import json

from redink.records import Problem, Response, problem_id
from redink.reinforcement.rollouts import LoggedRollout, RolloutLog, figures_of
from redink.tables import problem_table, response_table

HOSTILE = "<img src=x onerror='window.hacked = 1'>\u202e\x1b[31m $\\frac{1}{2}$"
FOLDER = "policy-00000000aa"
SAMPLES = 4


def problem(number):
    question = f"A box holds {number} pens. How many pens do $2 \\cdot {number}$ boxes hold?"
    answer = str(2 * number * number)
    return Problem(problem_id(question, answer), question, answer, f"${answer}$", source="pens")


def problems(count=6):
    return [problem(number) for number in range(count)]


def rollout(step, asked, sample, **fields):
    """One of a step's rollouts: the first is right, the last a repetition, the second hostile."""
    right = sample == 0
    faults = ("repetition",) if sample == SAMPLES - 1 else ()
    made = {
        "id": f"r{step:04d}{asked.id[1:6]}{sample}", "step": step, "problem_id": asked.id,
        "sample": sample, "text": f"Step {step}, sample {sample}.\nThe answer is ${step}$.",
        "n_tokens": 10 + sample, "finish": "stop", "outcome": "correct" if right else "wrong",
        "answer": asked.answer if right else "7", "reward": float(right),
        "parts": {"correct": float(right), "format": 1.0}, "faults": faults,
        "advantage": None if sample == 2 else 0.75 - right, "kl": 0.0005 * step, "entropy": 0.5,
        "logprob": -0.25,
    }  # fmt: skip
    if sample == 1:
        made["text"] += HOSTILE
    return LoggedRollout(**(made | fields))


def log_steps(folder, first, last):
    """Appends steps `first` to `last`, of two problems each."""
    log, among = RolloutLog(folder), problems()
    for step in range(first, last + 1):
        asked = [among[step % len(among)], among[(step + 1) % len(among)]]
        rows = [rollout(step, one, sample) for one in asked for sample in range(SAMPLES)]
        figures = figures_of(step, rows, 1.5)
        if step == 1:
            figures["faults"] = {}
        log.append(rows, figures | {"skipped": 0.25, "loss": -0.1 * step, "grad_norm": 2.0,
                                    "seconds_by_part": {"sampling": 1.0}})  # fmt: skip


def log_looks(folder, *looks):
    lines = [{"key": "k", "step": step, "accuracy": value} for step, value in looks]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "validation.jsonl").write_text(text)


def write_trained_run(folder, steps=3, settings=None):
    """Writes a run whose training goes on, and returns its folder."""
    known = problem_table(problems())
    stages = []
    for at, (name, verb) in enumerate({"pens": "load", "drafts": "respond"}.items()):
        place = folder / f"{name}-{at:010x}"
        table = known
        if verb == "respond":
            one = problem(1)
            draft = Response("r1", one.id, "#### 2", "respond", outcome="correct")
            table = response_table([draft], {one.id: one})
        table.write(place)
        (place / "stage.json").write_text(json.dumps({"verb": verb, "started": float(at)}))
        stages.append({"name": name, "verb": verb, "folder": place.name})
    training = folder / FOLDER
    training.mkdir()
    RolloutLog(training).rewind(0)
    log_steps(training, 1, steps)
    log_looks(training, (0, 0.25), (2, 0.5))
    recipe = {
        "stages": {
            "pens": {"do": "load", "source": "gym:chain_sum", "n": 6},
            "policy": {"do": "reinforce", "problems": "pens", "steps": 9, **(settings or {})},
        }
    }
    facts = {"recipe": "trained", "source": "trained.yaml", "recipe_text": json.dumps(recipe),
             "stages": stages}  # fmt: skip
    (folder / "run.json").write_text(json.dumps(facts))
    return folder
