"""The separator of solution steps as a tokenizer writes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redink.errors import DataError, ModelError
from redink.steps.continuing import continued_ids
from redink.steps.solution import SEPARATOR


@dataclass(frozen=True)
class SeparatorTokens:
    """The text that ends a solution step and its token ids where it follows other text.

    A scorer is saved with these: its scores are read at their last token, so that a tokenizer
    that writes them otherwise would be scored at places that the scorer never learned.
    """

    text: str
    ids: tuple[int, ...]

    @classmethod
    def of(cls, tokenizer: Any, text: str = SEPARATOR) -> "SeparatorTokens":
        """The separator as `tokenizer` writes it behind a step.

        Raises ModelError where the tokenizer joins it to any text before it, or drops it.
        """
        (ids,) = continued_ids([text], tokenizer)
        if not ids:
            raise ModelError(
                f"the tokenizer writes no token for the step separator {text!r}, so no step has "
                "an end to be scored at; choose another base model"
            )
        return cls(text, tuple(ids))

    def check(self, tokenizer: Any) -> None:
        """Raises ModelError where `tokenizer` writes the separator with other ids."""
        other = SeparatorTokens.of(tokenizer, self.text)
        if other != self:
            raise ModelError(
                f"the step separator {self.text!r} is {list(other.ids)} to this tokenizer, and "
                f"{list(self.ids)} to the one that the scorer was trained with, so its scores "
                "would be read at the wrong places; load the scorer with its own tokenizer, or "
                "fit it again"
            )

    def to_json(self) -> dict[str, Any]:
        """For `scorer.json`."""
        return {"text": self.text, "ids": list(self.ids)}

    @classmethod
    def from_json(cls, saved: Any) -> "SeparatorTokens":
        """The inverse of `to_json`. Raises DataError where it is none."""
        text, ids = (saved.get(k) for k in ("text", "ids")) if _is_mapping(saved) else (None, None)
        if not (isinstance(text, str) and text and _are_ids(ids)):
            raise DataError(
                f"the saved step separator is unreadable ({saved!r}); fit the scorer again"
            )
        return cls(text, tuple(ids))  # type: ignore[arg-type]


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


def _are_ids(value: Any) -> bool:
    whole = isinstance(value, Sequence) and not isinstance(value, str) and len(value) > 0
    return whole and all(isinstance(i, int) and not isinstance(i, bool) for i in value)
