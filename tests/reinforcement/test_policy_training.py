"""A whole training: logs, result, validation, killed and gone on exactly."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from redink.errors import ModelError, UsageError
from redink.evaluation.answers import answer_problems
from redink.records import Problem, problem_id
from redink.reinforcement.callbacks import StepCallback
from redink.training.validation_plan import ValidationPlan
from tests.reinforcement.policy_world import SETTINGS, lines, sums, trained

SCRIPT = Path(__file__).with_name("policy_world.py")
ROOT = SCRIPT.parents[2]
LONG = {"steps": 18, "checkpoint_steps": 3, "precision": "bf16", "dynamic_sampling": 1}
"""A training that lasts long enough to be killed in it, with a moving reference."""


def figures(out):
    timed = ("seconds", "seconds_by_part")
    return [{k: v for k, v in row.items() if k not in timed} for row in lines(out, "steps")]


def losses(out):
    return json.loads((out / "model" / "training.json").read_text())["losses"]


def weights(out):
    return (out / "model" / "model.safetensors").read_bytes()


def words(settings):
    return [f"{name}={json.dumps(value)}" for name, value in settings.items()]


def environment():
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return dict(os.environ) | {"PYTHONPATH": os.pathsep.join(paths)}


def test_every_rollout_is_logged_and_the_reward_rises(tiny_student, tmp_path, capfd):
    out = tmp_path / "out"
    settings = {
        "steps": 12, "problems_per_step": 4, "samples": 6, "learning_rate": 3e-2, "entropy": 0.0,
        "beta": 0.01,
    }  # fmt: skip
    assert trained(tiny_student, out, **settings) == out / "model"
    rows, steps = lines(out, "rollouts"), lines(out, "steps")
    assert len(steps) == 12
    assert len(rows) == 12 * 24 == len({row["id"] for row in rows})
    assert {row["problem_id"] for row in rows} == {problem.id for problem in sums()}
    for row in rows:
        assert row["entropy"] > 0
        assert row["kl"] is not None
        assert row["advantage"] is not None
        assert row["n_tokens"] <= 12
    first, last = (sum(s["reward"] for s in part) / 3 for part in (steps[:3], steps[-3:]))
    assert last > first + 0.1
    assert steps[0]["kl"] == pytest.approx(0.0, abs=1e-6), "the reference begins as the policy"
    assert steps[-1]["kl"] > 0
    assert max(step["sampler_gap"] for step in steps) < 1e-4
    record = json.loads((out / "model" / "training.json").read_text())
    assert record["rollouts"] == len(rows)
    assert len(record["losses"]) == 12
    assert "288 in 12 steps, of at most 12 tokens" in capfd.readouterr().err
    assert not (out / "checkpoints").exists()
    assert trained(tiny_student, out, **settings) == out / "model", "finished: returned at once"
    with pytest.raises(UsageError, match="another training"):
        trained(tiny_student, out, **settings | {"beta": 0.1})


@pytest.mark.parametrize(
    "way",
    [
        {"algorithm": "grpo", "reference": "fixed", "updates": 2},
        {"algorithm": "dr-grpo", "beta": 0.0, "reference": "fixed", "select_samples": 2},
    ],
    ids=["grpo, two updates", "dr-grpo, two of four samples"],
)
def test_the_other_algorithms_train_too(tiny_student, tmp_path, way):
    out = tmp_path / "out"
    trained(tiny_student, out, **way)
    rows, steps = lines(out, "rollouts"), lines(out, "steps")
    assert len(steps) == SETTINGS["steps"]
    assert len(rows) == 4 * 12
    assert len(losses(out)) == 4 * way.get("updates", 1)
    per_step = 6 if "select_samples" in way else 12
    assert sum(row["advantage"] is not None for row in rows) == 4 * per_step
    if "select_samples" in way:
        assert all(step["kl"] is None and step["trained"] == 0.5 for step in steps)


def killed_after(out, step, student):
    """Starts the training in a process of its own and kills it once `step` is a checkpoint."""
    command = [sys.executable, str(SCRIPT), str(student), str(out), *words(LONG)]
    with (out.parent / "log.txt").open("a") as log:
        process = subprocess.Popen(command, env=environment(), stdout=log, stderr=log)
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        found = out.glob("checkpoints/checkpoint-*/complete.json")
        if any(int(path.parent.name.split("-")[1]) >= step for path in found):
            break
        assert process.poll() is None, (out.parent / "log.txt").read_text()
        time.sleep(0.01)
    process.kill()
    assert process.wait(20) == -signal.SIGKILL
    assert not (out / "model").exists()


def test_a_killed_training_goes_on_bit_for_bit(tiny_student, tmp_path):
    whole, out = tmp_path / "whole", tmp_path / "out"
    trained(tiny_student, whole, **LONG)
    killed_after(out, 6, tiny_student)
    # A step that was begun after the checkpoint, and half a line of it.
    with (out / "rollouts.jsonl").open("a") as stream:
        stream.write('{"step": 99, "text": "half of')
    trained(tiny_student, out, **LONG)
    assert losses(out) == losses(whole)
    assert figures(out) == figures(whole)
    assert weights(out) == weights(whole)
    assert (out / "rollouts.jsonl").read_bytes() == (whole / "rollouts.jsonl").read_bytes()


class Stopped(Exception):
    """Stands for a kill."""


def test_a_moving_reference_is_gone_on_with_and_not_begun_anew(tiny_student, tmp_path, monkeypatch):
    """A reference as it was at the start would give another divergence."""
    way = {"reference_rate": 0.5, "steps": 6, "learning_rate": 1e-2}
    whole, out = tmp_path / "whole", tmp_path / "out"
    trained(tiny_student, whole, **way)
    true_step = StepCallback.on_log

    def stop(self, args, state, *others, **kwargs):
        if state.global_step == 5:
            raise Stopped
        true_step(self, args, state, *others, **kwargs)

    monkeypatch.setattr(StepCallback, "on_log", stop)
    with pytest.raises(Stopped):
        trained(tiny_student, out, **way)
    monkeypatch.undo()
    trained(tiny_student, out, **way)
    assert [step["kl"] for step in figures(out)] == [step["kl"] for step in figures(whole)]
    assert weights(out) == weights(whole)


def validation():
    rows = [f"{n} + 2 =" for n in range(5)]
    problems = tuple(Problem(problem_id(q, "1"), q, "1") for q in rows)
    return ValidationPlan("accuracy", 2, 6, problems)


def test_the_best_step_is_returned_the_start_among_them(tiny_student, tmp_path, monkeypatch):
    import redink.reinforcement.validation as module

    found = iter([0.6, 0.2, 0.4])
    monkeypatch.setattr(module, "policy_accuracy", lambda *given: next(found))
    out = tmp_path / "out"
    trained(tiny_student, out, validation())
    record = json.loads((out / "model" / "training.json").read_text())["validation"]
    assert record["chosen_step"] == 0
    assert record["accuracy"] == 0.6
    assert [look["step"] for look in record["looks"]] == [0, 2, 4]
    start = load_file(tiny_student / "model.safetensors")
    for name, weight in load_file(out / "model" / "model.safetensors").items():
        assert torch.equal(weight, start[name].float())


def test_validation_is_greedy_and_leaves_the_training_as_it_is(tiny_student, tmp_path):
    plain, watched = tmp_path / "plain", tmp_path / "watched"
    trained(tiny_student, plain)
    trained(tiny_student, watched, validation())
    assert figures(plain) == figures(watched)
    looks = lines(watched, "validation")
    assert [look["step"] for look in looks] == [0, 2, 4]
    assert all(0 <= look["accuracy"] <= 1 for look in looks)


def test_validation_by_samples_draws_as_rollouts_are_drawn(tiny_student, tmp_path, monkeypatch):
    import redink.reinforcement.validation as module

    asked = []

    def answered(engine, problems, sampling, prompt, **names):
        asked.append((len(problems), sampling))
        return answer_problems(engine, problems, sampling, prompt, **names)

    monkeypatch.setattr(module, "answer_problems", answered)
    plain, watched = tmp_path / "plain", tmp_path / "watched"
    trained(tiny_student, plain)
    trained(tiny_student, watched, replace(validation(), samples=3))
    assert figures(plain) == figures(watched)
    assert {(n, s.samples, s.temperature, s.top_p) for n, s in asked} == {(5, 3, 1.2, 1.0)}
    looks = lines(watched, "validation")
    assert [look["step"] for look in looks] == [0, 2, 4]
    assert all(
        15 * look["accuracy"] == pytest.approx(round(15 * look["accuracy"])) for look in looks
    )
    record = json.loads((watched / "model" / "training.json").read_text())["validation"]
    assert (record["problems"], record["samples"]) == (5, 3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"beta": 0.0, "reference": "moving"}, "beta = 0"),
        ({"method": "lora"}, "method = lora"),
        ({"samples": 1}, "samples = 1"),
    ],
)
def test_what_does_not_go_together_is_refused(tiny_student, tmp_path, settings, message):
    with pytest.raises(UsageError, match=message):
        trained(tiny_student, tmp_path / "out", **settings)


def test_a_training_that_diverges_says_so(tiny_student, tmp_path):
    with pytest.raises(ModelError, match="diverged"):
        trained(tiny_student, tmp_path / "out", learning_rate=1e30)
