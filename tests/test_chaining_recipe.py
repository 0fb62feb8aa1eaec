"""A whole recipe of chains and thinking budgets on the tiny student: run, told, reported."""

import json
from pathlib import Path

import pytest

from redink.cli.estimating import show_estimate
from redink.cli.running import run_recipe
from redink.errors import DataError, RecipeError
from redink.plan import make_plan
from redink.recipe import check_recipe
from redink.reports.formats import render
from redink.reports.material import gather
from redink.reports.report import build_report
from redink.reports.run_folder import read_run
from redink.run import run_plan
from redink.tables import Table

TWO = {"min_terms": 2, "max_terms": 2, "min_digits": 1, "max_digits": 1}
BATCHES = {"engine": "transformers", "dtype": "float32", "batch_size": 16}


def recipe(student, heldout_seed=9, baseline="student:8"):
    stages = {
        "sums": {"do": "load", "source": "gym:chain_sum", "n": 6, "seed": 1, "options": TWO},
        "drafts": {"do": "corrupt", "problems": "sums", "wrong": 0.8, "per_problem": 3},
        "critiques": {"do": "critique", "responses": "drafts"},
        "chains": {"do": "chain", "critiques": "critiques", "attempts": [0, 1]},
        "start": {
            "do": "finetune", "data": "chains", "learning_rate": 1e-2, "epochs": 2, "batch_size": 4,
        },
        "tries": {
            "do": "respond", "problems": "sums", "model": "start", "samples": 4,
            "temperature": 1.0, "max_tokens": 8, **BATCHES,
        },
        "hard": {"do": "select", "rows": "tries", "pass_rate": {"max": 0.5}},
        "heldout": {
            "do": "load", "source": "gym:chain_sum", "n": 4, "seed": heldout_seed, "options": TWO,
            "split": "test" if heldout_seed == 9 else "train",
        },
        "budgets": {
            "do": "scale", "models": ["student", "start"], "benchmarks": "heldout",
            "budgets": ["1x", "2x"], "unit": 8, "answer_tokens": 4, **BATCHES,
        },
        "report": {"do": "compare", "scores": "budgets", "baseline": baseline},
    }  # fmt: skip
    return check_recipe({"student": str(student), "stages": stages}, "chaining", "chaining.yaml")


@pytest.fixture(scope="module")
def plan(tmp_path_factory, tiny_student):
    made = make_plan(recipe(tiny_student), tmp_path_factory.mktemp("runs"))
    run_plan(made)
    return made


def test_chains_are_right_and_are_what_the_start_has_learned(plan):
    chains = Table.read(plan.by_name["chains"].folder)
    assert {row.outcome for row in chains} == {"correct"}
    assert {row.origin for row in chains} == {"chain"}
    training = json.loads((plan.by_name["start"].folder / "model/training.json").read_text())
    assert training["rows"]["rows_in"] == len(chains) == 6


def test_every_model_at_every_budget_is_an_arm(plan):
    scores = Table.read(plan.by_name["budgets"].folder)
    arms = dict.fromkeys(score.model for score in scores)
    assert list(arms) == ["student:8", "student:16", "start:8", "start:16"]
    assert len(scores) == 16


def test_the_report_draws_the_budgets(plan):
    run = read_run(plan.folder)
    report = build_report(gather(run))
    assert "Thinking budgets on heldout" in render(report, "md").decode()
    assert b"thinking budget in tokens" in render(report, "html")
    rows = json.loads(render(report, "json"))["scaling"]["budgets"]["rows"]
    assert [row["budget"] for row in rows] == [8, 16, 8, 16]
    flow = {stage["stage"]: stage for stage in report.facts["runs"][0]["stages"]}
    assert (flow["chains"]["rows_in"], flow["chains"]["kept"]) == (18, 6)


def test_budgets_are_measured_along_a_training(tiny_student, tmp_path, capsys):
    few = {"engine": "transformers", "dtype": "float32", "batch_size": 4}
    stages = {
        "sums": {"do": "load", "source": "gym:chain_sum", "n": 3, "options": TWO},
        "policy": {
            "do": "reinforce", "problems": "sums", "steps": 3, "problems_per_step": 2, "samples": 2,
            "max_tokens": 6, "penalty_form": "none", "keep_steps": [2, 1],
        },
        "heldout": {"do": "load", "source": "gym:chain_sum", "n": 2, "options": TWO,
                    "split": "test"},
        "budgets": {
            "do": "scale", "models": ["student", "policy"], "benchmarks": "heldout",
            "budgets": ["1x", "2x"], "unit": 4, "answer_tokens": 4, "along": True, **few,
        },
    }  # fmt: skip
    raw = {"student": str(tiny_student), "stages": stages}
    made = make_plan(check_recipe(raw, "along", "along.yaml"), tmp_path)
    run_plan(made)
    arms = dict.fromkeys(score.model for score in Table.read(made.by_name["budgets"].folder))
    models = ["student", "policy/1", "policy/2", "policy"]
    assert list(arms) == [f"{model}:{budget}" for model in models for budget in (4, 8)]
    show_estimate(make_plan(check_recipe(raw, "along", "along.yaml"), tmp_path / "fresh"), None)
    line = next(
        row for row in capsys.readouterr().out.splitlines() if "scale" in row and "to do" in row
    )
    # Four models, two problems, 8 tokens of thinking and twice 4 of an answer.
    assert line.split()[4:7] == ["8", "<=", "128"]


def test_the_report_that_a_run_names_has_what_other_stages_made(tiny_student, tmp_path, capsys):
    few = {"engine": "transformers", "dtype": "float32", "batch_size": 4}
    held = {"do": "load", "source": "gym:chain_sum", "n": 2, "options": TWO, "split": "test"}
    stages = {
        "heldout": held,
        "budgets": {
            "do": "scale", "models": ["student"], "benchmarks": "heldout", "budgets": ["1x", "2x"],
            "unit": 4, "answer_tokens": 4, **few,
        },
        "scores": {
            "do": "evaluate", "models": ["student"], "benchmarks": "heldout", "max_tokens": 4,
            **few,
        },
        "report": {"do": "compare", "scores": "scores", "baseline": "student"},
    }  # fmt: skip
    raw = {"student": str(tiny_student), "stages": stages}
    run_recipe(check_recipe(raw, "both", "both.yaml"), tmp_path)
    page = Path(capsys.readouterr().out.split("report: ")[-1].strip())
    assert "Thinking budgets" in page.read_text()
    written = page.stat().st_mtime_ns
    run_recipe(check_recipe(raw, "both", "both.yaml"), tmp_path)
    assert page.stat().st_mtime_ns == written, "nothing was made anew"


def test_a_finished_run_does_nothing_again(plan, tiny_student):
    again = make_plan(recipe(tiny_student), plan.folder.parent)
    assert all(result.done_before for result in run_plan(again))


def test_a_dry_run_knows_chains_and_budgets(tiny_student, tmp_path, capsys):
    show_estimate(make_plan(recipe(tiny_student), tmp_path), None)
    assert "budgets" in capsys.readouterr().out


def test_a_baseline_without_its_budget_is_refused_before_anything_runs(tiny_student):
    with pytest.raises(RecipeError, match="student:8, student:16, start:8, start:16"):
        recipe(tiny_student, baseline="start")


def test_budgets_on_problems_that_were_trained_on_are_refused(tiny_student, tmp_path):
    with pytest.raises(DataError, match="heldout"):
        run_plan(make_plan(recipe(tiny_student, heldout_seed=1), tmp_path))
