"""After training the model is seen to end its answers, or the run says that it does not."""

import pytest

from redink.models.loading import load_model, load_tokenizer
from redink.models.resolve import resolve_model
from redink.records import Example, Message
from redink.training.stopping import stopping, stopping_note
from redink.training.training import train

SETTINGS = {
    "objective": ["imitate"], "learning_rate": 1e-2, "epochs": 12, "batch_size": 10,
    "max_tokens": 64, "warmup_ratio": 0.1, "weight_decay": 0.0, "shuffle": True, "seed": 0,
    "checkpoint_seconds": 60.0, "checkpoint_steps": None,
}  # fmt: skip


def examples():
    return [
        Example((Message("user", f"{n} + {n} ="),), (Message("assistant", "OK"),))
        for n in range(50)
    ]


@pytest.fixture(scope="module")
def trained(tiny_student, tmp_path_factory):
    out = tmp_path_factory.mktemp("stopping")
    return train(resolve_model(tiny_student), examples(), SETTINGS, out, "finetune imitate")


def test_a_model_that_was_trained_enough_ends_every_answer(trained):
    import json

    facts = json.loads((trained / "training.json").read_text())["stopping"]
    assert facts["asked"] == facts["stopped"] == 4
    assert facts["max_tokens"] > 16


def test_an_untrained_model_is_seen_to_run_on(tiny_student):
    source = resolve_model(tiny_student)
    model, tokenizer = load_model(source, "float32", "cpu"), load_tokenizer(source)
    facts = stopping(model, tokenizer, examples())
    assert facts["stopped"] < facts["asked"] == 4
    assert "train on more rows" in stopping_note(facts)


def test_a_model_that_cannot_be_asked_loses_no_training(tiny_student):
    source = resolve_model(tiny_student)
    model, tokenizer = load_model(source, "float32", "cpu"), load_tokenizer(source)
    tokenizer.chat_template = "{{ raise_exception('no user turns') }}"
    facts = stopping(model, tokenizer, examples())
    assert "no user turns" in facts["failed"]
    assert "was not seen" in stopping_note(facts)
