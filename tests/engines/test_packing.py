"""Packed weights compute what plain ones compute."""

import pytest
import torch

from redink.engines import packing
from redink.models import resolve_model
from redink.models.loading import load_model


def test_a_packed_model_gives_the_same_logits(tiny_student):
    if not packing._supported():
        pytest.skip("this processor or torch build has no packed bfloat16 product")
    source = resolve_model(tiny_student)
    plain = load_model(source, "bfloat16", "cpu")
    packed = packing.pack(load_model(source, "bfloat16", "cpu"))
    assert isinstance(packed.lm_head, packing.PackedLinear)
    assert not [m for m in packed.modules() if type(m) is torch.nn.Linear]
    for rows in (1, 3, 64, 200):
        ids = torch.randint(3, 300, (rows, 7))
        with torch.inference_mode():
            assert torch.equal(packed(ids).logits, plain(ids).logits)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_other_types_stay_plain(tiny_student, dtype):
    model = packing.pack(load_model(resolve_model(tiny_student), dtype, "cpu"))
    assert type(model.lm_head) is torch.nn.Linear


def test_a_torch_without_the_product_stays_plain(tiny_student, monkeypatch):
    monkeypatch.setattr(packing, "PackedLinear", None)
    monkeypatch.setattr(packing, "_supported", lambda: False)
    model = packing.pack(load_model(resolve_model(tiny_student), "bfloat16", "cpu"))
    assert type(model.lm_head) is torch.nn.Linear
