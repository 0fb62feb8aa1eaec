r"""Texts without what may differ between copies of them, as words and as tokens.

`words` is what decontamination compares: letters and numbers alone, so that `$2x$` and `2 x`,
`\frac12` and `\dfrac{1}{2}` are the same. `tokens` keeps the operators as well, which tell `3 + 4`
from `3 - 4`: that is what near duplicates are compared by.
"""

import re

from redink.problems.overlap import plain_text, question_key

_DRAWING = re.compile(r"\[asy\].*?\[/asy\]", re.DOTALL)
_STYLES = re.compile(
    r"\\(?:text(?:bf|it|rm|tt)?|math(?:rm|bf|it|sf|tt|cal|bb)|operatorname|mbox|hbox)(?![A-Za-z])"
)
_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Scripts without spaces between words: every character counts as a word."""
_WORD = rf"\d+|[{_IDEOGRAPHS}]|[^\W\d_{_IDEOGRAPHS}]+"
_WORDS = re.compile(_WORD)
_TOKENS = re.compile(_WORD + r"|[-+*/=<>^%!|]")
_OPERATORS = (
    (re.compile(r"\\(?:cdot|times)(?![A-Za-z])"), " * "),
    (re.compile(r"\\div(?![A-Za-z])"), " / "),
    (re.compile(r"\\leq?(?![A-Za-z])"), " <= "),
    (re.compile(r"\\geq?(?![A-Za-z])"), " >= "),
    (re.compile(r"\^\s*\{?\s*\\circ\s*\}?"), " degrees "),
)


def words(text: str) -> list[str]:
    """The letters' and digits' runs of a text in one spelling, in their order."""
    return _WORDS.findall(_plain(text))


def tokens(text: str) -> list[str]:
    """The words and operators of a text, in their order."""
    return _TOKENS.findall(_plain(text))


def key(text: str) -> str:
    """What two texts share that differ in spacing, case and punctuation alone."""
    return question_key(text)


def _plain(text: str) -> str:
    if "[asy]" in text:
        text = _DRAWING.sub(" ", text)
    if "\\" in text:
        text = _STYLES.sub(" ", text)
        for pattern, sign in _OPERATORS:
            text = pattern.sub(sign, text)
    return plain_text(text.replace("°", " degrees "))
