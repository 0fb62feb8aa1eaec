"""The beginning of an answer is gone on with as it stands, in every family's template."""

from copy import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redink.engines.engine import Conversation, Sampling
from redink.engines.items import ItemMaker
from redink.engines.opening import open_engine
from redink.errors import DataError, ModelError
from redink.models import ModelSource
from redink.models.loading import control_tokens, load_tokenizer
from redink.models.template import continued_text, conversation_text, prompt_text
from redink.records import Example, Message
from redink.training.encoding import encode
from tests.training.families import FAMILIES
from tests.training.family_models import make_model, make_tokenizer

ASKED = Message("user", "Is number 12 + 34 = 46 right?")
LINES = "12 + 3 = 15 is right.\nso 2 * 15 = 30: OK\n\n#### 30"
GREEDY = Sampling(max_tokens=80)
TRIMS = {"llama3", "gemma"}
ends = st.lists(st.sampled_from([*"ab1=.: \n", "\n\n", "é", "数", "<", "|>", "[INST", "OK"]))
laws = settings(max_examples=30, deadline=None, database=None)


def begun(text):
    return (ASKED, Message("assistant", text))


def beginnings():
    """Of the lines, cut behind each line break and within each line."""
    places = [place + 1 for place, letter in enumerate(LINES) if letter == "\n"]
    return [LINES[:place] for place in (*places, 2, 9, len(LINES) - 1, len(LINES))]


@pytest.fixture(scope="module", params=FAMILIES, ids=lambda family: family.name)
def maker(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param.name)
    make_tokenizer(request.param).save_pretrained(folder)
    made = ItemMaker(ModelSource(request.param.name, folder), "float32")
    made.tokenizer = load_tokenizer(made.source)
    return made


@pytest.mark.parametrize("beginning", beginnings())
def test_it_is_the_whole_answers_rendering_up_to_there(maker, beginning):
    whole = conversation_text(begun(LINES), maker.tokenizer)
    text = continued_text(begun(beginning), maker.tokenizer)
    assert text.endswith(beginning)
    assert whole.startswith(text)
    assert text.startswith(prompt_text((ASKED,), maker.tokenizer))


@laws
@given(ends.map("".join).filter(lambda text: text == text.lstrip()))
def test_nothing_is_written_behind_it_and_none_of_it_is_lost(maker, beginning):
    empty = continued_text(begun("x"), maker.tokenizer).removesuffix("x")
    text = continued_text(begun(beginning), maker.tokenizer)
    if beginning:
        assert text == empty + beginning
    else:
        assert text == prompt_text((ASKED,), maker.tokenizer)


@pytest.mark.parametrize("beginning", beginnings())
def test_its_tokens_are_the_prompts_and_those_of_the_text_as_it_stands(maker, beginning):
    ids = maker.prompt_ids(Conversation("c", begun(beginning)))
    prompt = maker.prompt_ids(Conversation("q", (ASKED,)))
    assert ids[: len(prompt)] == prompt
    assert ids[-1] not in control_tokens(maker.tokenizer).values()
    text = continued_text(begun(beginning), maker.tokenizer)
    assert maker.tokenizer.decode(ids) == maker.tokenizer.decode(
        maker.tokenizer(text, add_special_tokens=False)["input_ids"]
    )


def test_its_tokens_are_those_that_the_whole_answer_is_trained_on(maker):
    trained = encode(Example((ASKED,), (Message("assistant", LINES),)), maker.tokenizer)
    ids = maker.prompt_ids(Conversation("c", begun(beginnings()[0])))
    assert list(trained.ids[: len(ids)]) == ids


def test_what_a_template_would_strip_is_refused(maker):
    spaced = begun("  12 + 3")
    if maker.source.name in TRIMS:
        with pytest.raises(DataError, match=r"otherwise than it is given .*strip the answer"):
            continued_text(spaced, maker.tokenizer)
    else:
        assert continued_text(spaced, maker.tokenizer).endswith("  12 + 3")


def test_what_a_template_takes_out_as_thinking_is_refused(maker):
    thinking = begun("<think>\nso\n</think>\n\n12")
    if maker.source.name.startswith("qwen3"):
        with pytest.raises(DataError, match="leave thinking out"):
            continued_text(thinking, maker.tokenizer)
    else:
        assert continued_text(thinking, maker.tokenizer).endswith("\n\n12")


def test_a_template_that_renders_an_answered_prompt_otherwise_is_refused(maker):
    tokenizer = copy(maker.tokenizer)
    tokenizer.chat_template = (
        "{% for m in messages %}{{ m.content }}{% endfor %}"
        "{% if add_generation_prompt %}<think>{% endif %}"
    )
    with pytest.raises(ModelError, match="no answer can be gone on with"):
        continued_text(begun("12"), tokenizer)


def test_a_control_token_in_it_is_refused(maker):
    special = next(iter(control_tokens(maker.tokenizer)))
    with pytest.raises(DataError, match="control token"):
        maker.prompt_ids(Conversation("c", begun(f"12 {special}")))


def test_no_beginning_at_all_asks_as_the_question_alone_does(maker):
    empty = Conversation("c", begun(""))
    assert not empty.is_begun
    assert maker.prompt_ids(empty) == maker.prompt_ids(Conversation("q", (ASKED,)))


ANSWER = "12 + 3 = 15 is right.\nso 2 * 15 = 30: OK\n#### 30"


def taught(folder):
    """The model in a folder, once it has learned one answer by heart."""
    import torch
    from transformers import AutoModelForCausalLM

    tokenizer = load_tokenizer(ModelSource("student", folder))
    encoded = encode(Example((ASKED,), (Message("assistant", ANSWER),)), tokenizer)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    ids, labels = torch.tensor([encoded.ids]), torch.tensor([encoded.labels])
    loss = torch.tensor(9.0)
    while loss > 0.02:
        loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(folder)
    return open_engine(folder, dtype="float32", device="cpu"), list(encoded.ids)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_going_on_with_part_of_a_greedy_answer_gives_the_rest_of_it(family, tmp_path):
    engine, learned = taught(make_model(family, tmp_path))
    (whole,) = engine.complete([Conversation("q", (ASKED,))], GREEDY)
    if family.name != "harmony":  # whose answer begins with a channel of its own
        assert whole.text.strip() == ANSWER
    places = []
    for place in range(1, len(ANSWER)):
        ids = engine.items.prompt_ids(Conversation("c", begun(ANSWER[:place])))
        if ids == learned[: len(ids)]:  # elsewhere a word is cut that is one token
            places.append(place)
    assert {place + 1 for place, letter in enumerate(ANSWER) if letter == "\n"} <= set(places)
    assert any(ANSWER[place] == " " for place in places)
    asked = [Conversation(str(place), begun(ANSWER[:place])) for place in places]
    rests = {done.id: (done.text, done.finish) for done in engine.complete(asked, GREEDY)}
    assert rests == {str(place): (ANSWER[place:], "stop") for place in places}
