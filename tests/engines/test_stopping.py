"""Stop texts are seen the moment the last of their tokens is there."""

import pytest

from redink.engines.stopping import StopTexts
from redink.models import resolve_model
from redink.models.loading import load_tokenizer


@pytest.fixture(scope="module")
def tokenizer(tiny_student):
    return load_tokenizer(resolve_model(tiny_student))


@pytest.mark.parametrize("stop", ["Question:", "\n\n", "é", "→ 5", "?", "x" * 40])
def test_a_row_ends_at_the_token_that_completes_a_stop_text(tokenizer, stop):
    stops = StopTexts(tokenizer, ["unseen", stop])
    ids = tokenizer(f"It is right, naïve. {'12 + 34 ' * 8}{stop}, then more {stop}")["input_ids"]
    reached = [stops.reached(ids[:count]) for count in range(1, len(ids) + 1)]
    first = reached.index(True)
    assert stop in tokenizer.decode(ids[: first + 1])
    assert stop not in tokenizer.decode(ids[:first])
    assert stops.cut(tokenizer.decode(ids[: first + 1])).endswith("34 ")


def test_the_first_of_several_is_cut_off():
    stops = StopTexts(None, ["bb", "a", ""])
    assert stops.cut("xxbbya") == "xx"
    assert stops.cut("none") == "none"


def test_without_stop_texts_nothing_is_decoded():
    assert not StopTexts(None, []).reached([1, 2, 3])
