"""How conversations become prompts: base models are asked as they would be trained."""

import pytest

from redink.engines.engine import Conversation, Sampling
from redink.engines.opening import open_engine
from redink.errors import ModelError
from redink.models import resolve_model
from redink.models.loading import load_tokenizer
from redink.records import Example, Message
from redink.training.encoding import encode
from tests.training.families import FAMILIES
from tests.training.family_models import make_model

QUESTION = (Message("user", "Is number 12 right?"),)
ASKED = [Conversation("q", QUESTION), Conversation("other", QUESTION)]
GREEDY = Sampling(max_tokens=4)


@pytest.fixture(scope="module", params=["base", "base-llama"])
def base(request, tmp_path_factory):
    """A model of a family whose base models have no chat template."""
    family = next(family for family in FAMILIES if family.name == request.param)
    return make_model(family, tmp_path_factory.mktemp("bases") / family.name)


def opened(folder):
    return open_engine(folder, dtype="float32", device="cpu")


def test_a_base_model_is_asked_with_the_prompt_that_it_would_be_trained_on(base):
    trained = encode(
        Example(QUESTION, (Message("assistant", "OK"),)), load_tokenizer(resolve_model(base))
    )
    engine = opened(base)
    assert engine.items.prompt_ids(ASKED[0]) == list(trained.ids[: trained.loss_from])
    for completion in engine.complete(ASKED, GREEDY):
        assert completion.prompt_tokens == trained.loss_from


def test_one_line_says_that_the_plain_template_is_used(base, capsys):
    list(opened(base).complete(ASKED, GREEDY))
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "plain" in line]
    assert line.startswith(f"{base}: no chat template, so it is asked with redink's plain one")


def test_raw_text_needs_no_template_and_none_is_announced(base, capsys):
    engine = opened(base)
    list(engine.complete([Conversation("r", (), raw="12 + 34 =")], GREEDY))
    assert engine.tokenizer.chat_template is None
    assert "template" not in capsys.readouterr().err


def test_a_model_with_a_template_keeps_it_in_silence(tiny_student, capsys):
    list(opened(tiny_student).complete(ASKED, GREEDY))
    assert "template" not in capsys.readouterr().err


def test_a_base_model_that_cannot_end_a_sequence_is_refused(base):
    engine = opened(base)
    engine.tokenizer.eos_token = None
    with pytest.raises(ModelError, match="neither a chat template nor an end-of-sequence"):
        list(engine.complete(ASKED, GREEDY))
