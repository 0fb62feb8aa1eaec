"""A whole recipe of scorers and strategies on the tiny student: run, told, reported."""

import json

import pytest

from redink.cli.estimating import show_estimate
from redink.errors import DataError
from redink.plan import make_plan
from redink.recipe import check_recipe
from redink.refinement.strategy import ORACLE, parse_strategies
from redink.reports.formats import render
from redink.reports.material import gather
from redink.reports.report import build_report
from redink.reports.run_folder import read_run
from redink.run import run_plan
from redink.tables import Table

TWO = {"min_terms": 2, "max_terms": 2, "min_digits": 1, "max_digits": 1}
STRATEGIES = ["greedy", "majority-2", "best-of-2:orm", "best-of-2:sorm-min", "local:sorm"]


def recipe(student, heldout_seed=9):
    stages = {
        "sums": {"do": "load", "source": "gym:chain_sum", "n": 8, "seed": 1, "options": TWO},
        "warmup": {
            "do": "finetune", "data": "sums", "learning_rate": 1e-2, "epochs": 40, "batch_size": 4,
        },
        "drafts": {"do": "corrupt", "problems": "sums", "wrong": 0.5},
        "exact": {"do": "label", "responses": "drafts", "source": "injected", "balance": False},
        "orm": {"do": "fit", "data": "drafts", "kind": "orm", "batch_size": 4},
        "sorm": {"do": "fit", "data": "exact", "kind": "sorm", "batch_size": 4},
        "local": {"do": "finetune", "data": "exact", "objective": "refine-local", "batch_size": 4},
        "heldout": {
            "do": "load", "source": "gym:chain_sum", "n": 3, "seed": heldout_seed, "options": TWO,
            "split": "test" if heldout_seed == 9 else "train",
        },
        "answers": {
            "do": "refine", "problems": "heldout", "model": "warmup", "orm": "orm", "sorm": "sorm",
            "local_refiner": "local", "strategies": STRATEGIES, "samples": 2, "max_tokens": 16,
        },
        "report": {"do": "compare", "scores": "answers", "baseline": "majority-2"},
    }  # fmt: skip
    return check_recipe({"student": str(student), "stages": stages}, "refining", "refining.yaml")


@pytest.fixture(scope="module")
def plan(tmp_path_factory, tiny_student):
    made = make_plan(recipe(tiny_student), tmp_path_factory.mktemp("runs"))
    run_plan(made)
    return made


def test_every_strategy_and_its_oracle_is_an_arm(plan):
    scores = Table.read(plan.by_name["answers"].folder)
    arms = dict.fromkeys(score.model for score in scores)
    assert list(arms)[: len(STRATEGIES)] == STRATEGIES
    assert {arm for arm in arms if arm.startswith("oracle:")}
    assert {len([s for s in scores if s.model == arm]) for arm in arms} == {3}


def test_no_strategy_beats_its_oracle(plan):
    facts = json.loads((plan.by_name["answers"].folder / "strategies.json").read_text())
    found = {row["name"]: row["accuracy"] for row in facts["strategies"]}
    bounded = [one for one in parse_strategies(STRATEGIES, 2) if ORACLE + one.pool in found]
    assert len(bounded) == 4
    for strategy in bounded:
        assert found[strategy.name] <= found[ORACLE + strategy.pool]


def test_the_report_shows_strategies_steps_and_the_scorers_trainings(plan):
    page = render(build_report(gather(read_run(plan.folder))), "md").decode()
    assert "Strategies" in page
    assert "Step by step" in page
    assert "best-of-2:orm" in page
    assert "sorm" in page


def test_a_dry_run_knows_labels_scorers_and_strategies(tiny_student, tmp_path, capsys):
    show_estimate(make_plan(recipe(tiny_student), tmp_path), None)
    told = capsys.readouterr().out
    assert " ? " not in told
    assert "refine" in told


def test_a_scorer_that_saw_a_benchmarks_problems_is_refused(tiny_student, tmp_path):
    with pytest.raises(DataError, match="benchmark 'heldout' are in"):
        run_plan(make_plan(recipe(tiny_student, heldout_seed=1), tmp_path))
