"""Finding the final answer in a model's text, bounded.

Priority: the first `#### x` that is a bare number, the last closed `\\boxed{x}`, any other
`#### x`, the last `answer is x`; failing these a last line or a last `$…$` that is an expression
and nothing else, and at the very last the last number. The last two are guesses and marked so.
"""

import re
from dataclasses import dataclass
from typing import Literal

from redink.grading.number import find_last_number, read_number
from redink.grading.passage import answering_part

WINDOW = 4000
"""Characters from the end of a text that are searched; a degenerate output costs no more."""
MOST_BOXES = 50
"""Boxes from the end that are looked at."""
LONGEST_ANSWER = 1000
"""Characters of an answer that are kept."""

Marker = Literal["hashes", "boxed", "open box", "phrase", "last expression", "last number"]

_HASHES = re.compile(r"^[ \t>*]*####(?!#)[ \t]*(\S.*)$", re.MULTILINE)
_BARE = re.compile(r"[*$\\(]*[-+−]?\s*[*$\\(]*\s*[\d.,/]*\d[\d.,/]*\s*\\?%?[*$\\)]*\s*\.?\s*")
_HEADING = re.compile(r"(?:\d+[.):]\s+[A-Za-z])|(?:step|part|solution|case)\b", re.IGNORECASE)
_MATHEMATICS = re.compile(r"[=+\\^$_{}()\[\]]")
_BOX = re.compile(r"\\(?:f?box(?:ed)?|framebox)\s*(?:(?=\{)|(?=[\w-]))")
_PHRASE = re.compile(
    r"(?:\banswers?\b(?:\s+to\s+[^.:\n]{1,80}?)?[*_]*"
    r"(?:\s*[:=]|\s+(?:is|are|was|were)\b|\s+would\s+be\b|\s+should\s+be\b)"
    r"|^[ \t*]*A[*]*:)[*_]*\s*:?[ \t*_]*(?=(\S.*))",
    re.IGNORECASE | re.MULTILINE,
)
_DISPLAY = re.compile(r"\s*(?:\$\$(.+?)\$\$|\\\[(.+?)\\\])", re.DOTALL)
_SENTENCE_END = re.compile(r"(?<!\\)[.!?](?=\s|$)|<\||</")
_CLAUSE = re.compile(
    r",?\s+(?:because|since|so|as (?:we|the|it)|which|where(?= we)|given that|when)\b"
    r"|\s+\((?=[a-z]{3,})",
    re.IGNORECASE,
)
_INLINE = re.compile(r"\$\$(.+?)\$\$|\$([^$]+)\$|\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL)
_COMMAND = re.compile(r"\\[A-Za-z]+")


@dataclass(frozen=True)
class Extraction:
    """A final answer and the marker that introduced it."""

    answer: str
    marker: Marker
    boxes: tuple[str, ...] = ()
    """Every box of the last paragraph that has one, for a problem with several answers."""

    @property
    def is_guess(self) -> bool:
        """Whether nothing marked it as the final answer."""
        return self.marker in ("last expression", "last number")

    @property
    def is_complete(self) -> bool:
        """Whether a text that was cut off had come to the end of its answer."""
        return not self.is_guess and self.marker != "open box"


def extract_answer(text: str, question: str | None = None) -> Extraction | None:
    """The final answer that `text` states, or None.

    Args:
        question: where given, what stands before its last occurrence in `text` is an echo of
            the prompt and does not count.
    """
    text = answering_part(text, question)
    hashes = _first_hashes(text)
    if hashes and _BARE.fullmatch(hashes):
        return Extraction(hashes, "hashes")
    text = text[-WINDOW:]
    boxes = _boxes(text)
    if boxes:
        return Extraction(boxes[-1], "boxed", boxes)
    if hashes and (read_number(hashes) is not None or _is_short(hashes)):
        return Extraction(hashes, "hashes")
    if (unclosed := _open_box(text)) is not None:
        return Extraction(unclosed, "open box")
    if phrase := _last_phrase(text):
        return Extraction(phrase, "phrase")
    if expression := _last_expression(text):
        return Extraction(expression, "last expression")
    number = find_last_number(text)
    return Extraction(number, "last number") if number else None


def last_line(text: str) -> str:
    """The last line that is not empty."""
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else ""


def _first_hashes(text: str) -> str | None:
    """What follows the first `####` that is no Markdown heading.

    GSM8K's own definition, and the strict match of lm-evaluation-harness: a trained model runs
    on after its answer.
    """
    for match in _HASHES.finditer(text):
        found = match[1].strip()[:LONGEST_ANSWER]
        if not _HEADING.match(found) and (read_number(found) is not None or _is_short(found)):
            return found
    return None


def _is_short(hashes: str) -> bool:
    """Whether it reads as an answer, not as a Markdown heading of the fourth level."""
    return len(hashes.split()) <= 4 or _MATHEMATICS.search(hashes) is not None


def _boxes(text: str) -> tuple[str, ...]:
    """The contents of the closed boxes in the last paragraph that has any, outermost only."""
    found: list[tuple[int, int, str]] = []
    for match in reversed(list(_BOX.finditer(text))[-MOST_BOXES:]):
        content, end = _box_content(text, match.end())
        if content is None or not content.strip():
            continue
        if found and "\n\n" in text[end : found[-1][0]]:
            break
        if found and end >= found[-1][1]:  # `\boxed{\boxed{3}}`: the inner one came first
            continue
        found.append((match.start(), end, content.strip()[:LONGEST_ANSWER]))
    contents = [content for _, _, content in reversed(found)]
    return tuple(dict.fromkeys(reversed(contents)))[::-1] if contents else ()


def _box_content(text: str, start: int) -> tuple[str | None, int]:
    """(content, end) of the box whose argument begins at `start`; None where it never closes."""
    if text[start : start + 1] != "{":
        bare = re.match(r"-?[\w./]+", text[start:])
        return (bare[0].rstrip("."), start + bare.end()) if bare else (None, start)
    end = _closing(text, start)
    return (None, start) if end is None else (text[start + 1 : end], end)


def _closing(text: str, start: int) -> int | None:
    depth = 0
    for index in range(start, len(text)):
        if text[index] == "{" and text[index - 1] != "\\":
            depth += 1
        elif text[index] == "}" and text[index - 1] != "\\":
            depth -= 1
            if depth == 0:
                return index
    return None


def _open_box(text: str) -> str | None:
    """What stands in a last box that never closes, to the end of its line or formula."""
    matches = list(_BOX.finditer(text))
    if not matches:
        return None
    rest = text[matches[-1].end() + 1 :]
    content = re.split(r"\n|\$|\\\)|\\\]", rest, maxsplit=1)[0].strip(" .")
    return content[:LONGEST_ANSWER] if any(c.isalnum() for c in content) else None


def _last_phrase(text: str) -> str | None:
    """What follows the last `answer is`, to the end of its sentence; None without content."""
    for match in reversed(list(_PHRASE.finditer(text))):
        display = _DISPLAY.match(text, match.end())
        if display:
            return (display[1] or display[2]).strip()[:LONGEST_ANSWER]
        sentence = _SENTENCE_END.split(match[1], maxsplit=1)[0].strip(" \t*_")
        sentence = _CLAUSE.split(sentence, maxsplit=1)[0]
        if any(character.isalnum() for character in sentence):
            return _without_prose(sentence)[:LONGEST_ANSWER]
    return None


def _without_prose(sentence: str) -> str:
    """The one formula of a sentence that says more than the answer."""
    formulas = [next(filter(None, match.groups())) for match in _INLINE.finditer(sentence)]
    words = re.findall(r"[A-Za-z]{2,}", _INLINE.sub(" ", sentence))
    return formulas[0].strip() if len(formulas) == 1 and len(words) > 4 else sentence.strip()


def _last_expression(text: str) -> str | None:
    """The last line where it is an expression or a number with its unit, or its last formula."""
    ending = re.search(r"(?:\$\$(.+?)\$\$|\\\[(.+?)\\\])\s*$", text[-LONGEST_ANSWER:], re.DOTALL)
    if ending:
        return (ending[1] or ending[2]).strip(" .\n")
    line = last_line(text)[-LONGEST_ANSWER:]
    bare = line.strip("*_ ").rstrip(".")
    if bare and (read_number(bare) is not None or _is_expression(bare)):
        return bare
    formulas = list(_INLINE.finditer(line))
    if not formulas or re.search(r"\d", line[formulas[-1].end() :]):
        return None
    last = next(filter(None, formulas[-1].groups())).strip()
    return last if any(character.isalnum() for character in _COMMAND.sub("", last)) else None


def _is_expression(line: str) -> bool:
    """Whether a line is mathematics and no sentence."""
    if not any(character.isalnum() for character in _COMMAND.sub("", line)) or ":" in line:
        return False
    bare = _COMMAND.sub(" ", line)
    wordless = not re.search(r"[A-Za-z]{2,}", bare.replace(" and ", " ").replace(" or ", " "))
    return (
        wordless
        and bool(re.search(r"[\d\\^_=+*/$]", line))
        and not re.search(r"\d\s*[-+*/x]\s*\d", line)
    )
