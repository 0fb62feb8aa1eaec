"""`redink preflight`: reports without training, and whether a comparison is fair."""

import pytest

from redink.cli.preflighting import Arm, comparable, preflight, unfair
from redink.errors import UsageError
from redink.plan import make_plan
from redink.recipe import read_recipe

RECIPE = """
student: {student}
stages:
  problems: {{do: load, source: "gym:chain_sum", n: 12, seed: 1}}
  drafts: {{do: corrupt, problems: problems, wrong: 0.5}}
  right: {{do: select, rows: drafts, outcome: correct}}
  sampled: {{do: respond, problems: problems, model: student, max_tokens: 8}}
  warmup: {{do: finetune, data: problems, objective: imitate}}
  sft: {{do: finetune, student: warmup, data: drafts, objective: imitate}}
  verified: {{do: finetune, student: warmup, data: right, objective: imitate}}
  again: {{do: finetune, student: verified, data: right, objective: imitate}}
  own: {{do: finetune, student: warmup, data: sampled, objective: imitate}}
"""


@pytest.fixture
def recipe(tmp_path, tiny_student):
    path = tmp_path / "arms.yaml"
    path.write_text(RECIPE.format(student=tiny_student))
    return path


def test_every_training_is_reported_and_none_is_run(recipe, tmp_path, capsys):
    preflight(str(recipe), runs=tmp_path / "runs")
    printed = capsys.readouterr().out
    for name in ("warmup", "sft", "verified", "again"):
        assert f"\n{name} " in f"\n{printed}"
    assert "end of turn" in printed
    assert "longest row" in printed
    assert "own: its data rests on stage 'sampled' (respond)" in printed
    assert "not compared, for their data is not there yet: own" in printed
    assert not (tmp_path / "runs").exists()


def test_one_stage_alone(recipe, tmp_path, capsys):
    preflight(str(recipe), ["stages.sft.batch_size=3"], stage="sft", runs=tmp_path, samples=False)
    printed = capsys.readouterr().out
    assert "4, 1 of them warm-up" in printed
    assert "verified" not in printed
    assert "longest row" not in printed
    with pytest.raises(UsageError, match="no finetune stage"):
        preflight(str(recipe), stage="drafts", runs=tmp_path)


def test_an_arm_of_two_trainings_counts_both_and_a_shared_warm_up_counts_for_none(recipe, tmp_path):
    plan = make_plan(read_recipe(str(recipe)), tmp_path)
    trainings = [
        Arm("warmup", 12, 100, 50, 1),
        Arm("sft", 12, 100, 50, 1),
        Arm("verified", 6, 60, 30, 2),
        Arm("again", 6, 60, 20, 3),
    ]
    assert comparable(plan, trainings) == [
        Arm("sft", 12, 100, 50, 1),
        Arm("again", 12, 120, 50, 5),
    ]


def test_arms_that_differ_by_more_than_a_tenth_are_named():
    base = Arm("sft", 100, 1000, 400, 10)
    near, far = Arm("near", 100, 2000, 440, 11), Arm("far", 100, 1000, 800, 10)
    first, *rest = unfair([base, near, far], base)
    assert first == "far against sft: +100% tokens with loss"
    assert len(rest) == 1
    assert "within 10%" in unfair([base, near], base)[0]
