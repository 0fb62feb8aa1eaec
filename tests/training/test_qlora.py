"""QLoRA is LoRA over the de-quantised weights, which are those of the result."""

import importlib.util
import json

import pytest

from redink.errors import MissingExtraError, UsageError
from redink.models.loading import load_model, load_tokenizer
from redink.models.resolve import resolve_model
from redink.stages.finetune import finetune
from tests.training import test_lora
from tests.training.test_lora import sums

SETTINGS = test_lora.SETTINGS | {"method": "qlora", "precision": "fp32"}
SAME_LOGITS, SAME_LOSSES = 1e-5, 1e-4
needs_bitsandbytes = pytest.mark.skipif(
    importlib.util.find_spec("bitsandbytes") is None,
    reason="bitsandbytes is not installed: pip install 'redink[qlora]'",
)


def losses(folder):
    return [entry["loss"] for entry in json.loads((folder / "training.json").read_text())["losses"]]


@pytest.fixture(scope="module")
def dequantised(tmp_path_factory, tiny_student):
    """The tiny student with each weight as QLoRA holds it, as a plain model."""
    import torch

    from redink.training.quantisation import load_quantised

    folder = tmp_path_factory.mktemp("dequantised")
    source = resolve_model(tiny_student)
    load_quantised(source, "fp32", "cpu").dequantize(torch.float32).save_pretrained(folder)
    load_tokenizer(source).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, tiny_student):
    out = tmp_path_factory.mktemp("undisturbed")
    return finetune(sums(), student=tiny_student, out=out, **SETTINGS)


def test_without_bitsandbytes_the_error_says_what_to_install(tiny_student, tmp_path, monkeypatch):
    monkeypatch.setattr("redink.training.quantisation.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'redink\[qlora\]'"):
        finetune(sums(), student=tiny_student, out=tmp_path, **SETTINGS)
    assert not list(tmp_path.iterdir())


def test_four_bit_weights_are_not_divided(tiny_student, tmp_path, monkeypatch):
    monkeypatch.setattr("redink.training.quantisation.find_spec", lambda name: object())
    settings = SETTINGS | {"processes": 2, "sharding": "fsdp2"}
    with pytest.raises(UsageError, match="sharding = fsdp2 cannot divide 4-bit weights"):
        finetune(sums(), student=tiny_student, out=tmp_path, **settings)


@needs_bitsandbytes
@pytest.mark.parametrize("changed", [{}, {"packing": True}, {"precision": "bf16"}])
def test_losses_are_those_of_lora_over_the_dequantised_weights(
    tiny_student, dequantised, tmp_path, changed
):
    settings = SETTINGS | changed
    four_bits = finetune(sums(), student=tiny_student, out=tmp_path / "4", **settings)
    settings["method"] = "lora"
    whole = finetune(sums(), student=dequantised, out=tmp_path / "32", **settings)
    tolerance = SAME_LOSSES if settings["precision"] == "fp32" else 1e-3
    assert losses(four_bits) == pytest.approx(losses(whole), abs=tolerance)


@needs_bitsandbytes
def test_the_result_is_a_plain_model_over_the_dequantised_weights(undisturbed, dequantised):
    config = json.loads((undisturbed / "config.json").read_text())
    assert "quantization_config" not in config
    facts = json.loads((undisturbed / "training.json").read_text())
    assert facts["base"] == {"type": "nf4", "double_quantisation": True}
    result = load_model(resolve_model(undisturbed), "float32", "cpu").state_dict()
    base = load_model(resolve_model(dequantised), "float32", "cpu").state_dict()
    changed = {name for name in base if not result[name].equal(base[name])}
    assert changed == {name for name in base if "proj" in name}


@needs_bitsandbytes
def test_the_merged_model_scores_as_the_model_with_adapters(tiny_student, dequantised):
    import torch

    from redink.training.lora import merged, merged_copy, with_adapters
    from redink.training.quantisation import is_quantised, load_quantised

    ids = torch.arange(3, 40)[None]
    model = load_quantised(resolve_model(tiny_student), "fp32", "cpu")
    base = load_model(resolve_model(dequantised), "float32", "cpu")
    assert is_quantised(model)
    assert torch.allclose(model(ids).logits, base(ids).logits, atol=SAME_LOGITS)
    adapted = with_adapters(model, 4, 8.0, seed=0)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                parameter.normal_(0, 0.05)
    unmerged = adapted(ids).logits
    assert (unmerged - base(ids).logits).abs().max() > 0.01
    copied = merged_copy(adapted).state_dict()
    assert torch.equal(adapted(ids).logits, unmerged)
    plain = merged(adapted)
    assert all(value.bfloat16().equal(copied[key]) for key, value in plain.state_dict().items())
    assert not is_quantised(plain)
    assert torch.allclose(plain(ids).logits, unmerged, atol=SAME_LOGITS)


@needs_bitsandbytes
def test_adapters_are_trained_in_float32(tiny_student):
    import torch

    from redink.training.lora import with_adapters
    from redink.training.quantisation import load_quantised

    adapted = with_adapters(load_quantised(resolve_model(tiny_student), "bf16", "cpu"), 4, 8.0, 0)
    trained = [parameter for parameter in adapted.parameters() if parameter.requires_grad]
    assert {parameter.dtype for parameter in trained} == {torch.float32}
    assert not getattr(adapted, "is_loaded_in_4bit", False)


@needs_bitsandbytes
def test_an_interrupted_training_goes_on_exactly(undisturbed, tmp_path, tiny_student, monkeypatch):
    from redink.training import callbacks

    mark = callbacks.mark_complete

    def mark_and_stop(checkpoint, key, step, **facts):
        mark(checkpoint, key, step, **facts)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(callbacks, "mark_complete", mark_and_stop)
        with pytest.raises(KeyboardInterrupt):
            finetune(sums(), student=tiny_student, out=tmp_path, **SETTINGS)
    again = finetune(sums(), student=tiny_student, out=tmp_path, **SETTINGS)
    assert losses(again) == losses(undisturbed)
    files = [(folder / "model.safetensors").read_bytes() for folder in (again, undisturbed)]
    assert files[0] == files[1]


@needs_bitsandbytes
def test_looking_at_checkpoints_changes_nothing(undisturbed, tmp_path, tiny_student):
    watch = {"validation": sums(3), "validate_every": 2, "validate_tokens": 4}
    watched = finetune(sums(), student=tiny_student, out=tmp_path, **watch, **SETTINGS)
    assert losses(watched) == losses(undisturbed)
