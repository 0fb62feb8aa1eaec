"""The laws of rendering, for every family's chat template and way of tokenizing."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from redink.engines.engine import Conversation
from redink.engines.items import ItemMaker
from redink.errors import DataError, ModelError
from redink.models import ModelSource
from redink.models.loading import (
    control_tokens,
    end_of_turn_ids,
    load_tokenizer,
    template_end_of_turn,
)
from redink.models.template import conversation_text, prompt_text, template_note
from redink.records import Example, Message
from redink.training.encoding import IGNORED, encode, holds_special_token
from tests.training.families import FAMILIES, Family
from tests.training.family_models import make_tokenizer

PIECES = ["OK", "12 + 3", " ", "  ", "\n", "\n\n", ".", ":", "é", "数", "<", "|>", "[INST]", "x"]
words = st.one_of(st.sampled_from(PIECES), st.text("ab 1=\n\t<|>/[]_é", max_size=6))
texts = st.lists(words, max_size=8).map("".join)
answers = texts.filter(lambda text: text.strip() != "")
laws = settings(max_examples=40, deadline=None, database=None)


@dataclass(frozen=True)
class Rendered:
    """A family's tokenizer as training takes it, and what evaluation makes prompts with."""

    family: Family
    tokenizer: Any
    asked: ItemMaker
    """Over the folder that training saves."""
    untrained: ItemMaker


@pytest.fixture(scope="module", params=FAMILIES, ids=lambda family: family.name)
def rendered(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param.name)
    make_tokenizer(request.param).save_pretrained(folder / "student")
    student = ModelSource("student", folder / "student")
    tokenizer = load_tokenizer(student)
    tokenizer.save_pretrained(folder / "trained")
    asked = ItemMaker(ModelSource("trained", folder / "trained"), "float32")
    return Rendered(request.param, tokenizer, asked, ItemMaker(student, "float32"))


def example(answer, *prompt):
    roles = ["user", "assistant"] * len(prompt)
    messages = [Message(role, text) for role, text in zip(roles, prompt, strict=False)]
    return Example(tuple(messages), (Message("assistant", answer),))


def assume_harmless(rendered, *written):
    """Texts that hold a control token are dropped and counted before they are encoded."""
    messages = tuple(Message("user", text) for text in written)
    assume(holds_special_token(messages, rendered.tokenizer) is None)


def ids_of(text, tokenizer):
    return tokenizer(text, add_special_tokens=False)["input_ids"]


@laws
@given(question=texts, answer=answers)
def test_loss_is_on_the_answer_and_the_end_of_turn_alone(rendered, question, answer):
    assume_harmless(rendered, question, answer)
    tokenizer = rendered.tokenizer
    encoded = encode(example(answer, question), tokenizer)
    trained = encoded.ids[encoded.loss_from : encoded.loss_to]
    end = tokenizer.convert_tokens_to_ids(rendered.family.end_of_turn)
    assert trained[-1] == end
    text = tokenizer.decode(trained[:-1])
    header = "<|channel|>final<|message|>" if rendered.family.name == "harmony" else ""
    assert text.strip() == header + answer.strip() or text == header + answer
    assert encoded.labels[encoded.loss_from : encoded.loss_to] == list(trained)
    around = encoded.labels[: encoded.loss_from] + encoded.labels[encoded.loss_to :]
    assert set(around) <= {IGNORED}
    assert len(encoded.labels) == len(encoded.ids)


@laws
@given(question=texts, answer=answers)
def test_ids_are_those_of_the_chat_templates_whole_conversation(rendered, question, answer):
    assume_harmless(rendered, question, answer)
    tokenizer = rendered.tokenizer
    case = example(answer, question)
    encoded = encode(case, tokenizer)
    whole = ids_of(conversation_text(case.prompt + case.completion, tokenizer), tokenizer)
    prompt = ids_of(prompt_text(case.prompt, tokenizer), tokenizer)
    if whole[: len(prompt)] == prompt:
        assert list(encoded.ids) == whole
    else:
        assert tokenizer.decode(encoded.ids) == tokenizer.decode(whole)


