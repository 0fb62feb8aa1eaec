"""A training by PPO that is killed goes on exactly."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from redink.training.validation_plan import ValidationPlan
from tests.reinforcement.letters import lines, sums, trained

SCRIPT = Path(__file__).with_name("letters.py")
ROOT = SCRIPT.parents[2]
LONG = {"steps": 40, "checkpoint_steps": 3, "precision": "bf16", "warmup_ratio": 0.5}


def files(out):
    names = ("model/model.safetensors", "value_head.safetensors", "rollouts.jsonl")
    return [(out / name).read_bytes() for name in names]


def figures(out):
    return [{k: v for k, v in row.items() if "seconds" not in k} for row in lines(out, "steps")]


def words(settings):
    return [f"{name}={json.dumps(value)}" for name, value in settings.items()]


def environment():
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return dict(os.environ) | {"PYTHONPATH": os.pathsep.join(paths)}


def killed_after(out, step, student):
    """Starts the training in a process of its own and kills it once `step` is a checkpoint."""
    command = [sys.executable, str(SCRIPT), str(student), str(out), *words(LONG)]
    with (out.parent / "log.txt").open("a") as log:
        process = subprocess.Popen(command, env=environment(), stdout=log, stderr=log)
    deadline = time.monotonic() + 240
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
    # As a kill in the middle of a line leaves it.
    with (out / "rollouts.jsonl").open("a") as log:
        log.write('{"id": "r00", "step": 4')
    trained(tiny_student, out, **LONG)
    assert files(out) == files(whole)
    assert figures(out) == figures(whole)
    assert not (out / "checkpoints").exists()


def test_going_on_takes_up_weights_optimizer_and_order(tiny_student, tmp_path, monkeypatch):
    """Without a process of its own: stopped at any step, and the parts looked at."""
    from redink.reinforcement import ppo_training

    class Stopped(Exception):
        pass

    def stop(bar, figures):
        if figures["step"] == 5:
            raise Stopped

    def measured(sampler, *given):
        return next(sampler.copy.parameters()).abs().mean().item()

    monkeypatch.setattr("redink.reinforcement.validation.policy_accuracy", measured)
    plan = ValidationPlan(every=2, problems=tuple(sums(2)))
    whole, out = tmp_path / "whole", tmp_path / "out"
    trained(tiny_student, whole, validation=plan, steps=7)
    with monkeypatch.context() as patched:
        patched.setattr(ppo_training, "show", stop)
        with pytest.raises(Stopped):
            trained(tiny_student, out, validation=plan, steps=7)
    assert [row["step"] for row in lines(out, "steps")] == [1, 2, 3, 4, 5]
    state = torch.load(out / "checkpoints" / "checkpoint-4" / "state.pt", weights_only=True)
    assert state["optimizer"]["state"][0]["step"] == 8
    # 11 problems, 8 a step without one twice: the order's place is past 4 x 8.
    assert state["problems"] >= 32
    trained(tiny_student, out, validation=plan, steps=7)
    assert files(out) == files(whole)
    assert figures(out) == figures(whole)
    ours, theirs = (json.loads((o / "model/training.json").read_text()) for o in (out, whole))
    assert ours["validation"] == theirs["validation"]
    assert [look["step"] for look in ours["validation"]["looks"]] == [0, 2, 4, 6, 7]
