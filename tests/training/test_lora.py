"""LoRA: adapters trained, merged into a plain model, resumed exactly."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from redink.errors import UsageError
from redink.models.loading import load_model
from redink.models.resolve import resolve_model
from redink.records import Problem, problem_id
from redink.stages.finetune import finetune
from redink.tables import problem_table

SETTINGS = {
    "learning_rate": 1e-2,
    "epochs": 1.0,
    "batch_size": 4,
    "checkpoint_steps": 2,
    "seed": 5,
    "method": "lora",
    "lora_rank": 4,
}


def sums(count=20):
    pairs = [(f"{11 + 7 * n} + {90 - 3 * n} =", str(101 + 4 * n)) for n in range(count)]
    return problem_table([Problem(problem_id(q, a), q, a, f"{q} {a}") for q, a in pairs])


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, tiny_student):
    out = tmp_path_factory.mktemp("undisturbed")
    finetune(sums(), student=tiny_student, out=out, **SETTINGS)
    return out


def record(out):
    return json.loads((out / "model" / "training.json").read_text())


def weights(out):
    return (out / "model" / "model.safetensors").read_bytes()


def test_the_result_is_a_plain_model_with_every_linear_layer_changed(undisturbed, tiny_student):
    names = {path.name for path in (undisturbed / "model").iterdir()}
    assert not any("adapter" in name for name in names)
    trained = load_model(resolve_model(undisturbed / "model"), "float32", "cpu").state_dict()
    before = load_model(resolve_model(tiny_student), "float32", "cpu").state_dict()
    assert trained.keys() == before.keys()
    changed = {name for name in before if not trained[name].equal(before[name])}
    linear = {name for name in before if "proj" in name}
    assert changed == linear
    facts = record(undisturbed)
    assert facts["method"] == "lora"
    assert facts["lora"] == {"rank": 4, "alpha": 8.0, "merged": True}
    assert facts["losses"][-1]["loss"] < facts["losses"][0]["loss"]


def test_the_merged_model_scores_as_the_model_with_adapters(tiny_student):
    import torch

    from redink.training.lora import merged, with_adapters

    ids = torch.arange(3, 40)[None]
    model = load_model(resolve_model(tiny_student), "float32", "cpu")
    before = model(ids).logits
    adapted = with_adapters(model, 4, 8.0, seed=0)
    assert torch.equal(adapted(ids).logits, before)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                parameter.normal_(0, 0.05)
    unmerged = adapted(ids).logits
    assert (unmerged - before).abs().max() > 0.01
    assert torch.allclose(merged(adapted)(ids).logits, unmerged, atol=1e-5)


KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from test_lora import *
from redink.training import callbacks

mark = callbacks.mark_complete

def mark_and_die(checkpoint, key, step, **facts):
    mark(checkpoint, key, step, **facts)
    if step == 2:
        os.kill(os.getpid(), signal.SIGKILL)

callbacks.mark_complete = mark_and_die
finetune(sums(), student={student!r}, out=Path({out!r}), **SETTINGS)
"""


def test_a_killed_training_goes_on_exactly(undisturbed, tmp_path, tiny_student):
    names = {"tests": str(Path(__file__).parent), "student": str(tiny_student)}
    code = KILLED.format(out=str(tmp_path), **names)
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert (tmp_path / "checkpoints" / "checkpoint-2" / "adapter_model.safetensors").exists()
    finetune(sums(), student=tiny_student, out=tmp_path, **SETTINGS)
    assert record(tmp_path)["losses"] == record(undisturbed)["losses"]
    assert weights(tmp_path) == weights(undisturbed)


def test_the_best_checkpoint_is_restored_before_merging(undisturbed, tmp_path, tiny_student):
    watch = {"validation": sums(3), "validate_every": 2, "validate_tokens": 4}
    finetune(sums(), student=tiny_student, out=tmp_path, **watch, **SETTINGS)
    assert record(tmp_path)["losses"] == record(undisturbed)["losses"]
    assert record(tmp_path)["validation"]["chosen_step"] == 2
    chosen = load_model(resolve_model(tmp_path / "model"), "float32", "cpu").state_dict()
    last = load_model(resolve_model(undisturbed / "model"), "float32", "cpu").state_dict()
    start = load_model(resolve_model(tiny_student), "float32", "cpu").state_dict()
    name = "model.layers.0.mlp.up_proj.weight"
    assert not chosen[name].equal(last[name])
    assert not chosen[name].equal(start[name])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"method": "dora"}, "full, lora or qlora"),
        ({"lora_rank": 0}, "lora_rank = 0"),
        ({"lora_alpha": 0}, "lora_alpha = 0"),
        ({"precision": "fp16"}, "bf16 or fp32"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(tmp_path, tiny_student, changed, message):
    with pytest.raises(UsageError, match=message):
        finetune(sums(), student=tiny_student, out=tmp_path, **(SETTINGS | changed))
    assert not list(tmp_path.iterdir())
