"""A scored response in pieces: its text, and the label behind each solution step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from redink.audit.printable import printable
from redink.scoring.batches import EncodedRow

if TYPE_CHECKING:
    from rich.text import Text

SHOWN = 700
"""Characters of a piece that are printed at most, the middle left out."""
STYLES = {"right": "bold green", "wrong": "bold red"}
SOFT = "bold yellow"
"""Of a label that is neither right nor wrong, but a share of right continuations."""


@dataclass(frozen=True)
class Piece:
    """Neighbouring tokens of a row; of the labelled token at their end, its text and label.

    ids        q q s s \\n s s s \\n        two pieces: q q s s · \\n, and s s s · \\n
    """

    text: str
    """Of the tokens that carry no label."""
    at: str = ""
    """Text of the labelled token: the last one of the separator behind a solution step."""
    target: float | None = None
    """What is learned there; None behind the last label."""


def pieces(row: EncodedRow, tokenizer: Any) -> list[Piece]:
    """The row's tokens as text, cut behind each labelled one."""
    found, start = [], 0
    for position, target in zip(row.positions, row.targets, strict=True):
        at = _text(row.ids[position : position + 1], tokenizer)
        found.append(Piece(_text(row.ids[start:position], tokenizer), at, target))
        start = position + 1
    if start < len(row.ids):
        found.append(Piece(_text(row.ids[start:], tokenizer)))
    return found


def label_text(target: float) -> str:
    """`right`, `wrong`, or the share that is learned."""
    return {1.0: "right", 0.0: "wrong"}.get(target, f"{target:.2f}")


def coloured(parts: Sequence[Piece]) -> "Text":
    """Pieces for the terminal: text dim, each label within brackets before the token that it
    stands at: right ones green, wrong ones red, shares yellow.

    Control characters are shown, not obeyed, and nothing in the text is read as mark-up.
    """
    from rich.text import Text

    shown = Text()
    for part in parts:
        shown.append(_shortened(printable(part.text)), style="dim")
        if part.target is not None:
            label = label_text(part.target)
            shown.append(f" ⟦{label}⟧", style=STYLES.get(label, SOFT))
        shown.append(printable(part.at), style="dim")
    shown.rstrip()
    return shown


def _text(ids: Sequence[int], tokenizer: Any) -> str:
    text: str = tokenizer.decode(
        list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False
    )
    return text


def _shortened(text: str) -> str:
    if len(text) <= SHOWN:
        return text
    half = SHOWN // 2
    return f"{text[:half]} … [{len(text) - SHOWN:,} characters left out] … {text[-half:]}"
