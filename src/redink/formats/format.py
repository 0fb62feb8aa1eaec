"""What a file format is: how one training example stands in a row, and how it is read back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Row = dict[str, Any]
Kind = Literal["critiques", "responses", "problems", "labels"]
"""What a file holds: critiques of responses, responses to problems, solved problems, or responses
whose solution steps are labelled."""
KINDS: tuple[Kind, ...] = ("critiques", "responses", "problems")
"""What formats of training examples hold."""
Keep = Literal["needed", "all", "nothing"]
REST = "redink"
"""The column of what the plain row cannot carry, as JSON text."""


class RowError(ValueError):
    """A row that cannot be used; the message says which field and why, without file and row."""


@dataclass(frozen=True)
class Turn:
    """What is asked and what is to be learned: the two texts of a training example."""

    prompt: str
    completion: str


@dataclass(frozen=True)
class Format:
    """One way of writing training examples."""

    name: str
    about: str
    suffixes: tuple[str, ...]
    """Endings of its files; the first where none is given."""
    to_row: Callable[[Turn], Row]
    from_row: Callable[[Mapping[str, Any]], Turn]
    """Raises RowError for a row that is not of this format."""
    kinds: tuple[Kind, ...] = KINDS
    marks: bool = False
    """Whether critiques stand between `Critique:` and `[END]` where nothing else is asked for."""
    rest_beside: bool = False
    """Whether what a row cannot carry goes into a file beside, as the format bars other fields."""
    registered: Mapping[str, Any] | None = None
    """LLaMA-Factory's description of it, without the file's name."""
    check: Callable[[list[Row], Path], list[str]] = lambda rows, path: []
    """What the format's readers would object to in the file as a whole, in words."""


def text_in(row: Mapping[str, Any], field: str, *, optional: bool = False) -> str:
    """A text field of a row; raises RowError where it is missing or no text.

    An optional field may be missing or null, and is the empty text then.
    """
    value = row.get(field)
    if value is None and optional:
        return ""
    if value is None:
        there = ", ".join(map(str, row)) or "none"
        raise RowError(f"no field {field!r} (there are {there})")
    return checked_text(value, field)


def checked_text(value: Any, field: str) -> str:
    """`value` where it is text that can be stored; raises RowError naming the field."""
    if not isinstance(value, str):
        raise RowError(f"field {field!r} must be text, not {type(value).__name__}")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise RowError(f"field {field!r} holds half of a surrogate pair, no text") from None
    return value
