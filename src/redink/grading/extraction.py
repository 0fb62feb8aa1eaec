"""Finding the final answer in a model's text, bounded.

Priority: the last `#### x`, the last closed `\\boxed{x}`, the last `answer is x`; failing these
the last number, which is a guess and marked so.
"""

import re
from dataclasses import dataclass
from typing import Literal

from redink.grading.number import find_last_number, read_number

WINDOW = 4000
"""Characters from the end of a text that are searched; a degenerate output costs no more."""
LONGEST_ANSWER = 400
"""Characters of an answer that are kept."""

Marker = Literal["hashes", "boxed", "phrase", "last number"]

_HASHES = re.compile(r"^[ \t>*]*####(?!#)[ \t]*(\S.*)$", re.MULTILINE)
_HEADING = re.compile(r"(?:\d+[.):]\s+[A-Za-z])|(?:step|part|solution|case)\b", re.IGNORECASE)
_MATHEMATICS = re.compile(r"[=+\\^$_{}()\[\]]")
_BOX = re.compile(r"\\f?box(?:ed)?\s*(?=\{)")
_PHRASE = re.compile(
    r"(?:\banswer\b(?:\s+to\s+[^.:\n]{1,80}?)?[*_]*(?:\s*[:=]|\s+is\b|\s+was\b|\s+would\s+be\b)"
    r"|^[ \t*]*A[*]*:)[*_]*\s*:?[ \t]*(?=(\S.*))",
    re.IGNORECASE | re.MULTILINE,
)
_SENTENCE_END = re.compile(r"(?<!\\)[.!?](?=\s|$)")


@dataclass(frozen=True)
class Extraction:
    """A final answer and the marker that introduced it."""

    answer: str
    marker: Marker

    @property
    def is_guess(self) -> bool:
        """Whether nothing marked it as the final answer."""
        return self.marker == "last number"


def extract_answer(text: str) -> Extraction | None:
    """The final answer that `text` states, or None."""
    text = text[-WINDOW:]
    hashes = _last_hashes(text)
    if hashes and read_number(hashes) is not None and not _HEADING.match(hashes):
        return Extraction(hashes, "hashes")
    if (boxed := _last_box(text)) is not None:
        return Extraction(boxed, "boxed")
    if hashes and not _HEADING.match(hashes) and _is_short(hashes):
        return Extraction(hashes, "hashes")
    if phrase := _last_phrase(text):
        return Extraction(phrase, "phrase")
    number = _last_line_number(text) or find_last_number(text)
    return Extraction(number, "last number") if number else None


def _last_line_number(text: str) -> str | None:
    """The last line, where it is one number with its unit (`72 clips in 2 months`)."""
    lines = text.strip().splitlines()
    last = lines[-1].strip() if lines else ""
    return last if last and read_number(last) else None


def _is_short(hashes: str) -> bool:
    """Whether it reads as an answer, not as a Markdown heading of the fourth level."""
    return len(hashes.split()) <= 4 or _MATHEMATICS.search(hashes) is not None


def _last_hashes(text: str) -> str | None:
    found = _HASHES.findall(text)
    return found[-1].strip()[:LONGEST_ANSWER] if found else None


def _last_box(text: str) -> str | None:
    for match in reversed(list(_BOX.finditer(text))):
        content = _braced(text, match.end())
        if content is not None and content.strip():
            return content.strip()[:LONGEST_ANSWER]
    return None


def _braced(text: str, start: int) -> str | None:
    """The content of the braces that open at `start`, or None where they never close."""
    depth = 0
    for index in range(start, len(text)):
        if text[index] == "{" and text[index - 1] != "\\":
            depth += 1
        elif text[index] == "}" and text[index - 1] != "\\":
            depth -= 1
            if depth == 0:
                return text[start + 1 : index]
    return None


def _last_phrase(text: str) -> str | None:
    """What follows the last `answer is`, to the end of its sentence; None without content."""
    for found in reversed(_PHRASE.findall(text)):
        sentence = _SENTENCE_END.split(found, maxsplit=1)[0].strip(" \t*_")
        if any(character.isalnum() for character in sentence):
            return str(sentence)[:LONGEST_ANSWER]
    return None
