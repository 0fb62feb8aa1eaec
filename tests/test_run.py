"""Whole runs of a tiny recipe: complete, resumable after kill -9, repeatable."""

import json
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from redink.plan import make_plan
from redink.recipe import read_recipe
from redink.tables import Table

RECIPE = Path(__file__).parent / "tiny.yaml"
TABLES = ["problems", "heldout", "drafts", "verified", "critiques", "answers", "scores"]
MODELS = ["warmup", "cft", "cft+sft"]
KILLED_IN = ["drafts", "warmup", "answers", "cft+sft", "scores"]


def command(student, runs, *more):
    arguments = ["run", RECIPE, "--runs", runs, "--set", f"student={student}", *more]
    return [sys.executable, "-c", "from redink.cli import main; main()", *map(str, arguments)]


def run(student, runs, *more):
    return subprocess.run(
        command(student, runs, *more), capture_output=True, text=True, timeout=300
    )


def run_until_killed(student, runs, stage, delay):
    """Starts the run and kills it `delay` seconds after `stage` began."""
    process = subprocess.Popen(
        command(student, runs), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    for line in process.stderr:
        if line.startswith(f"[{stage}]") and line.rstrip().endswith("..."):
            time.sleep(delay)
            break
    process.send_signal(signal.SIGKILL)
    process.stderr.close()
    return process.wait()


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
    finished = {}
    for stage in KILLED_IN:
        assert run_until_killed(tiny_student, tmp_path, stage, chance.uniform(0, 1.2)) == -9
        for planned in plan(tiny_student, tmp_path).stages:
            if planned.done:
                started = planned.facts()["started"]
                assert finished.setdefault(planned.name, started) == started
    result = run(tiny_student, tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("already done") == len(finished)
    assert tables_of(tiny_student, tmp_path) == tables_of(tiny_student, undisturbed[0])
    assert models_of(tiny_student, tmp_path) == models_of(tiny_student, undisturbed[0])


def test_a_dry_run_counts_tokens_and_runs_nothing(tiny_student, tmp_path):
    result = run(tiny_student, tmp_path / "runs", "--dry-run")
    assert result.returncode == 0, result.stderr
    (row,) = [line.split() for line in result.stdout.splitlines() if line.startswith("cft ")]
    assert row[1:5] == ["finetune", "to", "do", "32"]
    assert int(row[5].replace(",", "")) > 1000
    assert not (tmp_path / "runs").exists()
