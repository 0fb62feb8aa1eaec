"""What a reinforcement will take is said, and refused where it cannot be, before it begins."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from redink.errors import StorageError
from redink.models.loading import load_tokenizer
from redink.models.resolve import resolve_model
from redink.reinforcement.drawing import Drawing
from redink.reinforcement.outlook import policy_outlook
from redink.reinforcement.ppo_settings import PPO
from redink.reinforcement.settings import PolicySettings
from redink.training.footprint import planned_size
from redink.training.method import method_of
from tests.reinforcement import letters, policy_world
from tests.reinforcement.policy_world import sums

GROUPS = PolicySettings(steps=10, problems_per_step=4, samples=8, max_tokens=32)


@pytest.fixture
def ahead(tiny_student, tmp_path):
    source = resolve_model(tiny_student)
    tokenizer = load_tokenizer(source)

    def found(algorithm, max_tokens=32, validation=False, **settings):
        drawing = Drawing(max_tokens=max_tokens)
        return policy_outlook(
            source, tokenizer, sums(), algorithm, drawing, settings, tmp_path / "out",
            validation=validation,
        )  # fmt: skip

    return found


@pytest.fixture
def size(tiny_student):
    return planned_size(resolve_model(tiny_student), method_of({}, "reinforce"))


def test_a_moving_reference_is_in_memory_and_in_every_checkpoint(ahead, size):
    weights = 4 * size.parameters
    with_it = ahead(GROUPS, checkpoint_steps=2)
    assert (with_it.memory.weights, with_it.reference, with_it.copy) == (
        weights, weights, weights // 2
    )  # fmt: skip
    assert with_it.disk.checkpoint == 4 * weights
    assert with_it.disk.needed == 8 * weights
    fixed = ahead(PolicySettings(steps=10, reference="fixed"), checkpoint_steps=2)
    assert (fixed.reference, fixed.disk.checkpoint) == (weights, 3 * weights)
    without = ahead(PolicySettings(steps=10, beta=0.0, reference="fixed"), checkpoint_steps=2)
    assert (without.reference, without.disk.checkpoint) == (0, 3 * weights)


def test_ppo_has_an_initial_policy_whatever_beta_is_and_adapters_none(ahead, size):
    assert ahead(PPO(beta=0.0)).reference == 4 * size.parameters
    adapters = ahead(PPO(), method="lora")
    assert (adapters.reference, adapters.copy) == (0, 2 * size.parameters)
    assert adapters.memory.optimizer < ahead(PPO()).memory.optimizer


def test_the_copy_is_exact_in_float32_and_elsewhere_with_vllm(ahead, size):
    assert ahead(GROUPS, precision="fp32").copy == 4 * size.parameters
    assert ahead(GROUPS, precision="fp32").cache == 2 * ahead(GROUPS).cache
    elsewhere = ahead(GROUPS, engine="vllm")
    assert elsewhere.copy == elsewhere.cache == 0


def test_more_rollouts_at_once_and_longer_ones_need_a_larger_cache(ahead):
    longest = ahead(GROUPS).prompts["longest"]
    per_row = ahead(GROUPS).cache / (longest + 32)
    assert ahead(GROUPS, max_tokens=96).cache == per_row * (longest + 96)
    assert ahead(GROUPS, batch_size=8).cache == ahead(GROUPS).cache / 4
    assert ahead(GROUPS).load.rows * ahead(GROUPS).load.length <= 640
    assert ahead(GROUPS, micro_batch=10).load.rows == 1


def test_a_short_training_keeps_no_checkpoint_and_validation_keeps_the_best(ahead, size):
    short = ahead(GROUPS)
    assert not short.checkpoints
    assert short.disk.needed == short.disk.result == 4 * size.parameters
    assert ahead(GROUPS, validation=True).disk.needed == 3 * short.disk.result
    assert ahead(GROUPS, checkpoint_seconds=1e-9).checkpoints


@pytest.mark.parametrize("world", [policy_world, letters])
def test_a_full_disk_is_told_before_anything_is_drawn(world, tiny_student, tmp_path, monkeypatch):
    usage = SimpleNamespace(total=10**9, used=10**9 - 9, free=9)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage)
    out = tmp_path / "out"
    with pytest.raises(StorageError, match=r"out: training needs .* on disk .* 0.0 MiB are free"):
        world.trained(tiny_student, out)
    assert not (out / "rollouts.jsonl").exists()


@pytest.mark.parametrize("world", [policy_world, letters])
def test_it_is_printed_and_kept_beside_the_model(world, tiny_student, tmp_path, capfd):
    out = tmp_path / "out"
    world.trained(tiny_student, out)
    told = capfd.readouterr().err
    for name in ("problems", "prompts", "rollouts", "the copy that draws", "disk"):
        assert name in told
    assert all(len(line) <= 80 for line in told.splitlines() if line.startswith("│"))
    kept = json.loads(Path(out / "preflight.json").read_text())
    assert kept["problems"] == 11
    assert kept["memory"]["process"] > kept["memory"]["total"] > kept["reference"] > 0
    steps = [json.loads(line) for line in (out / "steps.jsonl").open()]
    assert kept["rollouts"] == sum(step["rollouts"] for step in steps)


def test_models_of_steps_on_the_way_need_room_on_disk(ahead):
    more = ahead(GROUPS, keep_steps=[2, 5]).disk.needed - ahead(GROUPS).disk.needed
    assert more == 2 * ahead(GROUPS).disk.result
