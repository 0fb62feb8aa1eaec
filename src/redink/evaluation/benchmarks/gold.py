"""Reading reference answers: the boxed one of a solution, and what numbers look like."""

import re

_BOX = re.compile(r"\\f?box(?:ed)?(?![A-Za-z])\s*")
_DECIMAL = re.compile(r"[-+]?\d*\.\d+(?:[eE][-+]?\d+)?|[-+]?\d+(?:\.\d*)?[eE][-+]?\d+")
_NUMBER = re.compile(r"[-+]?(?:\d[\d,]*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")


def last_boxed(solution: str) -> str | None:
    r"""The content of the last closed `\boxed{…}` of a reference solution, or None.

    Braces nest and may be escaped; `\boxed 7` and `\fbox{7}` count too.
    """
    for match in reversed(list(_BOX.finditer(solution))):
        rest = solution[match.end() :]
        content = _braced(rest) if rest.startswith("{") else re.split(r"[\s$]", rest)[0]
        if content and content.strip():
            return content.strip()
    return None


def is_number(answer: str) -> bool:
    """Whether an answer is a plain number: digits, thousands separators, point, exponent."""
    return _NUMBER.fullmatch(answer.strip()) is not None


def is_decimal(answer: str) -> bool:
    """Whether an answer is a number with a decimal point or an exponent, so maybe rounded."""
    return _DECIMAL.fullmatch(answer.strip()) is not None


def _braced(text: str) -> str | None:
    depth = 0
    for index, character in enumerate(text):
        escaped = index > 0 and text[index - 1] == "\\"
        if character == "{" and not escaped:
            depth += 1
        elif character == "}" and not escaped:
            depth -= 1
            if depth == 0:
                return text[1:index]
    return None
