"""Which problems two sets share, whatever their spacing, case and punctuation."""

import re
import unicodedata
from collections.abc import Iterable

from redink.records import Problem

_TEX_SPACES = re.compile(r"\\[!,;:> \n]|\\(?:q?quad|left|right|displaystyle)(?![A-Za-z])|~")
_FRACTION = re.compile(r"\\[dtc]frac(?![A-Za-z])")
_MATHS_MARKS = re.compile(r"(?<!\\)\$|\\[()\[\]]")
_LIST_SPACE = re.compile(r"(?<=\d),\s+(?=\d)")
_THOUSANDS = re.compile(r"(?<=\d)(?:,|\{,\})(?=\d{3}(?!\d))")
_PUNCTUATION = re.compile(r"(?<!\d)[.,]|[.,](?!\d)|[:;!?'\"`´“”‘’]")
_DASHES = re.compile(r"[\u2010-\u2015\u2212]")


def question_key(question: str) -> str:
    """A question without what may differ between copies of it.

    Folds case, white space, Unicode forms, dashes, sentence punctuation, dollar signs, TeX
    spacing and sizing, and thousands separators; keeps every digit, letter and operator.
    """
    text = unicodedata.normalize("NFKC", question)
    text = _FRACTION.sub(r"\\frac", _DASHES.sub("-", text))
    text = _MATHS_MARKS.sub(" ", _TEX_SPACES.sub(" ", text))
    text = _THOUSANDS.sub("", _LIST_SPACE.sub(",", text))
    return "".join(_PUNCTUATION.sub(" ", text).casefold().split())


def overlap(first: Iterable[Problem], second: Iterable[Problem]) -> list[str]:
    """Ids of the problems of `first` whose question is in `second` too, in their order."""
    keys = {_key(problem) for problem in second}
    return [problem.id for problem in first if _key(problem) in keys]


def _key(problem: Problem) -> str:
    """The key of a problem's question; options, whose order may differ, do not count."""
    choices = problem.meta.get("choices")
    question = problem.question
    if choices:
        question = question.partition(f"\n\nA. {choices[0]}")[0]
    return question_key(question)
