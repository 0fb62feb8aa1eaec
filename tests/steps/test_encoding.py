"""Alignment of steps and tokens, for every family's chat template and way of tokenizing."""

import itertools
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from redink.errors import DataError, ModelError
from redink.models import ModelSource
from redink.models.loading import load_tokenizer
from redink.records import Example, Message
from redink.steps import SeparatorTokens, StepEncoder, encode_steps, solution_steps, token_spans
from redink.training.encoding import encode, holds_special_token
from tests.training.families import FAMILIES, Family
from tests.training.family_models import make_tokenizer

JOINED = (".\n", "6\n1", "\n12", "\n\n", "=\n", "\n#", "right\n")
"""Texts that are one token each: across the border of two steps, or with the separator."""
PIECES = ["12 + 34 = 46", "6", "1", "12", "right", ".", "=", "#### 46", " ", "\n", "é", "数", "<"]
words = st.one_of(st.sampled_from(PIECES), st.text("ab 16.=#\n\t<|>/[]é", max_size=5))
texts = st.lists(words, max_size=10).map("".join)
questions = st.lists(words, max_size=3).map("".join)
laws = settings(max_examples=40, deadline=None, database=None)


@dataclass(frozen=True)
class Kit:
    family: Family
    tokenizer: Any
    encoder: StepEncoder


@pytest.fixture(scope="module", params=FAMILIES, ids=lambda family: family.name)
def kit(request, tmp_path_factory):
    """A family whose tokenizer joins what stands around borders of steps."""
    from tokenizers import AddedToken

    folder = tmp_path_factory.mktemp(request.param.name)
    tokenizer = make_tokenizer(request.param)
    tokenizer.add_tokens([AddedToken(text, special=False, normalized=False) for text in JOINED])
    tokenizer.save_pretrained(folder)
    loaded = load_tokenizer(ModelSource("student", folder))
    return Kit(request.param, loaded, StepEncoder(loaded))


def asked(question):
    return (Message("user", question),)


def assume_harmless(kit, *written):
    messages = tuple(Message("user", text) for text in written)
    assume(holds_special_token(messages, kit.tokenizer) is None)


def natural(kit, text):
    return kit.tokenizer(text, add_special_tokens=False)["input_ids"]


def test_a_natural_encoding_joins_steps_of_this_test(kit):
    """Otherwise the laws below would hold of any encoding."""
    joined = set(kit.tokenizer.convert_tokens_to_ids(list(JOINED)))
    assert len(joined) == len(JOINED)
    for text in ("6\n12", "It is right.\nSo 12", "46\n\n#### 46"):
        assert joined & set(natural(kit, text))


@laws
@given(question=questions, text=texts)
def test_every_step_has_its_own_tokens_and_one_end(kit, question, text):
    assume_harmless(kit, question, text)
    encoded = kit.encoder.encode(asked(question), text)
    steps = solution_steps(text)
    assert len(encoded.ends) == len(encoded.spans) == len(steps)
    separator = kit.encoder.separator.ids
    at = encoded.prompt
    for step, (start, stop), end in zip(steps, encoded.spans, encoded.ends, strict=True):
        assert (start, stop) == (at, end + 1)
        assert encoded.ids[stop - len(separator) : stop] == separator
        own = encoded.ids[start : stop - len(separator)]
        assert own
        assert kit.tokenizer.decode(own).strip() == step.text
        at = stop
    assert at == len(encoded.ids)


@laws
@given(question=questions, text=texts, other=texts)
def test_a_steps_tokens_do_not_depend_on_its_neighbours(kit, question, text, other):
    assume_harmless(kit, question, text, other)
    alone = kit.encoder.encode(asked(question), text)
    both = kit.encoder.encode(asked(question), f"{text}\n{other}")
    assert both.ids[: len(alone.ids)] == alone.ids
    assert both.ends[: len(alone.ends)] == alone.ends
    behind = kit.encoder.encode(asked(question), f"{other}\n{text}")
    assert (
        behind.ids[len(behind.ids) - len(alone.ids) + alone.prompt :] == alone.ids[alone.prompt :]
    )


