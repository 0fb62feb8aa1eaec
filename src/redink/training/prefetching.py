"""Tokenising many texts at once, for code that asks for one at a time."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from redink.models.template import conversation_text, prompt_text
from redink.records import Example

BATCH = 512
"""Examples tokenised at once."""


class PrefetchedTokenizer:
    """A tokenizer that knows the ids of an example's texts before it is asked for them.

    What is asked for and not known is tokenised as ever: no result depends on what was prefetched.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._known: dict[str, tuple[int, ...]] = {}
        # One object for each id of the vocabulary: 8 bytes a token in place of 36.
        self._numbers = list(range(len(tokenizer)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tokenizer, name)

    @cached_property
    def added_tokens_decoder(self) -> Any:
        """The tokenizer's own, which makes it anew for each caller."""
        return self._tokenizer.added_tokens_decoder

    def __call__(self, text: str, *, add_special_tokens: bool) -> dict[str, Any]:
        """The ids of one text."""
        if not add_special_tokens and text in self._known:
            return {"input_ids": list(self._known[text])}
        ids = self._tokenizer(text, add_special_tokens=add_special_tokens)["input_ids"]
        return {"input_ids": ids}

    def prefetched(self, examples: Sequence[Example]) -> Iterator[Example]:
        """The examples, one after the other, the texts of a batch tokenised before its first."""
        for start in range(0, len(examples), BATCH):
            batch = examples[start : start + BATCH]
            self._know([text for example in batch for text in self._texts(example)])
            yield from batch
        self._known = {}

    def _texts(self, example: Example) -> tuple[str, str]:
        return (
            prompt_text(example.prompt, self._tokenizer),
            conversation_text(example.prompt + example.completion, self._tokenizer),
        )

    def _know(self, texts: list[str]) -> None:
        distinct = list(dict.fromkeys(texts))
        found = self._tokenizer(
            distinct, add_special_tokens=False, return_attention_mask=False, verbose=False
        )["input_ids"]
        number = self._numbers.__getitem__
        self._known = {
            text: tuple(map(number, ids)) for text, ids in zip(distinct, found, strict=True)
        }
