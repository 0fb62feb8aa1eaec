"""`redink hand-over`: a recipe's stage goes out, and the trained model comes back."""

import json

import pytest

from redink.cli.handing_over import hand_over
from redink.errors import UsageError
from redink.plan import make_plan
from redink.recipe import builtin_recipes, read_recipe
from redink.run import run_plan
from redink.tables import Table

RECIPE = """
student: {student}
hardware: {{gpus: 2}}
stages:
  apart: {{do: load, source: "gym:chain_sum", n: 3, seed: 2}}
  problems: {{do: load, source: "gym:chain_sum", n: 8, seed: 1, exclude: apart}}
  heldout: {{do: load, source: "gym:chain_sum", n: 4, split: test}}
  policy:
    do: reinforce
    problems: problems
    validation: apart
    steps: 2
    problems_per_step: 4
    samples: 2
    max_tokens: 8
  scores: {{do: evaluate, models: [student, policy], benchmarks: heldout, max_tokens: 8}}
  answers: {{do: respond, problems: heldout, model: policy, max_tokens: 8, batch_size: 4}}
"""
DROP = ["reference", "penalty_form"]


@pytest.fixture
def recipe(tmp_path, tiny_student):
    path = tmp_path / "small.yaml"
    path.write_text(RECIPE.format(student=tiny_student))
    return path


def handed(recipe, tmp_path, **options):
    known = {"stage": "policy", "out": tmp_path / "out", "drop": DROP, "runs": tmp_path / "runs"}
    hand_over(str(recipe), **known | options)
    return tmp_path / "out"


def test_what_it_rests_on_comes_first(recipe, tmp_path):
    with pytest.raises(UsageError, match=r"redink run .*small\.yaml --until problems"):
        handed(recipe, tmp_path)
    with pytest.raises(UsageError, match=r"is no reinforce stage .* there are policy"):
        handed(recipe, tmp_path, stage="scores")


def test_the_stage_goes_out_and_the_model_comes_back(recipe, tmp_path, tiny_student, capsys):
    plan = make_plan(read_recipe(str(recipe)), tmp_path / "runs")
    for name in ("problems", "apart", "heldout"):
        run_plan(plan, until=name)
    out = handed(recipe, tmp_path)
    printed = capsys.readouterr().out
    assert "dropped reference: it stays the model that training starts from" in printed
    told = json.loads((out / "handover.json").read_text())["told"]
    assert (told["problems"], told["validation"], told["prompts"]) == (8, 3, 8)
    assert json.loads((out / "handover.json").read_text())["placement"]["gpus"] == 2

    trained = out / "trained" / "policy"
    trained.mkdir(parents=True)
    for path in tiny_student.iterdir():
        (trained / path.name).write_bytes(path.read_bytes())
    # OpenRLHF saves its models so.
    config = json.loads((trained / "config.json").read_text()) | {"use_cache": False}
    (trained / "config.json").write_text(json.dumps(config))

    assert set(told["returns"]) == {
        f"stages.scores.models=[student, {trained}]", f"stages.answers.model={trained}",
    }  # fmt: skip
    again = make_plan(read_recipe(str(recipe), tuple(told["returns"])), tmp_path / "runs")
    assert again.folder == plan.folder
    assert again.by_name["problems"].done
    done = run_plan(again, until="scores") + run_plan(again, until="answers")
    assert "policy" not in {result.name for result in done}
    scores = Table.read(again.by_name["scores"].folder)
    found = {(score.model, score.problem_id): score.response_id for score in scores}
    assert {arm for arm, _ in found} == {"student", "policy"}
    assert len(found) == 8
    assert len(Table.read(again.by_name["answers"].folder)) == 4


@pytest.mark.parametrize(
    ("name", "stage", "dropped"),
    [("t1-qwen2.5-14b", "policy", DROP), ("reft-codellama-7b", "reft", ["method"])],
)
def test_the_papers_recipes_say_how_they_are_handed_over(name, stage, dropped):
    text = builtin_recipes()[name]
    command = f"redink hand-over {name} --stage {stage}"
    assert command in text
    for setting in dropped:
        assert f"--drop {setting}" in text
