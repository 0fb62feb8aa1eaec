"""The loss is the mean over an optimizer step's labels, however the step is cut."""

from pathlib import Path

import pytest

from redink.models.loading import load_tokenizer
from redink.models.quiet import quiet
from redink.models.resolve import resolve_model
from redink.scoring.labelled import labelled_rows
from redink.scoring.preflight import scorer_flight
from tests.scoring.cued import cued_step_labels

EXACT = 1e-4


def flight(student):
    tokenizer = load_tokenizer(resolve_model(student))
    return tokenizer, scorer_flight(labelled_rows([cued_step_labels(16)], "sorm"), tokenizer, 512)


def losses(student, folder, *, lora=False, **how):
    from redink.scoring.model import head_name, load_base
    from redink.scoring.trainer import build_score_trainer, ordered_rows
    from redink.training.lora import with_adapters

    tokenizer, found = flight(student)
    model = load_base(resolve_model(student), 0, "cpu")
    if lora:
        model = with_adapters(model, 4, 8.0, 0, head_name(model))
    with quiet():
        trainer = build_score_trainer(
            model,
            tokenizer,
            ordered_rows(found.rows, range(16)),
            [],
            folder=Path(folder),
            learning_rate=1e-3,
            batch_size=4,
            warmup_ratio=0.25,
            weight_decay=0.0,
            seed=0,
            **({"precision": "fp32"} | how),
        )
        trainer.train()
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


@pytest.fixture(scope="module")
def plain(tiny_student, tmp_path_factory):
    return losses(tiny_student, tmp_path_factory.mktemp("plain"))


@pytest.mark.parametrize("tokens", [64, 200])
def test_losses_do_not_depend_on_micro_batches(tiny_student, tmp_path, plain, tokens):
    assert losses(tiny_student, tmp_path, micro_batch_tokens=tokens) == pytest.approx(
        plain, abs=EXACT
    )


def test_losses_in_bfloat16_are_those_in_float32_but_for_rounding(tiny_student, tmp_path, plain):
    found = losses(tiny_student, tmp_path, precision="bf16")
    assert found == pytest.approx(plain, abs=5e-3)
    assert found != plain


def test_adapters_and_the_head_are_what_lora_trains(tiny_student):
    from redink.scoring.model import head_name, load_base
    from redink.training.lora import with_adapters

    model = load_base(resolve_model(tiny_student), 0, "cpu")
    adapted = with_adapters(model, 4, 8.0, 0, head_name(model))
    trained = {name for name, weight in adapted.named_parameters() if weight.requires_grad}
    assert all("lora_" in name or "score.modules_to_save" in name for name in trained)
    assert any("score.modules_to_save" in name for name in trained)
    layers = {name.split(".lora_")[0].rsplit(".", 1)[-1] for name in trained if "lora_" in name}
    assert layers == {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}


def test_the_first_loss_is_the_mean_over_the_labels_of_the_first_step(tiny_student, plain):
    import torch

    from redink.scoring.batches import merged_rows, tensors
    from redink.scoring.model import load_base, logits_at

    _, found = flight(tiny_student)
    batch = tensors(merged_rows(found.rows[:4], 0))
    with torch.no_grad():
        logits = logits_at(load_base(resolve_model(tiny_student), 0, "cpu"), batch)
    by_hand = torch.nn.functional.binary_cross_entropy_with_logits(logits, batch["targets"])
    assert plain[0] == pytest.approx(by_hand.item(), abs=EXACT)


def test_adapters_begin_with_the_loss_of_the_base(tiny_student, tmp_path, plain):
    found = losses(tiny_student, tmp_path, lora=True)
    assert found[0] == pytest.approx(plain[0], abs=EXACT)
    assert found[1:] != pytest.approx(plain[1:], abs=EXACT)


def test_gpus_in_sight_do_not_multiply_the_batch(tiny_student, tmp_path, monkeypatch, plain):
    from transformers import TrainingArguments

    true_setup = TrainingArguments.__post_init__

    def with_eight(self):
        true_setup(self)
        self._n_gpu = 8

    monkeypatch.setattr(TrainingArguments, "__post_init__", with_eight)
    assert losses(tiny_student, tmp_path) == plain
