"""One spelling for answers that differ in notation only."""

import re
from functools import lru_cache

_DROPPED = re.compile(
    r"\\(?:left|right|big|Big|bigg|Bigg|displaystyle|textstyle|limits|boxed|rm|bf|mathstrut)"
    r"(?![A-Za-z])"
)
_SPACES = re.compile(r"\\[!,;:> ]|\\q?quad(?![A-Za-z])|~|\\\\(?=\s*$)")
_THOUSANDS = re.compile(r"(?<=\d)(?:\{,\}|,\\!|,\\,|\\,|\\!)\s*(?=\d{3}(?!\d))")
_TEXT = re.compile(
    r"\\(?:text|mathrm|mathbf|textbf|textit|mbox|operatorname|bold|boldsymbol|mathit|textrm)"
    r"\s*\{([^{}]*)\}"
)
_DEGREES = re.compile(r"\^\s*\{?\s*\\circ\s*\}?|\\degree(?![A-Za-z])|°")
_CURRENCY = re.compile(r"\\?\$|[€£¥]")
_FRACTION = re.compile(r"\\frac\s*(\{[^{}]*\}|\d|[A-Za-z])\s*(\{[^{}]*\}|\d|[A-Za-z])")
_ROOT = re.compile(r"\\sqrt\s*(\d|[A-Za-z])")
_SINGLE = re.compile(r"([_^])\s*\{\s*(\w)\s*\}")
_POWER = re.compile(r"(?<=[\w)\]])\*\*(?=[\d(-])")
_SLACK = re.compile(r"(?<!\d) +| +(?!\d)")
_LONG_WORD = re.compile(r"[A-Za-z]{3,}")
_COMMAND = re.compile(r"\\[A-Za-z]+")
_BARE_WORDS = re.compile(r"[^\W\d_]+(?:[ '’-][^\W\d_]+)*")
_SYMBOLS = {
    "−": "-", "–": "-", "\u00a0": " ", "\u202f": " ", "×": "\\times ", "·": "\\cdot ",
    "⋅": "\\cdot ", "π": "\\pi ", "∞": "\\infty ", "≤": "\\le ", "≥": "\\ge ", "≠": "\\ne ",
    "±": "\\pm ", "∓": "\\mp ", "∪": "\\cup ", "∈": "\\in ", "∩": "\\cap ", "ℝ": "\\mathbb{R}",
    "⟨": "\\langle ", "⟩": "\\rangle ", "≈": "\\approx ", "θ": "\\theta ", "α": "\\alpha ",
    "β": "\\beta ", "½": "\\frac{1}{2}", "¼": "\\frac{1}{4}", "¾": "\\frac{3}{4}",
    "²": "^2", "³": "^3", "\\lbrace": "\\{", "\\rbrace": "\\}", "\\lbrack": "[",
    "\\rbrack": "]", "\\R ": "\\mathbb{R} ",
}  # fmt: skip
_SYMBOL = re.compile("|".join(re.escape(symbol) for symbol in _SYMBOLS))
_RELATIONS = (
    (re.compile(r"\\(?:leq?slant|leq|leqq)(?![A-Za-z])|<="), r"\\le "),
    (re.compile(r"\\(?:geq?slant|geq|geqq)(?![A-Za-z])|>="), r"\\ge "),
    (re.compile(r"\\neq(?![A-Za-z])|!="), r"\\ne "),
    (re.compile(r"\\lt(?![A-Za-z])"), "<"),
    (re.compile(r"\\gt(?![A-Za-z])"), ">"),
    (re.compile(r"\\[dtc]frac(?![A-Za-z])"), r"\\frac"),
    (re.compile(r"\\(?:simeq|thickapprox)(?![A-Za-z])"), r"\\approx "),
)


@lru_cache(maxsize=8192)
def plain(text: str) -> str:
    """`text` without the mark-up that carries no meaning, white space folded.

    Removes sizing commands, spaces of TeX, `\\text{…}` wrappers, currency and dollar signs and
    Markdown emphasis; keeps every symbol that could change a value.
    """
    text = _SYMBOL.sub(lambda match: _SYMBOLS[match[0]], text)
    text = _THOUSANDS.sub("", text)
    text = _POWER.sub("^", text).replace("**", " ").replace("`", " ")
    text = _SPACES.sub(" ", _DROPPED.sub("", text))
    for pattern, spelling in _RELATIONS:
        text = pattern.sub(spelling, text)
    text = _TEXT.sub(r" \1 ", text).replace("\\%", "%")
    text = _CURRENCY.sub("", _DEGREES.sub(" degrees ", text))
    text = text.replace("\\(", " ").replace("\\)", " ").replace("\\[", " ").replace("\\]", " ")
    text = " ".join(text.split())
    return text.rstrip(" .;,:").lstrip(" :")


@lru_cache(maxsize=8192)
def canonical(text: str) -> str:
    """The form in which two answers are equal as text.

    Letters keep their case (variables differ by it) unless the whole answer is words. Spaces
    between digits stay: `1 3/4` is not `13/4`.
    """
    text = with_braces(plain(text))
    text = _SINGLE.sub(r"\1\2", text)
    text = re.sub(r"^\(\s*([A-Za-z])\s*\)$", r"\1", text)
    if is_words(text) and len(text) > 2:
        return text.casefold()
    return _SLACK.sub("", text)


def with_braces(text: str) -> str:
    """`\\frac12` and `\\sqrt3` with their braces."""
    return _ROOT.sub(r"\\sqrt{\1}", _FRACTION.sub(_braced_fraction, text))


def _braced_fraction(match: re.Match[str]) -> str:
    above, below = (part.strip("{} ") for part in match.groups())
    return f"\\frac{{{above}}}{{{below}}}"


def is_words(text: str) -> bool:
    """Whether an answer is words alone (`Evelyn`, `\\text{even}`): comparable as text only."""
    return _BARE_WORDS.fullmatch(plain(text)) is not None


def has_prose(text: str) -> bool:
    """Whether words stand in an answer that are no product of variables."""
    words = _LONG_WORD.findall(_COMMAND.sub(" ", plain(text)))
    return len(words) > 1 or any(len(word) > 4 for word in words)
