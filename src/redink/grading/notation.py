"""One spelling for answers that differ in notation only."""

import re

_DROPPED = re.compile(r"\\(?:left|right|big|Big|bigg|Bigg|displaystyle|limits|boxed)(?![A-Za-z])")
_SPACES = re.compile(r"\\[!,;:> ]|\\q?quad(?![A-Za-z])|~")
_TEXT = re.compile(r"\\(?:text|mathrm|mathbf|textbf|textit|mbox|operatorname)\s*\{([^{}]*)\}")
_DEGREES = re.compile(r"\^\s*\{?\s*\\circ\s*\}?|\\degree(?![A-Za-z])|°")
_CURRENCY = re.compile(r"\\?\$|[€£¥]")
_SHORT_FRACTION = re.compile(r"\\frac\s*(\d)\s*(\d)(?!\d)")
_SHORT_ROOT = re.compile(r"\\sqrt\s*(\d)(?!\d)")
_BARE_WORDS = re.compile(r"[^\W\d_]+(?:[ '’-][^\W\d_]+)*")


def plain(text: str) -> str:
    """`text` without the mark-up that carries no meaning, white space folded.

    Removes sizing commands, spaces of TeX, `\\text{…}` wrappers, currency and dollar signs and
    Markdown emphasis; keeps every symbol that could change a value.
    """
    text = text.replace("−", "-").replace("–", "-").replace("\u00a0", " ").replace("{,}", ",")
    text = text.replace("**", " ").replace("`", " ")
    text = _SPACES.sub(" ", _DROPPED.sub("", text))
    text = re.sub(r"\\[dtc]frac(?![A-Za-z])", r"\\frac", text)
    text = _TEXT.sub(r" \1 ", text).replace("\\%", "%")
    text = _CURRENCY.sub("", _DEGREES.sub(" degrees ", text))
    text = " ".join(text.replace("\\(", " ").replace("\\)", " ").split())
    return text.rstrip(" .;,:").lstrip(" :")


def canonical(text: str) -> str:
    """The form in which two answers are equal as text.

    Letters keep their case (variables differ by it) unless the whole answer is words.
    """
    text = _SHORT_ROOT.sub(r"\\sqrt{\1}", _SHORT_FRACTION.sub(r"\\frac{\1}{\2}", plain(text)))
    text = re.sub(r"^\(([A-Za-z])\)$", r"\1", text)
    if is_words(text) and len(text) > 1:
        return text.casefold()
    return text.replace(" ", "")


def is_words(text: str) -> bool:
    """Whether an answer is words alone (`Evelyn`, `\\text{even}`): comparable as text only."""
    return _BARE_WORDS.fullmatch(plain(text)) is not None


def outer_brackets(text: str) -> str | None:
    """The opening and closing bracket around a comma list (`[)` of `[1,2)`), if it has them."""
    text = plain(text).replace("\\{", "{").replace("\\}", "}").replace("\\lbrack", "[")
    if len(text) > 2 and text[0] in "([{" and text[-1] in ")]}" and _is_one_list(text):
        return text[0] + text[-1]
    return None


def _is_one_list(text: str) -> bool:
    """Whether the first bracket closes at the end only, with a comma directly inside."""
    depth, comma = 0, False
    for index, character in enumerate(text):
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
            if depth == 0 and index < len(text) - 1:
                return False
        comma = comma or (character == "," and depth == 1)
    return comma
