"""What a training takes up is told beforehand: memory by its parts, and disk."""

import json
from pathlib import Path

import pytest

from redink.models.loading import load_model, load_tokenizer
from redink.models.resolve import resolve_model
from redink.records import Problem, problem_id
from redink.stages.finetune import finetune
from redink.tables import problem_table
from redink.training.encoding import Encoded
from redink.training.footprint import Load, estimated_memory, largest_load, planned_size
from redink.training.method import Method

WITHIN = 0.15


def sums(start, stop):
    rows = []
    for n in range(start, stop):
        question, answer = f"{n} + {n} =", str(2 * n)
        rows.append(Problem(problem_id(question, answer), question, answer, f"It is {2 * n}."))
    return problem_table(rows)


def peak_of(work):
    """Bytes of tensors that `work` makes and holds at one time, at most."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        work()
    events = [e for e in seen.profiler.kineto_results.events() if e.name() == "[memory]"]
    held = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    return peak


@pytest.mark.parametrize("precision", ["bf16", "fp32"])
@pytest.mark.parametrize("name", ["full", "lora"])
def test_the_estimate_is_close_to_what_training_holds(tiny_student, tmp_path, name, precision):
    from redink.training.trainer import build_trainer, ordered_dataset

    source, method = resolve_model(tiny_student), Method(name, precision=precision)
    rows = [
        Encoded(tuple((7 * n * k) % 300 + 3 for k in range(n)), n // 4, n)
        for n in range(480, 511, 2)
    ]
    order = range(len(rows))
    load = largest_load(rows, order, 8, 2048, packing=False)
    memory = estimated_memory(source, method, planned_size(source, method), load)
    trainer = build_trainer(
        method.prepared(load_model(source, "float32", "cpu"), 0),
        load_tokenizer(source),
        ordered_dataset(rows, order),
        [],
        folder=Path(tmp_path),
        learning_rate=1e-3,
        batch_size=8,
        warmup_ratio=0.0,
        weight_decay=0.0,
        seed=0,
        precision=precision,
        micro_batch_tokens=2048,
    )
    held = peak_of(trainer.train)
    assert held == pytest.approx(memory.total - memory.weights, rel=WITHIN)


@pytest.mark.parametrize("method", ["full", "lora"])
@pytest.mark.parametrize("watched", [False, True])
def test_the_disk_need_is_that_of_checkpoints_and_result(
    tmp_path, tiny_student, monkeypatch, method, watched
):
    from redink.training import callbacks

    mark, most = callbacks.mark_complete, []

    def weighed(*args, **facts):
        files = [f for f in tmp_path.rglob("*") if f.suffix in (".safetensors", ".pt")]
        most.append(sum(f.stat().st_size for f in files))
        mark(*args, **facts)

    monkeypatch.setattr(callbacks, "mark_complete", weighed)
    settings = {"method": method, "lora_rank": 64, "batch_size": 4, "checkpoint_steps": 1}
    if watched:
        settings |= {"validation": sums(16, 20), "validate_by": "loss", "validate_every": 1}
    result = finetune(sums(0, 16), student=tiny_student, out=tmp_path, **settings)
    disk = json.loads((tmp_path / "preflight.json").read_text())["disk"]
    assert disk["result"] == pytest.approx((result / "model.safetensors").stat().st_size, rel=0.03)
    # Headers, random states and schedules come on top: some 30 kB a checkpoint.
    assert max(most) <= disk["needed"] + 80_000
    assert disk["checkpoint"] < max(most)


@pytest.mark.parametrize("method", ["full", "lora"])
def test_activations_are_known_for_every_method(tiny_student, method):
    source = resolve_model(tiny_student)
    how = Method(method, lora_rank=4, precision="fp32")
    memory = estimated_memory(source, how, planned_size(source, how), Load(2, 64, 40))
    assert memory.activations == saved_for_the_backward_pass(source, how, 2, 64)


def saved_for_the_backward_pass(source, method, rows, length):
    """Bytes that a real forward pass saves, weights not counted."""
    import torch

    from redink.models.loading import load_model

    model = method.prepared(load_model(source, "float32", "cpu"), 0).train()
    own = {parameter.data_ptr() for parameter in model.parameters()}
    saved = {}

    def note(tensor):
        storage = tensor.untyped_storage()
        saved[storage.data_ptr()] = storage.nbytes(), tensor
        return tensor

    ids_B_T = torch.zeros(rows, length, dtype=torch.long)
    attention_mask = torch.ones_like(ids_B_T)
    attention_mask[0, -1] = 0  # a row without padding anywhere needs no mask, a training's do
    plain = model.get_base_model() if method.name == "lora" else model
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        plain.base_model(input_ids=ids_B_T, attention_mask=attention_mask, use_cache=False)
    return sum(size for place, (size, _) in saved.items() if place not in own)
