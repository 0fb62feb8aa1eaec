"""Token ids of a text as it follows other text, without a token that reaches over the border."""

from collections.abc import Sequence
from typing import Any

from redink.errors import ModelError

_BEFORE = ("\n", "x", ".", ":", "1", " ")
"""Texts to put before a text, tried in turn: with some of them it grows together."""


def plain_ids(texts: Sequence[str], tokenizer: Any) -> list[list[int]]:
    """Token ids of each text, without the special tokens that begin and end a sequence."""
    if not texts:
        return []
    ids: list[list[int]] = tokenizer(list(texts), add_special_tokens=False)["input_ids"]
    return ids


def continued_ids(texts: Sequence[str], tokenizer: Any) -> list[list[int]]:
    """Token ids of each text as it follows another: those of a text alone may begin with a space.

    They depend on the text itself alone, whatever it is put behind later. Raises ModelError where
    the tokenizer joins a text's beginning to anything before it.
    """
    found: dict[str, list[int]] = {}
    for before in _BEFORE:
        missing = [text for text in dict.fromkeys(texts) if text not in found]
        if not missing:
            break
        head, *both = plain_ids([before, *(before + text for text in missing)], tokenizer)
        for text, ids in zip(missing, both, strict=True):
            if ids[: len(head)] == head:
                found[text] = ids[len(head) :]
    for text in texts:
        if text not in found:
            raise ModelError(
                f"the tokenizer joins the beginning of {text[:20]!r} to any text before it, so "
                "solution steps cannot be kept apart; choose another base model"
            )
    return [found[text] for text in texts]
