"""Items: the single completions that conversations ask for, each with its prompt and its key."""

import hashlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from redink.engines.engine import Completion, Conversation, Sampling
from redink.errors import DataError, UsageError
from redink.models.loading import control_tokens, load_tokenizer
from redink.models.source import ModelSource, fingerprint
from redink.models.template import continued_text, give_plain_template, prompt_text
from redink.steps.continuing import continued_ids


@dataclass(frozen=True)
class Item:
    """One completion to be made: conversation, sample index, prompt token ids, journal key."""

    id: str
    sample: int
    prompt: tuple[int, ...]
    key: str
    is_begun: bool = False
    """Whether the prompt ends with the beginning of an answer."""


class ItemMaker:
    """Renders conversations for one model, the same for every engine that runs it.

    A model without a chat template, as base models are, reads messages in the plain one that it
    would be trained with, so that it can be compared with what becomes of it.

    Args:
        source: the model.
        made_by: what else its completions depend on: the engine and the weights' type.
    """

    def __init__(self, source: ModelSource, made_by: str) -> None:
        self.source, self.made_by = source, made_by

    @cached_property
    def tokenizer(self) -> Any:
        """The model's tokenizer."""
        return load_tokenizer(self.source, chat=False)

    def items(self, conversations: Sequence[Conversation], sampling: Sampling) -> Iterator[Item]:
        """Every sample of every conversation.

        Raises UsageError for impossible sampling settings, DataError where a text holds one of the
        model's special tokens or the chat template alters the beginning of an answer, ModelError
        where messages meet a model that has neither a chat template nor an end of sequence to make
        one with, or whose template refuses them.
        """
        check(sampling)
        settings = _settings(sampling)
        for conversation in conversations:
            prompt = tuple(self.prompt_ids(conversation))
            content = f"{self.fingerprint}\0{self.made_by}\0{settings}\0{prompt}".encode()
            digest = hashlib.blake2b(content, digest_size=16)
            for sample in range(sampling.samples):
                drawn = sample if sampling.temperature else 0
                key = digest.copy()
                key.update(f"\0{drawn}".encode())
                yield Item(conversation.id, sample, prompt, key.hexdigest(), conversation.is_begun)

    def prompt_ids(self, conversation: Conversation) -> list[int]:
        """The prompt's token ids: the chat template's, or those of a raw text as it stands.

        Of messages that end with the assistant's own they are the prompt's, then those of what the
        assistant has said as it stands behind it.
        """
        if conversation.raw is not None:
            self._refuse_control_tokens(conversation.id, conversation.raw)
            raw: list[int] = self.tokenizer(conversation.raw)["input_ids"]
            return raw
        for message in conversation.messages:
            self._refuse_control_tokens(conversation.id, message.content)
        if not self.tokenizer.chat_template:
            self._give_template()
        if _ends_with_answer(conversation):
            return self._begun_ids(conversation)
        return self._ids(prompt_text(conversation.messages, self.tokenizer))

    def _begun_ids(self, conversation: Conversation) -> list[int]:
        text = continued_text(conversation.messages, self.tokenizer)
        start = prompt_text(conversation.messages[:-1], self.tokenizer)
        prompt, both = self._ids(start), self._ids(text)
        if both[: len(prompt)] == prompt:
            return both
        # Some tokenizers join the prompt's last line break and the answer's beginning.
        (rest,) = continued_ids([text[len(start) :]], self.tokenizer)
        return [*prompt, *rest]

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def _give_template(self) -> None:
        give_plain_template(self.tokenizer, self.source.name)
        print(
            f"{self.source.name}: no chat template, so it is asked with redink's plain one, as it "
            "would be trained (the question, then a line 'Answer:')",
            file=sys.stderr,
            flush=True,
        )

    def _refuse_control_tokens(self, name: str, text: str) -> None:
        for special in self._control_tokens:
            if special in text:
                raise DataError(
                    f"conversation {name}: its text holds {special!r}, which the model would read "
                    "as a control token; remove it from the text"
                )

    @cached_property
    def _control_tokens(self) -> tuple[str, ...]:
        return tuple(control_tokens(self.tokenizer))

    @cached_property
    def fingerprint(self) -> str:
        """Of the model's files."""
        return fingerprint(self.source)


def by_key(items: Iterable[Item]) -> dict[str, list[Item]]:
    """Items that come to the same completion, under its key."""
    grouped: dict[str, list[Item]] = {}
    for item in items:
        grouped.setdefault(item.key, []).append(item)
    return grouped


def under_own_ids(completion: Completion, items: Iterable[Item]) -> Iterator[Completion]:
    """Ids are the callers' own: one prompt may come under several of them."""
    for item in items:
        yield replace(completion, id=item.id, sample=item.sample)


def completion_text(tokenizer: Any, item: Item, ids: Sequence[int]) -> str:
    """The text of an item's new token ids, without special tokens.

    Behind the beginning of an answer they are decoded together with it: some tokenizers leave out
    the space before a text's first word.
    """
    if item.is_begun:
        both: str = tokenizer.decode([*item.prompt, *ids], skip_special_tokens=True)
        before: str = tokenizer.decode(list(item.prompt), skip_special_tokens=True)
        if both.startswith(before):
            return both[len(before) :]
    alone: str = tokenizer.decode(list(ids), skip_special_tokens=True)
    return alone


def _ends_with_answer(conversation: Conversation) -> bool:
    return bool(conversation.messages) and conversation.messages[-1].role == "assistant"


def check(sampling: Sampling) -> None:
    """Raises UsageError for impossible sampling settings."""
    if sampling.max_tokens < 1 or sampling.samples < 1:
        raise UsageError("sampling: max_tokens and samples must be 1 or more")
    if sampling.temperature < 0 or not 0 < sampling.top_p <= 1:
        raise UsageError("sampling: temperature must be 0 or more, top_p above 0 and at most 1")


def _settings(sampling: Sampling) -> tuple[Any, ...]:
    """What a completion depends on; greedy ones not on seed and nucleus."""
    drawn = (sampling.top_p, sampling.seed) if sampling.temperature else ()
    return (float(sampling.temperature), *drawn, sampling.max_tokens, sampling.stop)