@laws
@given(question=questions, text=texts)
def test_blank_lines_and_indents_between_steps_change_nothing(kit, question, text):
    assume_harmless(kit, question, text)
    spread = "\n \n".join(f"  {line}\t" for line in text.split("\n"))
    encoder = kit.encoder
    assert encoder.encode(asked(question), spread) == encoder.encode(asked(question), text)


@laws
@given(question=questions)
def test_the_prompt_is_that_of_training(kit, question):
    assume_harmless(kit, question)
    example = Example(asked(question), (Message("assistant", "12 + 34 = 46"),))
    trained = encode(example, kit.tokenizer)
    encoded = kit.encoder.encode(asked(question), "12 + 34 = 46\n#### 46")
    assert encoded.ids[: encoded.prompt] == trained.ids[: trained.loss_from]


@laws
@given(text=texts)
def test_natural_spans_hold_every_character_of_their_steps(kit, text):
    assume_harmless(kit, text)
    encoded = kit.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    offsets = encoded["offset_mapping"]
    spans = token_spans(text, kit.tokenizer)
    steps = solution_steps(text)
    assert len(spans) == len(steps)
    for step, (first, last) in zip(steps, spans, strict=True):
        inside = offsets[first:last]
        covered = set(itertools.chain(*(range(start, end) for start, end in inside)))
        assert covered >= set(range(step.start, step.end))
        assert all(start < step.end and end > step.start for start, end in inside)
    for (_, last), (first, _) in itertools.pairwise(spans):
        assert first >= last - 1


def test_a_token_of_two_steps_belongs_to_both_in_a_natural_encoding(kit):
    (first, behind), (second, last) = token_spans("12 = 46\n1", kit.tokenizer)
    assert first == 0
    assert second == behind - 1
    assert last == behind


def test_a_control_token_in_a_text_is_refused(kit):
    special = kit.family.special[-1]
    for question, text, where in (("Q", f"a\nb {special}", "response"), (special, "a", "prompt")):
        with pytest.raises(DataError, match=f"the {where} holds"):
            kit.encoder.encode(asked(question), text)


def test_a_text_without_steps_is_the_prompt_alone(kit):
    encoded = encode_steps(asked("Q"), " \n\n", kit.tokenizer)
    assert encoded.ends == ()
    assert len(encoded.ids) == encoded.prompt


def test_a_saved_separator_comes_back_and_fits(kit):
    saved = SeparatorTokens.from_json(kit.encoder.separator.to_json())
    saved.check(kit.tokenizer)
    assert encode_steps(asked("Q"), "a\nb", kit.tokenizer, saved) == kit.encoder.encode(
        asked("Q"), "a\nb"
    )


def test_another_tokenizers_separator_is_refused(kit):
    own = kit.encoder.separator
    other = SeparatorTokens(own.text, (*own.ids[:-1], own.ids[-1] + 1))
    with pytest.raises(ModelError, match="fit it again"):
        StepEncoder(kit.tokenizer, other)


def test_the_separators_of_two_families_are_told_apart():
    by_name = {family.name: make_tokenizer(family) for family in FAMILIES}
    trained = SeparatorTokens.of(by_name["smollm2"])
    with pytest.raises(ModelError, match="fit it again"):
        trained.check(by_name["gemma"])


@pytest.mark.parametrize(
    "saved",
    [None, {}, {"text": "\n", "ids": []}, {"text": "", "ids": [1]}, {"text": 1, "ids": "1"}],
)
def test_an_unreadable_saved_separator_is_refused(saved):
    with pytest.raises(DataError, match="fit the scorer again"):
        SeparatorTokens.from_json(saved)


def test_a_tokenizer_without_a_place_for_steps_is_refused():
    class Gluing:
        """One token for any text, so that nothing can be kept apart."""

        added_tokens_decoder = {}  # noqa: RUF012

        def __call__(self, texts, add_special_tokens):
            return {"input_ids": [[len(text)] for text in texts]}

    with pytest.raises(ModelError, match="choose another base model"):
        StepEncoder(Gluing())
