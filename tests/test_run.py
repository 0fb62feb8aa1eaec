"""Whole runs of a tiny recipe: complete, resumable after kill -9, repeatable."""

import json
import random
import re
import signal
import time
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

import pytest

from redink.plan import make_plan
from redink.recipe import read_recipe
from redink.tables import Table
from tests.forked import forked, typed

RECIPE = Path(__file__).parent / "tiny.yaml"
TABLES = ["problems", "heldout", "drafts", "verified", "critiques", "answers", "scores"]
MODELS = ["warmup", "cft", "cft+sft"]
DELAY = "delay"
KILLS = [("problems", DELAY), ("warmup", None), ("answers", DELAY), ("cft+sft", None),
         ("scores", DELAY)]  # fmt: skip


def started(student, runs, errors, *more):
    given = ["run", RECIPE, "--runs", runs, "--set", f"student={student}", *more]
    return forked(typed, list(map(str, given)), errors.with_suffix(".out"), errors)


def run(student, runs, *more):
    """Exit code, output and errors of a whole run."""
    with TemporaryDirectory() as folder:
        errors = Path(folder, "errors")
        process = started(student, runs, errors, *more)
        process.join(300)
        said = errors.with_suffix(".out").read_text()
        return CompletedProcess([], process.exitcode, said, errors.read_text())


def run_until_killed(student, runs, stage, log, *, delay=None):
    """Starts the run and kills it in `stage`: after a delay, or once it has a checkpoint."""
    folder = plan(student, runs).by_name[stage].folder
    log.write_text("")
    process = started(student, runs, log)
    while f"[{stage}]" not in log.read_text() and process.is_alive():
        time.sleep(0.02)
    if delay is None:
        while not list(folder.glob("checkpoints/*/complete.json")) and process.is_alive():
            time.sleep(0.002)
    else:
        time.sleep(delay)
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    return log.read_text()


def plan(student, runs):
    return make_plan(read_recipe(str(RECIPE), [f"student={student}"]), runs)


def tables_of(student, runs):
    """Every byte of every table: stage and file name to content."""
    made = plan(student, runs)
    return {
        (stage, file.name): file.read_bytes()
        for stage in TABLES
        for file in sorted(made.by_name[stage].folder.iterdir())
        if file.name.endswith(".parquet") or file.name == "table.json"
    }


def models_of(student, runs):
    made = plan(student, runs)
    folders = {name: made.by_name[name].folder / "model" for name in MODELS}
    weights = {name: (f / "model.safetensors").read_bytes() for name, f in folders.items()}
    losses = {name: json.loads((f / "training.json").read_text())["losses"]
              for name, f in folders.items()}  # fmt: skip
    return weights, losses


@pytest.fixture(scope="module")
def undisturbed(tiny_student, tmp_path_factory):
    """Runs folder and output of one run from start to end."""
    runs = tmp_path_factory.mktemp("undisturbed")
    result = run(tiny_student, runs)
    assert result.returncode == 0, result.stderr
    return runs, result


def test_a_run_ends_with_a_table_a_report_and_where_time_went(undisturbed, tiny_student):
    runs, result = undisturbed
    made = plan(tiny_student, runs)
    assert (made.by_name["report"].folder / "report.html").stat().st_size > 1000
    assert re.search(r"cft\+sft\s+finetune", result.stdout)
    scores = Table.read(made.by_name["scores"].folder)
    assert len(scores) == 4 * 12
    assert {score.model for score in scores} == {"student", *MODELS}
    assert json.loads((made.folder / "run.json").read_text())["versions"]["torch"]


def test_a_second_run_does_nothing_again(undisturbed, tiny_student):
    runs, _ = undisturbed
    before = {s.name: s.facts()["started"] for s in plan(tiny_student, runs).stages}
    result = run(tiny_student, runs)
    assert result.returncode == 0
    assert result.stderr.count("already done") == len(before)
    assert before == {s.name: s.facts()["started"] for s in plan(tiny_student, runs).stages}


def test_a_changed_setting_redoes_only_what_rests_on_it(undisturbed, tiny_student):
    runs, _ = undisturbed
    result = run(
        tiny_student, runs, "--set", "stages.critiques.style=brief", "--until", "critiques"
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("already done") == 3
    assert plan(tiny_student, runs).by_name["critiques"].done


def test_the_same_seed_gives_the_same_tables_outputs_and_losses(
    undisturbed, tiny_student, tmp_path
):
    assert run(tiny_student, tmp_path).returncode == 0
    assert tables_of(tiny_student, tmp_path) == tables_of(tiny_student, undisturbed[0])
    _, first = models_of(tiny_student, undisturbed[0])
    _, second = models_of(tiny_student, tmp_path)
    for name in MODELS:
        for a, b in zip(first[name], second[name], strict=True):
            assert a["loss"] == pytest.approx(b["loss"], abs=1e-5)


def test_a_run_killed_five_times_ends_as_if_it_had_not_been(undisturbed, tiny_student, tmp_path):
    chance = random.Random(7)
    runs, log = tmp_path / "runs", tmp_path / "log"
    finished, resumed = {}, 0
    for stage, how in KILLS:
        delay = chance.uniform(0, 0.6) if how == DELAY else None
        said = run_until_killed(tiny_student, runs, stage, log, delay=delay)
        resumed += said.count("going on from step")
        assert said.count("already done") == len(finished)
        for planned in plan(tiny_student, runs).stages:
            if planned.done:
                started = planned.facts()["started"]
                assert finished.setdefault(planned.name, started) == started
    result = run(tiny_student, runs)
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("already done") == len(finished)
    assert resumed >= 2
    assert tables_of(tiny_student, runs) == tables_of(tiny_student, undisturbed[0])
    assert models_of(tiny_student, runs) == models_of(tiny_student, undisturbed[0])


def test_a_dry_run_counts_tokens_and_runs_nothing(tiny_student, tmp_path):
    result = run(tiny_student, tmp_path / "runs", "--dry-run")
    assert result.returncode == 0, result.stderr
    (row,) = [line.split() for line in result.stdout.splitlines() if " cft " in line]
    assert row[1:5] == ["finetune", "to", "do", "32"]
    assert int(row[5].replace(",", "")) > 1000
    assert not (tmp_path / "runs").exists()
