"""`redink preflight`: reports without training, and whether a comparison is fair."""

import re

import pytest

from redink.cli.preflighting import Arm, comparable, preflight, unfair
from redink.errors import RedinkError, UsageError
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
    with pytest.raises(UsageError, match="'drafts' trains nothing; name a finetune"):
        preflight(str(recipe), stage="drafts", runs=tmp_path)


SCORERS = """
student: {student}
hardware: {{processes: 2}}
stages:
  problems: {{do: load, source: "gym:chain_sum", n: 12, seed: 1}}
  others: {{do: load, source: "gym:chain_sum", n: 6, seed: 2, exclude: problems}}
  drafts: {{do: corrupt, problems: problems, wrong: 0.5}}
  exact: {{do: label, responses: drafts, source: injected}}
  apart: {{do: corrupt, problems: others, wrong: 0.5}}
  more: {{do: corrupt, problems: others, wrong: 1.0, seed: 2}}
  sampled: {{do: respond, problems: others, model: student, max_tokens: 8}}
  warmup: {{do: finetune, data: problems, objective: imitate}}
  orm: {{do: fit, base: warmup, kind: orm, data: drafts, calibration: [apart, more]}}
  sorm: {{do: fit, kind: sorm, data: exact, max_tokens: 120, epochs: 2, batch_size: 4}}
  other: {{do: fit, kind: orm, data: drafts, calibration: sampled}}
  late: {{do: fit, kind: orm, data: sampled}}
"""


@pytest.fixture
def scorers(tmp_path, tiny_student):
    path = tmp_path / "scorers.yaml"
    path.write_text(SCORERS.format(student=tiny_student))
    return path


def rows_of(printed):
    """The lines of a printed report: name → text."""
    cells = [line.split("│")[1:3] for line in printed.splitlines() if line.count("│") == 3]
    return {name.strip(): text.strip() for name, text in cells}


def test_a_scorers_rows_labels_and_cost_are_told_and_none_is_fitted(scorers, tmp_path, capsys):
    preflight(str(scorers), stage="orm", runs=tmp_path / "runs")
    printed = capsys.readouterr().out
    told = rows_of(printed)
    assert told["rows"] == "12 in, 12 kept"
    assert told["labels"] == "12, of them 50.0% right"
    calibration = re.fullmatch(r"(\d+) rows in, \1 kept; labels: \1, of them .*% right",
                               told["calibration"])  # fmt: skip
    assert calibration is not None
    assert int(calibration[1]) > 6
    assert told["steps"] == "1, 1 of them warm-up"
    assert {"tokens", "lengths", "time", "memory", "disk"} <= set(told)
    assert printed.count("⟦right⟧") + printed.count("⟦wrong⟧") == 3
    assert "note: orm: scorers are fitted on one process; the 2 processes" in printed
    assert not (tmp_path / "runs").exists()


POLICIES = """
student: {student}
stages:
  problems: {{do: load, source: "gym:chain_sum", n: 12, seed: 1}}
  others: {{do: load, source: "gym:chain_sum", n: 6, seed: 2, exclude: problems}}
  warmup: {{do: finetune, data: problems, objective: imitate}}
  tries: {{do: respond, problems: others, model: warmup, max_tokens: 8}}
  rl: {{do: reinforce, student: warmup, problems: problems, validation: others, beta: 0, steps: 5}}
  reft: {{do: reinforce, student: warmup, problems: [problems, others], algorithm: ppo, steps: 3}}
  late: {{do: reinforce, student: warmup, problems: tries}}
"""


def test_what_a_reinforcement_takes_is_told_and_none_is_begun(tmp_path, tiny_student, capsys):
    path = tmp_path / "policies.yaml"
    path.write_text(POLICIES.format(student=tiny_student))
    preflight(str(path), runs=tmp_path / "runs")
    printed = capsys.readouterr().out
    assert "late: its problems rest on stage 'warmup' (finetune), which runs a model" in printed
    assert "320 in 5 steps, of at most 256 tokens" in printed
    assert "54 in 3 steps" in printed
    assert not (tmp_path / "runs").exists()
    preflight(str(path), stage="rl", runs=tmp_path / "runs")
    told = rows_of(capsys.readouterr().out)
    assert told["problems"] == "12"
    assert {"prompts", "rollouts", "memory", "disk"} <= set(told)
    nothing = "  none: {do: select, rows: problems, min_chars: 100000, length_of: question}\n"
    empty = "  bare: {do: reinforce, problems: none}\n"
    path.write_text(POLICIES.format(student=tiny_student) + nothing + empty)
    with pytest.raises(UsageError, match="'bare': there are no problems"):
        preflight(str(path), stage="bare", runs=tmp_path / "runs")


def test_a_sorms_labels_stand_behind_every_step_and_long_rows_are_told(scorers, tmp_path, capsys):
    preflight(str(scorers), ["hardware.processes=1"], stage="sorm", runs=tmp_path)
    printed = capsys.readouterr().out
    told = rows_of(printed)
    kept, dropped = int(told["rows"].split()[2]), int(told["dropped"].split(":")[0])
    assert kept > 0
    assert "no step is labelled" in printed
    assert kept + dropped == 11
    assert told["dropped"] == f"{dropped}: longer than max_tokens = 120"
    labels = [text for name, text in told.items() if name.startswith("after ")]
    assert len(labels) > 1
    assert sum(int(text.split()[0]) for text in labels) == int(told["labels"].split(",")[0])
    assert printed.count("⟦") > 2 * 3
    assert "note:" not in printed


def test_what_is_not_there_yet_is_named(scorers, tmp_path, capsys):
    preflight(str(scorers), stage="late", runs=tmp_path)
    assert capsys.readouterr().out == (
        "late: its data rests on stage 'sampled' (respond), which runs a model and has not run "
        "yet\n\n"
    )
    preflight(str(scorers), stage="other", runs=tmp_path, samples=False)
    printed = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "12 in, 12 kept" in printed
    assert "its rows rest on stage 'sampled' (respond)" in printed
    assert "⟦" not in printed


def test_a_recipes_scorers_stand_beside_its_trainings_and_are_no_arms(scorers, tmp_path, capsys):
    preflight(str(scorers), runs=tmp_path, samples=False)
    printed = capsys.readouterr().out
    for name in ("warmup", "orm", "sorm", "other"):
        assert f"\n{name} " in f"\n{printed}"
    arms = printed[printed.index("\narm") if "\narm" in printed else printed.index(" arm") :]
    assert "warmup" in arms
    assert "orm" not in arms


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["stages.orm.soft_labels=true"], "stage 'orm': fit: soft_labels are shares"),
        (["stages.orm.learning_rate=0"], "stage 'orm': fit: learning_rate = 0"),
        (["stages.orm.max_tokens=8"], "stage 'orm': nothing to fit .12 longer than max_tokens"),
        (["stages.orm.calibration=drafts"], "stage 'orm': fit: 12 of the 12 problems"),
    ],
)
def test_what_fit_would_refuse_is_refused(scorers, tmp_path, changes, message):
    with pytest.raises(RedinkError, match=message):
        preflight(str(scorers), changes, stage="orm", runs=tmp_path)


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
