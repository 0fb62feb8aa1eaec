"""A training example in pieces: what is read, what is learned, where the turn ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from redink.audit.printable import printable
from redink.training.encoding import IGNORED, Encoded

if TYPE_CHECKING:
    from rich.text import Text

Kind = Literal["read", "trained", "end"]
"""Without loss, with loss, and the end-of-turn token that carries loss."""

STYLES: dict[Kind, str] = {"read": "dim", "trained": "green", "end": "bold black on green"}
SHOWN = 700
"""Characters of a piece that are printed at most, the middle left out."""


@dataclass(frozen=True)
class Span:
    """Neighbouring tokens of one kind."""

    kind: Kind
    text: str
    tokens: int


def spans(row: Encoded, tokenizer: Any, end_of_turn: int | None) -> list[Span]:
    """The row's tokens as text, cut where the loss begins, at its end of turn and where it ends."""
    kinds = [_kind(label, end_of_turn) for label in row.labels]
    found = []
    for kind, group in groupby(zip(kinds, row.ids, strict=True), key=lambda pair: pair[0]):
        ids = [token for _, token in group]
        text = tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        found.append(Span(kind, text, len(ids)))
    return found


def coloured(pieces: Sequence[Span]) -> "Text":
    """Pieces for the terminal: read ones dim, trained ones green within brackets, the end marked.

    Control characters are shown, not obeyed, and nothing in the text is read as mark-up. The
    brackets tell the pieces apart where there is no colour.
    """
    from rich.text import Text

    shown = Text()
    inside = False
    for piece in pieces:
        if (piece.kind != "read") != inside:
            shown.append("⟧" if inside else "⟦", style="bold green")
            inside = not inside
        shown.append(_shortened(printable(piece.text), piece.tokens), style=STYLES[piece.kind])
    if inside:
        shown.append("⟧", style="bold green")
    return shown


def _kind(label: int, end_of_turn: int | None) -> Kind:
    if label == IGNORED:
        return "read"
    return "end" if label == end_of_turn else "trained"


def _shortened(text: str, tokens: int) -> str:
    if len(text) <= SHOWN:
        return text
    left_out = len(text) - SHOWN
    half = SHOWN // 2
    return (
        f"{text[:half]} … [{left_out:,} characters of {tokens:,} tokens left out] … {text[-half:]}"
    )
