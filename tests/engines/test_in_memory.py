"""The engine over a model in memory computes what the engine over its folder does."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from redink.engines.in_memory import InMemoryEngine
from redink.engines.packing import pack


def test_copy_has_the_types_of_a_loaded_model(tiny_student):
    model = AutoModelForCausalLM.from_pretrained(tiny_student)
    engine = InMemoryEngine(model, AutoTokenizer.from_pretrained(tiny_student))
    loaded = AutoModelForCausalLM.from_pretrained(tiny_student, dtype=torch.bfloat16)
    types = {name: buffer.dtype for name, buffer in engine.model.named_buffers()}
    assert types == {name: buffer.dtype for name, buffer in loaded.named_buffers()}
    assert torch.float32 in types.values()
    assert {weight.dtype for weight in engine.model.parameters()} == {torch.bfloat16}
    ids = torch.arange(2, 40)[None]
    with torch.no_grad():
        assert torch.equal(engine.model(ids).logits, pack(loaded.eval())(ids).logits)