@laws
@given(question=texts, earlier=answers, again=texts, answer=answers)
def test_the_prompt_is_what_generation_is_given(rendered, question, earlier, again, answer):
    assume_harmless(rendered, question, earlier, again, answer)
    for prompt in ([question], [question, earlier, again]):
        case = example(answer, *prompt)
        encoded = encode(case, rendered.tokenizer)
        trained = list(encoded.ids[: encoded.loss_from])
        asked = rendered.asked.prompt_ids(Conversation("c", case.prompt))
        assert trained == asked


def test_the_untrained_student_is_asked_as_the_trained_one(rendered):
    conversation = Conversation("c", (Message("user", "Is 12 + 3 = 15?"),))
    trained = rendered.asked.prompt_ids(conversation)
    assert rendered.untrained.prompt_ids(conversation) == trained


@laws
@given(question=texts, answer=answers)
def test_what_is_written_reads_back_as_the_answer(rendered, question, answer):
    assume_harmless(rendered, question, answer)
    encoded = encode(example(answer, question), rendered.tokenizer)
    written = list(encoded.ids[encoded.loss_from : encoded.loss_to])
    read = rendered.asked.tokenizer.decode(written, skip_special_tokens=True)
    header = "final" if rendered.family.name == "harmony" else ""
    assert read.removeprefix(header).strip() == answer.strip()


@laws
@given(question=texts, answer=answers, again=texts)
def test_another_turn_extends_the_text(rendered, question, answer, again):
    if not rendered.family.extends:
        pytest.skip("its template renders earlier answers otherwise; each prompt is right alone")
    case = example(answer, question)
    whole = conversation_text(case.prompt + case.completion, rendered.tokenizer)
    longer = example("OK", question, answer, again)
    assert prompt_text(longer.prompt, rendered.tokenizer).startswith(whole)


@laws
@given(question=texts, answer=answers)
def test_text_never_turns_into_a_control_token(rendered, question, answer):
    assume_harmless(rendered, question, answer)
    tokenizer = rendered.tokenizer
    special = set(control_tokens(tokenizer).values()) - {tokenizer.unk_token_id}
    plain = encode(example("OK", "OK"), tokenizer)
    encoded = encode(example(answer, question), tokenizer)
    found = [token for token in encoded.ids if token in special]
    assert found == [token for token in plain.ids if token in special]


def test_a_control_token_written_in_a_text_is_found_and_refused(rendered):
    for text in rendered.family.special:
        messages = (Message("user", f"so{text}"),)
        assert holds_special_token(messages, rendered.tokenizer) == text
        with pytest.raises(DataError, match="control token"):
            rendered.asked.prompt_ids(Conversation("c", messages))


def test_generation_stops_on_the_end_of_turn_that_carries_loss(rendered):
    end = rendered.tokenizer.convert_tokens_to_ids(rendered.family.end_of_turn)
    assert template_end_of_turn(rendered.tokenizer) == end
    assert end in end_of_turn_ids(rendered.tokenizer)
    assert end in end_of_turn_ids(rendered.asked.tokenizer)


def test_a_sequence_begins_once(rendered):
    bos = rendered.tokenizer.bos_token_id
    ids = encode(example("OK", "12 + 3"), rendered.tokenizer).ids
    written = rendered.family.name not in ("phi3", "zephyr") and bos is not None
    assert ids.count(bos) == int(written)
    assert not written or ids[0] == bos


def test_a_saved_template_is_settled_once(rendered):
    again = load_tokenizer(rendered.asked.source)
    assert again.chat_template == rendered.tokenizer.chat_template
    assert template_note(again) == template_note(rendered.tokenizer)


def tokenizer_of(name, tmp_path):
    family = next(family for family in FAMILIES if family.name == name)
    make_tokenizer(family).save_pretrained(tmp_path)
    return load_tokenizer(ModelSource(name, tmp_path))


def test_a_template_that_is_left_as_it_is_needs_no_note(tmp_path):
    family = next(family for family in FAMILIES if family.name == "qwen2.5")
    tokenizer = tokenizer_of("qwen2.5", tmp_path)
    assert tokenizer.chat_template == family.template
    assert template_note(tokenizer) is None


