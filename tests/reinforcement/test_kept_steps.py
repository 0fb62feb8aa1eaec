"""Models of steps on the way: plain models of just those steps, and nothing else changes."""

import json

import pytest
from safetensors.torch import load_file

from redink.errors import UsageError
from redink.models.loading import load_model, load_tokenizer
from redink.models.resolve import resolve_model
from redink.stages.reinforce import reinforce
from redink.stages.scale import models_along
from redink.tables import problem_table
from redink.training.result import kept_steps
from tests.reinforcement import letters, policy_world
from tests.reinforcement.policy_world import sums


def weights(folder):
    return (folder / "model.safetensors").read_bytes()


@pytest.mark.parametrize("world", [policy_world, letters])
def test_steps_are_kept_and_the_training_comes_to_the_same(world, tiny_student, tmp_path):
    plain, kept = tmp_path / "plain", tmp_path / "kept"
    world.trained(tiny_student, plain, steps=4)
    world.trained(tiny_student, kept, steps=4, keep_steps=[2, 4])
    found = kept_steps(kept / "model")
    assert list(found) == [2, 4]
    assert weights(found[4]) == weights(kept / "model") == weights(plain / "model")
    assert weights(found[2]) != weights(found[4])
    assert kept_steps(plain / "model") == {}
    for folder in found.values():
        source = resolve_model(folder)
        assert load_model(source, "float32", "cpu").config.use_cache
        assert load_tokenizer(source).chat_template == load_tokenizer(
            resolve_model(tiny_student)
        ).chat_template  # fmt: skip


def test_steps_are_batches_of_rollouts_whatever_the_updates_on_each(tiny_student, tmp_path):
    once, twice = tmp_path / "once", tmp_path / "twice"
    policy_world.trained(tiny_student, once, steps=2, updates=2)
    policy_world.trained(tiny_student, twice, steps=3, updates=2, keep_steps=[2])
    (kept,) = kept_steps(twice / "model").values()
    assert weights(kept) == weights(once / "model")


def test_adapters_are_merged_and_go_on(tiny_student, tmp_path):
    settings = {"steps": 3, "method": "lora", "lora_rank": 4}
    letters.trained(tiny_student, tmp_path / "plain", **settings)
    letters.trained(tiny_student, tmp_path / "kept", **settings, keep_steps=[1])
    assert weights(tmp_path / "plain" / "model") == weights(tmp_path / "kept" / "model")
    (kept,) = kept_steps(tmp_path / "kept" / "model").values()
    names = set(load_file(kept / "model.safetensors"))
    assert names == set(load_file(tmp_path / "kept" / "model" / "model.safetensors"))
    assert not [name for name in names if "lora" in name or "value" in name]


def test_what_another_training_left_is_removed(tiny_student, tmp_path):
    for name, text in {"3": json.dumps({"key": "another", "step": 3}), "4": "{", "x": "[]"}.items():
        place = tmp_path / "steps" / name
        place.mkdir(parents=True)
        (place / "training.json").write_text(text)
    policy_world.trained(tiny_student, tmp_path, steps=2, keep_steps=[1])
    assert [path.name for path in (tmp_path / "steps").iterdir()] == ["1"]


def test_a_step_that_there_is_not_is_named(tiny_student, tmp_path):
    with pytest.raises(UsageError, match=r"no step 9; give steps from 1 to 4"):
        reinforce(problem_table(sums()), student=tiny_student, steps=4, keep_steps=[2, 9],
                  out=tmp_path)  # fmt: skip


def test_models_along_a_training_are_named_by_their_steps(tmp_path):
    for arm in ("policy@1", "policy@2", "start"):
        (tmp_path / arm / "model").mkdir(parents=True)
    for place in ("policy@1/steps/16", "policy@1/steps/8", "policy@2/steps/8", "start/steps/.part"):
        (tmp_path / place).mkdir(parents=True)
    models = {arm: tmp_path / arm / "model" for arm in ("start", "policy@1", "policy@2")}
    found = models_along(models)
    assert list(found) == [
        "start", "policy/8@1", "policy/16@1", "policy@1", "policy/8@2", "policy@2"
    ]  # fmt: skip
    assert found["policy/16@1"] == tmp_path / "policy@1" / "steps" / "16"
    with pytest.raises(UsageError, match=r"none of the models \(start\) kept steps"):
        models_along({"start": models["start"]})
