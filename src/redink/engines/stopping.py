"""Stop texts: a row ends as soon as its text holds one."""

from collections.abc import Sequence
from typing import Any

MARGIN = 4
"""Tokens decoded before those that can hold a stop text: tokens without text, parted letters."""


class StopTexts:
    """Looks for stop texts in what a row has written so far.

    After each token only the newest tokens are decoded, as many as the longest stop text can
    span at one byte each.
    """

    def __init__(self, tokenizer: Any, texts: Sequence[str]) -> None:
        self.tokenizer = tokenizer
        self.texts = tuple(text for text in texts if text)
        self.reach = max((len(t.encode()) for t in self.texts), default=0) + MARGIN

    def reached(self, ids: Sequence[int]) -> bool:
        """Whether the text of `ids`, whose last token is new, now holds a stop text."""
        if not self.texts or not self._found(ids[-self.reach :]):
            return False
        return len(ids) <= self.reach or self._found(ids)

    def cut(self, text: str) -> str:
        """The text before the first stop text in it."""
        places = [place for stop in self.texts if (place := text.find(stop)) >= 0]
        return text[: min(places)] if places else text

    def _found(self, ids: Sequence[int]) -> bool:
        text = self.tokenizer.decode(list(ids), skip_special_tokens=True)
        return any(stop in text for stop in self.texts)