def test_the_date_in_a_prompt_does_not_move(tmp_path, monkeypatch):
    from transformers.utils import chat_template_utils

    class Tomorrow:
        @staticmethod
        def now():
            raise AssertionError("the clock was read")

    tokenizer = tokenizer_of("llama3", tmp_path)
    monkeypatch.setattr(chat_template_utils, "datetime", Tomorrow)
    text = prompt_text((Message("user", "x"),), tokenizer)
    assert "Today Date: 26 Jul 2024" in text
    assert "26 Jul 2024" in template_note(tokenizer)


def test_thinking_is_off_and_said_to_be(tmp_path):
    tokenizer = tokenizer_of("qwen3", tmp_path)
    text = prompt_text((Message("user", "x"),), tokenizer)
    assert text.endswith("<|im_start|>assistant\n<think>\n\n</think>\n\n")
    assert "thinking is switched off" in template_note(tokenizer)
    thinking = tokenizer.apply_chat_template(
        [{"role": "user", "content": "x"}],
        tokenize=False,
        add_generation_prompt=True,
        enable_thinking=True,
    )
    assert thinking.endswith("<|im_start|>assistant\n")


def test_a_base_models_template_is_plain_text_and_named(tmp_path):
    tokenizer = tokenizer_of("base-llama", tmp_path)
    turn = (Message("user", "Is 5 odd?"), Message("assistant", "Yes"))
    assert conversation_text(turn, tokenizer) == "<s>Is 5 odd?\n\nAnswer:\nYes</s>"
    assert prompt_text(turn[:1], tokenizer) == "<s>Is 5 odd?\n\nAnswer:\n"
    assert "no chat template" in template_note(tokenizer)


def test_an_answer_with_thinking_of_its_own_is_refused_where_thinking_is_off(tmp_path):
    tokenizer = tokenizer_of("qwen3", tmp_path)
    with pytest.raises(ModelError, match="leave thinking out of the answers"):
        encode(example("<think>\nso\n</think>\n\nOK", "x"), tokenizer)


OPENS = (
    "{% for m in messages %}{% if m.role == 'assistant' %}"
    "{{ '<|im_start|>assistant\n' + m.content.split('</think>')[-1] + '<|im_end|>' }}"
    "{% else %}{{ '<|im_start|>' + m.content + '<|im_end|>' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
)


def test_a_prompt_that_opens_thinking_which_the_answer_lacks_is_refused(tmp_path):
    tokenizer = tokenizer_of("smollm2", tmp_path)
    tokenizer.chat_template = OPENS + "<think>\n{% endif %}"
    with pytest.raises(ModelError, match="cannot be proved"):
        encode(example("OK", "x"), tokenizer)


def test_a_template_that_cuts_the_answer_is_refused(tmp_path):
    tokenizer = tokenizer_of("smollm2", tmp_path)
    tokenizer.chat_template = OPENS + "{% endif %}"
    encode(example("OK", "x"), tokenizer)
    with pytest.raises(ModelError, match="another text than the data's"):
        encode(example("<think>so</think>OK", "x"), tokenizer)


def test_a_template_without_an_end_of_turn_is_refused(tmp_path):
    tokenizer = tokenizer_of("smollm2", tmp_path)
    tokenizer.chat_template = (
        "{% for m in messages %}{{ '<|im_start|>' + m.role + m.content }}{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant{% endif %}"
    )
    with pytest.raises(ModelError, match="never learn to stop"):
        encode(example("OK", "x"), tokenizer)


@pytest.mark.parametrize("family", [f for f in FAMILIES if not f.system], ids=lambda f: f.name)
def test_a_role_that_the_template_refuses_is_one_clear_error(family, tmp_path):
    tokenizer = tokenizer_of(family.name, tmp_path)
    messages = (Message("system", "Be brief."), Message("user", "x"))
    with pytest.raises(ModelError, match="system, user"):
        encode(Example(messages, (Message("assistant", "OK"),)), tokenizer)


def test_a_completion_is_one_answer(tmp_path):
    tokenizer = tokenizer_of("smollm2", tmp_path)
    turns = (Message("assistant", "OK"), Message("user", "?"), Message("assistant", "OK"))
    with pytest.raises(DataError, match="one message"):
        encode(Example((Message("user", "x"),), turns), tokenizer)
