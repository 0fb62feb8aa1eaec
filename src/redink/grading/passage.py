"""The part of a text that answers the question: no echo before it, nothing invented after it."""

import re
from itertools import islice

from redink.prompts import BOXED, LETTER

SHORTEST_ECHO = 20
"""Characters: a shorter question may stand in the reasoning without being an echo."""
LONGEST_TEXT = 2_000_000
"""Characters that are looked at in all."""
MOST_QUESTIONS = 100
"""New questions that are looked at."""
_END = re.compile(
    r"<\|(?:im_end|endoftext|eot_id|end|im_start|end_of_text)\|>|</s>|<eos>|<end_of_turn>"
)
_START = re.compile(rf"\A(?:\s|{_END.pattern})+")
_NEXT = re.compile(
    r"^[ \t#*]*(?:(?:next |new )?(?:question|problem|exercise|Q)[ \t]*\d*[*]*[ \t]*[:.]"
    r"|(?:human|user|instruction)[*]*[ \t]*:|#{2,}[ \t]*(?:instruction|question|problem)\b)",
    re.IGNORECASE | re.MULTILINE,
)
_ANSWERED = re.compile(
    r"####[ \t]*\S|\\f?(?:rame)?box(?:ed)?\s*\{\s*[^\s}]"
    r"|\banswers?\b[*_]*(?:\s*[:=]|\s+(?:is|are|was)\b)"
    r"|^[ \t*]*A[*]*:",
    re.IGNORECASE | re.MULTILINE,
)


def answering_part(text: str, question: str | None = None) -> str:
    """What of `text` counts as the answer to `question`.

    Only what follows the question's last occurrence counts (a base model repeats its prompt);
    where a new question, turn or end-of-text mark follows an answer, the text ends there.
    """
    text = text[:LONGEST_TEXT]
    if question:
        text = _after_echo(text, question.strip())
    for instruction in (LETTER, BOXED):
        if instruction in text:
            text = text.replace(instruction, " ")
    text = _START.sub("", text)
    end = _END.search(text)
    text = text[: end.start()] if end else text
    return _before_next_question(text)


def _after_echo(text: str, question: str) -> str:
    if len(question) < SHORTEST_ECHO:
        return text
    pieces = text.split(question) if question in text else _split_loosely(text, question)
    rest = [piece for piece in pieces if piece.strip()]
    return rest[-1] if rest else text


def _split_loosely(text: str, question: str) -> list[str]:
    """`text` cut at the question with its white space set otherwise."""
    words = question.split()
    if len(words) < 4 or not all(word in text for word in (words[0], words[-1])):
        return [text]
    return re.split(r"\s+".join(map(re.escape, words)), text)


def _before_next_question(text: str) -> str:
    """`text` up to the first new question after an answer."""
    answered = None
    for match in islice(_NEXT.finditer(text), MOST_QUESTIONS):
        before = text[: match.start()]
        answered = answered or _ANSWERED.search(text)
        if answered and answered.start() < match.start():
            return before
        if before.endswith("\n\n") and "Question:" in match[0] and re.search(r"\d", before):
            return before
    return text
