"""The recipe that trains on published critiques with the paper's settings, in small."""

import json

import pytest

from redink.plan import make_plan
from redink.recipe import read_recipe
from redink.run import run_plan

NAME = "cft-qwen2.5-math-7b"
ASKED = "Please critique whether the following solution to the question is correct."


def test_every_arm_has_the_settings_of_the_paper():
    recipe = read_recipe(NAME)
    assert recipe.name == NAME
    arms = [stage for stage in recipe.stages if stage.verb.name == "finetune"]
    assert [arm.name for arm in arms] == ["sft", "sft-verified", "cft"]
    paper = {
        "learning_rate": 5e-6, "warmup_ratio": 0.1, "weight_decay": 0.0, "epochs": 1,
        "batch_size": 512, "max_tokens": 2048, "validate_every": 2,
    }  # fmt: skip
    for arm in arms:
        assert {key: arm.settings[key] for key in paper} == paper


@pytest.fixture
def published(tmp_path):
    rows = []
    for n in range(12):
        said = "right" if n % 2 else "wrong"
        asked = f"Question:\nWhat is {n} plus 4?\n\nSolution:\nIt is {n + 3 + n % 2}."
        rows.append(
            {
                "instruction": ASKED,
                "input": asked,
                "output": f"We add. Conclusion: {said} [END]",
            }
        )
    path = tmp_path / "critiques.json"
    path.write_text(json.dumps(rows))
    return path


def test_it_runs_to_its_report_on_rows_like_the_published(tiny_student, published, tmp_path):
    held = "{do: load, source: 'gym:chain_sum', n: 3, split: test}"
    sets = [
        f"student={tiny_student}",
        "validation=null",
        "hardware=null",
        f"stages.gsm8k-train={held}",
        f"stages.heldout={held}",
        f"stages.published.source={published}",
        "stages.critiques.decontaminate=null",
        "stages.scores.benchmarks=[heldout]",
        "stages.scores.preset=null",
        "stages.scores.max_tokens=8",
    ]
    plan = make_plan(read_recipe(NAME, sets), tmp_path / "runs")
    run_plan(plan)
    rows = {}
    for arm in ("sft", "sft-verified", "cft"):
        record = plan.by_name[arm].folder / "model" / "training.json"
        rows[arm] = json.loads(record.read_text())["examples"]
    assert rows == {"sft": 12, "sft-verified": 6, "cft": 12}
    assert "sft-verified" in (plan.by_name["report"].folder / "report.html").read_text()
