"""Kernels for GPUs: what is chosen where, and that a choice touches one model alone."""

import importlib.util

import pytest

from redink.models.loading import load_model
from redink.models.resolve import resolve_model
from redink.training.kernels import put_liger, uses_liger, with_kernels


@pytest.mark.parametrize(
    ("device", "model_type", "installed", "chosen"),
    [
        ("cuda", "llama", True, True),
        ("cuda:3", "qwen2", True, True),
        ("cuda", "llama", False, False),
        ("cuda", "mamba", True, False),
        ("cpu", "llama", True, False),
    ],
)
def test_liger_is_chosen_on_a_gpu_where_it_is_installed(device, model_type, installed, chosen):
    assert uses_liger(device, model_type, installed=installed) is chosen


def test_a_model_on_a_cpu_stays_as_it_is(tiny_student, monkeypatch):
    monkeypatch.setattr("redink.training.kernels.find_spec", lambda name: object())
    model = load_model(resolve_model(tiny_student), "float32", "cpu")
    assert with_kernels(model) is model
    assert not any("forward" in vars(module) for module in model.modules())


@pytest.mark.skipif(
    importlib.util.find_spec("liger_kernel") is None,
    reason="liger-kernel is not installed: pip install liger-kernel",
)
def test_liger_replaces_norms_and_gates_of_one_model_and_not_its_head(tiny_student):
    source = resolve_model(tiny_student)
    model = load_model(source, "float32", "cpu")
    put_liger(model)
    replaced = {n.rsplit(".")[-1] for n, m in model.named_modules() if "forward" in vars(m)}
    assert replaced == {"norm", "input_layernorm", "post_attention_layernorm", "mlp"}
    other = load_model(source, "float32", "cpu")
    assert not any("liger" in type(module).__module__ for module in other.modules())
    assert not any("forward" in vars(module) for module in other.modules())
