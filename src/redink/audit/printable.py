"""Text of models and data files, made safe to print on a terminal."""

import unicodedata

KEPT = "\n\t"


def printable(text: str) -> str:
    """`text` with control and bidirectional characters shown as escapes, not obeyed.

    Line ends and tabs stay; a surrogate, which no terminal can be sent, is escaped too.
    """
    if text.isprintable():
        return text
    return "".join(c if c in KEPT or not _is_unsafe(c) else _escaped(c) for c in text)


def one_line(text: str, longest: int = 80) -> str:
    """A printable text on one line, cut with an ellipsis."""
    line = printable(" ".join(text.split()))
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _is_unsafe(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()
