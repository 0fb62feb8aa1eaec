"""The words in which two texts differ, marked."""

import re

from redink.visible import clipped, escaped

MOST_WORDS = 4000
"""Of each text: longer ones are shown without marks."""
_WORD = re.compile(r"\s+|[^\W_]+|.", re.DOTALL)


def marked_difference(text: str, other: str) -> str:
    """`text` as escaped HTML with `<mark>` around the words that `other` does not have there."""
    from rapidfuzz.distance import Indel

    words, others = (_WORD.findall(clipped(one)) for one in (text, other))
    if max(len(words), len(others)) > MOST_WORDS:
        return escaped("".join(words))
    parts: list[str] = []
    for step in Indel.opcodes(words, others):
        piece = escaped("".join(words[step.src_start : step.src_end]))
        if piece:
            parts.append(piece if step.tag == "equal" else f"<mark>{piece}</mark>")
    return "".join(parts)
