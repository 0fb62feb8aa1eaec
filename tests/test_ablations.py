"""The recipe `ablations` in small: every arm of CFT's family trains and is compared."""

import json

import pytest
import yaml

from redink.plan import make_plan
from redink.recipe import builtin_recipes, check_recipe, read_recipe
from redink.run import run_plan
from redink.tables import Table

ROWS = 12
ARMS = [
    "sft", "sft-verified", "sft-teacher", "cft", "cft+solution", "cft-right", "cft-wrong",
    "cft-own", "cft-verdict", "cft-shuffled", "cft+sft", "cft-then-sft", "sft-then-cft",
]  # fmt: skip
JOINED = {"cft+sft": 2 * ROWS}


def small(student):
    """The shipped recipe with few rows, short answers and one training seed."""
    raw = yaml.safe_load(builtin_recipes()["ablations"])
    stages = {name: stage for name, stage in raw["stages"].items() if not name.endswith("@2")}
    rows = {"load": 2 * ROWS, "select": ROWS}
    for stage in stages.values():
        if stage["do"] in rows and "n" in stage:
            stage["n"] = rows[stage["do"]]
        if stage["do"] == "finetune":
            stage |= {
                "batch_size": 8,
                "seed": [1] if stage.get("seed") == [1, 2] else 1,
            }
        if "max_tokens" in stage:
            stage["max_tokens"] = 4
    for name in ("heldout-legs", "heldout-sums", "longer-legs", "word-problems"):
        stages[name]["n"] = 2
    # The untrained tiny student states no answers that could be marked.
    stages["own-critiques"]["responses"] = "drafts"
    stages["own-marked"] |= {"n": ROWS, "take": "random", "seed": 9}
    scores = stages["scores"]
    scores["models"] = [name for name in scores["models"] if not name.endswith("@2")]
    return check_recipe(raw | {"student": str(student), "stages": stages}, "ablations", "test")


@pytest.fixture(scope="module")
def plan(tmp_path_factory, tiny_student, trainer_loaded):
    plan = make_plan(small(tiny_student), tmp_path_factory.mktemp("ablations"))
    run_plan(plan)
    return plan


def training(plan, arm):
    record = plan.by_name[f"{arm}@1"].folder / "model" / "training.json"
    return json.loads(record.read_text())


def test_every_arm_trains_on_as_many_examples(plan):
    for arm in ARMS:
        facts = training(plan, arm)
        assert facts["rows"]["rows_kept"] == facts["examples"] == JOINED.get(arm, ROWS), arm
        assert all(0 < loss["loss"] < 20 for loss in facts["losses"])


def test_no_two_arms_are_the_same_training(plan):
    assert len({training(plan, arm)["key"] for arm in ARMS}) == len(ARMS)


def test_arms_in_two_stages_go_on_from_the_first(plan):
    for arm, before in (("cft-then-sft", "cft@1"), ("sft-then-cft", "sft-verified@1")):
        assert plan.by_name[f"{arm}@1"].stage.inputs["student"] == (before,)


def test_every_arm_is_compared_with_imitation_on_every_benchmark(plan):
    scores = Table.read(plan.by_name["scores"].folder)
    expected = {"student", "warmup", *(f"{arm}@1" for arm in ARMS)} - {"student"}
    found = {score.model for score in scores}
    assert expected < found
    assert len(found) == len(expected) + 1
    assert len({score.benchmark for score in scores}) == 4
    report = (plan.by_name["report"].folder / "report.html").read_text()
    assert all(arm in report for arm in ARMS)


def test_no_arm_sees_a_problem_of_another_split():
    stages = read_recipe("ablations").stages
    loads = [stage for stage in stages if stage.verb.name == "load"]
    held = {stage.name for stage in loads if stage.settings["split"] == "test"}
    (scores,) = (stage for stage in stages if stage.verb.name == "evaluate")
    assert held == set(scores.inputs["benchmarks"])
    assert len(held) == 4
