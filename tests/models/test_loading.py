"""Loading a model: what is refused, padding, ends of turns."""

import json
import shutil

import pytest

from redink.errors import ModelError
from redink.models import resolve_model
from redink.models.loading import (
    end_of_turn_ids,
    load_model,
    load_tokenizer,
    template_end_of_turn,
)


@pytest.fixture
def student_copy(tmp_path, tiny_student):
    return shutil.copytree(tiny_student, tmp_path / "student")


def edit(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_padding_is_never_the_end_of_turn(student_copy):
    edit(student_copy / "tokenizer_config.json", pad_token="<|im_end|>")
    tokenizer = load_tokenizer(resolve_model(student_copy))
    assert tokenizer.pad_token == "<|endoftext|>"
    assert tokenizer.eos_token == "<|im_end|>"


def test_the_templates_own_end_of_turn_stops_generation(student_copy):
    edit(student_copy / "tokenizer_config.json", eos_token="<|endoftext|>")
    tokenizer = load_tokenizer(resolve_model(student_copy))
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert template_end_of_turn(tokenizer) == end
    assert end in end_of_turn_ids(tokenizer)
    assert tokenizer.eos_token_id in end_of_turn_ids(tokenizer)


def test_a_model_without_a_chat_template_gets_the_plain_one_unless_raw_text_is_enough(student_copy):
    (student_copy / "chat_template.jinja").unlink()
    assert load_tokenizer(resolve_model(student_copy), chat=False).chat_template is None
    tokenizer = load_tokenizer(resolve_model(student_copy))
    assert template_end_of_turn(tokenizer) == tokenizer.eos_token_id


def test_a_model_with_neither_a_template_nor_an_end_of_sequence_is_refused(student_copy):
    (student_copy / "chat_template.jinja").unlink()
    edit(student_copy / "tokenizer_config.json", eos_token=None)
    with pytest.raises(ModelError, match="cannot learn to stop"):
        load_tokenizer(resolve_model(student_copy))


def test_broken_weights_are_refused_with_the_models_name(student_copy):
    (student_copy / "model.safetensors").write_bytes(b"\x00" * 64)
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_model(resolve_model(student_copy))


def test_an_unknown_architecture_is_refused_and_no_code_is_run(student_copy):
    marker = student_copy / "ran"
    (student_copy / "evil.py").write_text(f"open({str(marker)!r}, 'w')")
    edit(
        student_copy / "config.json",
        model_type="evil",
        auto_map={"AutoConfig": "evil.C", "AutoModelForCausalLM": "evil.M"},
    )
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_model(resolve_model(student_copy))
    assert not marker.exists()


def test_the_dtype_is_the_one_asked_for(tiny_student):
    import torch

    source = resolve_model(tiny_student)
    assert load_model(source, "float32", "cpu").dtype == torch.float32
    assert load_model(source, "bfloat16", "cpu").dtype == torch.bfloat16
