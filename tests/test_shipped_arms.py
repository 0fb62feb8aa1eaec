"""The recipes of two stages and of one problem, in small, to their reports."""

import json
import sys
from pathlib import Path

import pytest

from redink.plan import make_plan
from redink.recipe import read_recipe
from redink.run import run_plan
from redink.tables import Table

ROOT = Path(__file__).parents[1]
ROWS = 12
HELD = "{do: load, source: 'gym:chain_sum', n: 3, split: test}"
COMMON = [
    "validation=null",
    f"stages.heldout={HELD}",
    "stages.scores.benchmarks=[heldout]",
    "stages.scores.preset=null",
    "stages.scores.max_tokens=8",
]
TRAINING = {"batch_size": 8, "max_tokens": 2048, "validate_every": "null"}


@pytest.fixture(scope="module")
def server():
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    from benchmarks.endpoint_server import start_server

    with start_server(latency=(0.0, 0.02), reply_bytes=150) as running:
        yield running


def small(name, student, url, changes):
    """A shipped recipe with a tiny student, the test server as teacher and few rows."""
    stages = read_recipe(name).stages
    sets = [f"student={student}", *COMMON, *changes]
    for stage in stages:
        place = f"stages.{stage.name}"
        if stage.verb.name == "critique":
            sets.append(f"{place}.teacher=endpoint:{stage.name}@{url}")
        if stage.verb.name == "finetune":
            sets += [f"{place}.{key}={value}" for key, value in TRAINING.items()]
            sets.append(f"{place}.epochs=1")
        if stage.verb.name == "respond":
            sets.append(f"{place}.max_tokens=8")
    return read_recipe(name, sets)


def losses(plan, arm):
    record = plan.by_name[arm].folder / "model" / "training.json"
    return json.loads(record.read_text())["losses"]


@pytest.mark.usefixtures("trainer_loaded")
def test_two_stages_run_in_both_orders_to_the_report(tiny_student, server, tmp_path):
    path = tmp_path / "answers.jsonl"
    rows = [{"question": f"What is {n} + 3?", "answer": f"It is {n + 3}."} for n in range(ROWS)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    changes = [
        f"stages.gsm8k-train={HELD}",
        f"stages.answers.source={path}",
        "stages.answers.columns={question: question, response: answer}",
        "stages.noisy.decontaminate=null",
        f"stages.noisy.n={ROWS}",
        f"stages.solutions.model=endpoint:teacher@{server.url}",
    ]
    plan = make_plan(small("two-stage", tiny_student, server.url, changes), tmp_path / "runs")
    run_plan(plan)
    made = Table.read(plan.by_name["solutions"].folder)
    assert len(made) == ROWS
    assert {row.model for row in made} == {"teacher"}
    arms = ["sft-teacher", "cft", "cft+sft", "cft-then-sft", "sft-then-cft"]
    report = (plan.by_name["report"].folder / "report.html").read_text()
    assert all(arm in report and losses(plan, arm) for arm in arms)
    first = {arm: losses(plan, arm)[0]["loss"] for arm in arms}
    assert first["cft-then-sft"] != first["sft-teacher"]
    assert first["sft-then-cft"] != first["cft"]


def test_one_problem_is_answered_and_critiqued_many_times(tiny_student, server, tmp_path):
    changes = [
        "stages.problem={do: load, source: 'gym:chain_sum', n: 1}",
        f"stages.math-train={HELD}",
        "stages.critiques.agrees=null",
        "stages.critiques.trim=[1, 1]",
        f"stages.critiques.n={ROWS}",
    ]
    for number in range(1, 5):
        changes += [
            f"stages.tries-{number}.model={tiny_student}",
            f"stages.tries-{number}.samples=3",
            f"stages.tries-{number}.seed={number}",
        ]
    plan = make_plan(small("one-shot-cft", tiny_student, server.url, changes), tmp_path / "runs")
    run_plan(plan)
    critiques = Table.read(plan.by_name["critiques"].folder)
    assert len(critiques) == ROWS
    assert len(critiques.problems) == 1
    assert len(critiques.responses) > 4
    assert len({row.teacher for row in critiques}) > 1
    assert all(losses(plan, arm) for arm in ("sft-1", "sft-100", "cft"))
