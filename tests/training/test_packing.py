"""Packed rows: as unpacked in loss and gradients, and no document sees another."""

import pytest

from redink.errors import UsageError
from redink.training.batches import collate, packed_batches
from redink.training.encoding import Encoded
from redink.training.method import Method

FAMILIES = ("llama", "mistral", "olmo2", "phi3", "qwen2", "qwen3")


def rows(count=5):
    return [
        Encoded(tuple((11 * n * k + k * k) % 90 + 3 for k in range(12 + 7 * n)), 5 + n, 11 + 7 * n)
        for n in range(count)
    ]


def tiny(family, **settings):
    """A two-layer model of a family, random weights."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(0)
    config = AutoConfig.for_model(
        family,
        vocab_size=100,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        max_position_embeddings=256,
        pad_token_id=0,
        bos_token_id=None,
        eos_token_id=None,
        **settings,
    )
    return AutoModelForCausalLM.from_config(config).eval()


def loss_and_gradients(model, batch):
    import torch
    import torch.nn.functional as F

    from redink.training.packing import packed_attention

    labels = torch.tensor(batch.pop("labels"))
    inputs = {k: v if k == "borders" else torch.tensor(v) for k, v in batch.items()}
    model.zero_grad()
    if "borders" in inputs:
        with packed_attention(model):
            logits = model(**inputs, use_cache=False).logits
    else:
        logits = model(**inputs, use_cache=False).logits
    loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), reduction="sum")
    loss.backward()
    return loss.item(), {name: p.grad.clone() for name, p in model.named_parameters()}


@pytest.mark.parametrize("family", FAMILIES)
def test_packed_equals_unpacked_in_loss_and_gradients(family):
    from redink.training.packing import PACKABLE, pack

    assert family in PACKABLE
    model = tiny(family)
    loss, gradients = loss_and_gradients(model, collate(rows(), 0))
    packed, packed_gradients = loss_and_gradients(model, pack(rows(), 0))
    assert packed == pytest.approx(loss, rel=1e-5)
    for name, gradient in gradients.items():
        assert packed_gradients[name].numpy() == pytest.approx(gradient.numpy(), abs=2e-4), name


@pytest.mark.parametrize("family", FAMILIES)
def test_a_document_never_attends_across_its_border(family):
    import torch

    from redink.training.packing import pack, packed_attention

    model = tiny(family)
    first, second = rows()[3], rows()[4]
    other = Encoded(tuple((token + 41) % 90 + 3 for token in first.ids), *[first.loss_from] * 2)
    seen = []
    for neighbours in ([first, second], [other, second], [other, second, first]):
        batch = pack(neighbours, 0)
        batch.pop("labels")
        inputs = {k: v if k == "borders" else torch.tensor(v) for k, v in batch.items()}
        with torch.no_grad(), packed_attention(model):
            logits = model(**inputs, use_cache=False).logits[0]
        start = len(neighbours[0].ids)
        seen.append(logits[start : start + len(second.ids)])
    with torch.no_grad():
        alone = model(torch.tensor([second.ids])).logits[0]
    for logits in seen:
        assert torch.allclose(logits, alone, atol=1e-5)


def test_a_packed_row_starts_each_document_anew():
    from redink.training.packing import pack

    batch = pack([Encoded((5, 6, 7), 1, 3), Encoded((8, 9), 1, 2)], pad_id=0)
    assert batch["borders"] == [0, 3, 5, 32]
    assert batch["input_ids"][0][:6] == [5, 6, 7, 8, 9, 0]
    assert batch["position_ids"][0][:7] == [0, 1, 2, 0, 1, 0, 1]
    assert batch["labels"][0] == [-100, 6, 7, -100, 9] + [-100] * 27


def test_packed_batches_hold_every_row_once_within_the_limit():
    lengths = [30, 500, 33, 64, 31, 200, 90, 700, 32, 65]
    cuts = packed_batches(lengths, limit=600)
    assert sorted(index for cut in cuts for index in cut) == list(range(len(lengths)))
    for cut in cuts:
        assert sum(lengths[i] for i in cut) <= 600 or len(cut) == 1
    assert len(cuts) == 3
    assert packed_batches([7], limit=4) == [[0]]


def test_the_model_attends_as_before_once_a_packed_row_is_done():
    from redink.training.packing import packed_attention

    model = tiny("llama")
    before = model.config._attn_implementation
    with packed_attention(model):
        assert model.config._attn_implementation != before
    assert model.config._attn_implementation == before


def test_packing_is_refused_where_documents_could_meet():
    recurrent = tiny("llama")
    recurrent.config.model_type = "mamba2"
    with pytest.raises(UsageError, match="leave packing out"):
        Method(packing=True).packs(recurrent, 100)
    assert Method().packs(recurrent, 100) is False
    windowed = tiny("mistral", sliding_window=64)
    assert Method(packing=True).packs(windowed, 64) is True
    with pytest.raises(UsageError, match="leave packing out"):
        Method(packing=True).packs(windowed, 65)
