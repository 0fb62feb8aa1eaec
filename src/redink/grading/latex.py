"""Reading LaTeX into SymPy; runs inside a worker process only.

math-verify's own `parse` looks for mathematics inside a text and takes a part where the whole
cannot be read (`3x+4y+14=0` becomes `0 = 0`, `1/2 apples and pears` becomes 1/2); its converter,
latex2sympy2_extended, reads all or nothing. Letters keep their case: `M` is not `m`.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from redink.grading.notation import has_prose, plain, with_braces
from redink.grading.number import read_number

if TYPE_CHECKING:
    from sympy import Basic

_UNIT = re.compile(
    r"\s*(?:\\(?:text|mathrm|mbox|textrm|textbf)\s*\{[^{}]*\}|\\%)(?:\s*\^\s*\{?-?\d\}?)?\s*\.?\s*$"
)
_PLAIN_FUNCTIONS = re.compile(
    r"(?<![\\A-Za-z])(?:np\.|math\.|numpy\.)?"
    r"(arcsin|arccos|arctan|sinh|cosh|tanh|sin|cos|tan|cot|sec|csc|ln|log|exp|infty|pi|"
    r"alpha|beta|gamma|theta|lambda|omega|tau|phi|mu|rho|sigma|epsilon|delta)(?![a-z])"
)
_PLAIN_ROOT = re.compile(r"(?<![\\A-Za-z])(?:np\.|math\.)?sqrt\s*\(([^()]*)\)")
_PLAIN_POWER = re.compile(r"\^\s*\(([^()]*)\)")
_SCIENTIFIC = re.compile(r"(?<![\w.])(\d+(?:\.\d*)?|\.\d+)[eE]([-+]?\d{1,3})(?![\w.])")
_LOG_BASE = re.compile(r"\\log\s*_\s*(\w)")
_PRIME = re.compile(r"'+|\^\s*\{?\s*\\prime\s*\}?")
_INDEXED_E = re.compile(r"(?<![A-Za-z\\])E(?=\s*_)")
_TWO_NUMBERS = re.compile(r"\d\s+\d")
_DEGREES = re.compile(r"(?<=[\d)}])\s*(?:degrees?)(?![a-z])")


class UnreadableError(ValueError):
    """A text that is not one piece of mathematics."""


@lru_cache(maxsize=512)
def read_latex(text: str) -> "Basic":
    """The SymPy object that a text states as a whole.

    Degree marks are dropped; `i` is the imaginary unit.

    Raises UnreadableError for prose, for two numbers side by side and for broken LaTeX.
    """
    from latex2sympy2_extended import latex2sympy  # type: ignore[import-untyped]
    from latex2sympy2_extended.latex2sympy2 import (  # type: ignore[import-untyped]
        ConversionConfig,
    )
    from sympy import I, Rational

    number = read_number(text)
    if number is not None and not (number.name or number.letter or number.other):
        return Rational(number.value.numerator, number.value.denominator)
    cleaned = _prepared(text)
    if not cleaned or has_prose(cleaned) or _TWO_NUMBERS.search(cleaned):
        raise UnreadableError(text)
    try:
        found = latex2sympy(cleaned, conversion_config=ConversionConfig(lowercase_symbols=False))
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # the converter raises bare Exception for a syntax error
        raise UnreadableError(text) from error
    if not hasattr(found, "free_symbols"):
        raise UnreadableError(text)
    imaginary = [symbol for symbol in found.free_symbols if str(symbol) == "i"]
    return found.subs(dict.fromkeys(imaginary, I)) if imaginary else found


def _prepared(text: str) -> str:
    without_unit = _UNIT.sub("", text)
    text = plain(without_unit if any(c.isalnum() for c in without_unit) else text)
    text = _DEGREES.sub("", text)
    text = _LOG_BASE.sub(r"\\log_{\1}", with_braces(text))
    text = _SCIENTIFIC.sub(r"\1 \\cdot 10^{\2}", text)
    text = _PLAIN_ROOT.sub(r"\\sqrt{\1}", text)
    text = _PLAIN_FUNCTIONS.sub(lambda match: f"\\{match[1]} ", text)
    text = _PLAIN_POWER.sub(r"^{\1}", text)
    text = _PRIME.sub(lambda match: r"^{\prime}", text)
    return _INDEXED_E.sub(r"\\Xi", text.replace("\\odot", "o"))
