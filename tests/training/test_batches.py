"""Order of training, micro-batches, and the loss that must not depend on them."""

import pytest

from redink.models import resolve_model
from redink.models.loading import load_model
from redink.training.batches import BUCKET, collate, micro_batches, training_order
from redink.training.encoding import Encoded


def test_the_order_is_the_seeds_and_each_epoch_holds_every_row():
    order = training_order(10, 2.5, seed=3)
    assert sorted(order[:10]) == sorted(order[10:20]) == list(range(10))
    assert order[:10] != order[10:20]
    assert len(order) == 25
    assert order == training_order(10, 2.5, seed=3)
    assert order != training_order(10, 2.5, seed=4)
    assert training_order(4, 1.5, seed=0, shuffle=False) == [0, 1, 2, 3, 0, 1]


def test_micro_batches_hold_every_row_once_within_the_limit():
    lengths = [30, 500, 33, 64, 31, 200, 90, 700, 32, 65]
    cuts = micro_batches(lengths, limit=512)
    assert sorted(index for cut in cuts for index in cut) == list(range(len(lengths)))
    for cut in cuts:
        padded = -(-max(lengths[i] for i in cut) // BUCKET) * BUCKET * len(cut)
        assert padded <= 512 or len(cut) == 1
    padded = sum(-(-max(lengths[i] for i in cut) // BUCKET) * BUCKET * len(cut) for cut in cuts)
    assert padded < 1.25 * sum(lengths)


def test_padding_fills_up_to_a_bucket_and_carries_no_loss():
    batch = collate([Encoded((5, 6, 7), 1, 3), Encoded(tuple(range(1, 41)), 30, 40)], pad_id=0)
    assert {len(row) for rows in batch.values() for row in rows} == {64}
    assert batch["labels"][0] == [-100, 6, 7] + [-100] * 61
    assert sum(batch["attention_mask"][0]) == 3
    assert batch["input_ids"][0][3:] == [0] * 61


@pytest.fixture(scope="module")
def model(tiny_student):
    return load_model(resolve_model(tiny_student), "float32", "cpu")


def rows(count=7):
    return [
        Encoded(tuple((7 * n + k) % 300 + 3 for k in range(20 + 9 * n)), 8 + n, 18 + 9 * n)
        for n in range(count)
    ]


def summed_loss(model, encoded, *, loss_only):
    """Summed loss over the rows' completions, and the gradient of one weight."""
    import torch
    import torch.nn.functional as F

    from redink.training.head import head_at, loss_positions

    batch = {name: torch.tensor(values) for name, values in collate(encoded, 0).items()}
    inputs = {"input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"]}
    model.zero_grad()
    if loss_only:
        indices, targets = loss_positions(batch["labels"])
        with head_at(model.get_output_embeddings(), indices):
            logits = model(**inputs).logits[0]
        loss = F.cross_entropy(logits, targets, reduction="sum")
    else:
        logits = model(**inputs).logits[:, :-1].flatten(0, 1)
        targets = batch["labels"][:, 1:].flatten()
        loss = F.cross_entropy(logits, targets, reduction="sum")
    loss.backward()
    return loss.item(), model.model.layers[0].mlp.up_proj.weight.grad.clone()


def test_projecting_only_where_there_is_loss_changes_neither_loss_nor_gradient(model):
    full, full_gradient = summed_loss(model, rows(), loss_only=False)
    kept, kept_gradient = summed_loss(model, rows(), loss_only=True)
    assert kept == pytest.approx(full, rel=1e-6)
    assert kept_gradient.numpy() == pytest.approx(full_gradient.numpy(), abs=1e-5)
    tokens = sum(row.loss_tokens for row in rows())
    assert kept / tokens == pytest.approx(5.77, abs=0.2)


def test_the_head_is_as_it_was_afterwards(model):
    import torch

    before = model(torch.tensor([[5, 6, 7]])).logits
    summed_loss(model, rows(2), loss_only=True)
    assert torch.equal(model(torch.tensor([[5, 6, 7]])).logits, before)


def test_cutting_a_step_into_micro_batches_changes_nothing(model):
    whole, whole_gradient = summed_loss(model, rows(), loss_only=True)
    loss, gradient = 0.0, 0.0
    for cut in micro_batches([len(row.ids) for row in rows()], limit=128):
        part, part_gradient = summed_loss(model, [rows()[i] for i in cut], loss_only=True)
        loss, gradient = loss + part, gradient + part_gradient
    assert loss == pytest.approx(whole, rel=1e-6)
    assert gradient.numpy() == pytest.approx(whole_gradient.numpy(), abs=1e-4)
