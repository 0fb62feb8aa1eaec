"""One LaTeX formula as MathML that is safe to put into a page.

latex2mathml reads the formula. Its own writer undoes the escaping of text
(`\\text{<script>}` comes out as an element), so the tree that it builds is written here: only
elements and attributes of presentation MathML, every text escaped.
"""

import html
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from redink.visible import escaped, visible

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

LONGEST = 4000
"""Characters of a formula that is typeset; a longer one stays LaTeX."""
SHORT = 300
"""Characters of a formula that is kept once it was typeset: it becomes sixty times as long."""
DEEPEST = 60
"""Nested braces and environments of a formula that is typeset."""
_DEFINES = re.compile(r"\\(?:def|newcommand|newenvironment|DeclareMathOperator)\b")
"""Definitions can double with each use: twenty short ones make a million symbols."""
_BARE_PERCENT = re.compile(r"(?<!\\)%")
_ANGSTROM = re.compile(r"\\AA(?![A-Za-z])")
"""The one command of Minerva-Math's solutions that latex2mathml does not know."""
_ENTITY = re.compile(r"&#x([0-9A-Fa-f]{4,6});")
_NAMED = (
    "math mrow mi mn mo mtext mspace ms msup msub msubsup mfrac msqrt mroot mover munder "
    "munderover mtable mtr mtd mlabeledtr mstyle mpadded mphantom mmultiscripts mprescripts none "
    "menclose mfenced"
)
_ELEMENTS = frozenset(_NAMED.split())
_WORDS = re.compile(r"[a-z][a-z -]{0,60}")
_LENGTH = re.compile(r"[+]?\d(?:\.\d{1,4})?(?:em|ex|px|pt|mu)?|-0?\.\d{1,4}(?:em|ex)|0")
"""Nothing longer than a few characters' width: no formula pushes its page aside."""
_WORDED = (
    "accent accentunder columnalign columnlines display displaystyle fence form largeop "
    "mathvariant movablelimits rowlines separator stretchy symmetric"
)
_MEASURED = (
    "columnspacing depth height linethickness lspace maxsize minsize rowspacing rspace voffset "
    "width"
)
_ATTRIBUTES: dict[str, re.Pattern[str]] = {
    **dict.fromkeys(_WORDED.split(), _WORDS),
    **dict.fromkeys(_MEASURED.split(), _LENGTH),
    "scriptlevel": re.compile(r"[+-]?[0-3]"),
}


def mathml(latex: str, display: bool = False) -> str | None:
    """The formula as a `<math>` element; None where it cannot be typeset.

    Args:
        latex: The formula without its delimiters.
        display: Whether it stands on a line of its own.
    """
    return (_kept if len(latex) <= SHORT else _made)(latex, display)


def _made(latex: str, display: bool) -> str | None:
    from latex2mathml.converter import Converter

    if not latex.strip() or len(latex) > LONGEST or _depth(latex) > DEEPEST:
        return None
    if _DEFINES.search(latex):
        return None
    try:
        converter = Converter(display="block" if display else "inline")
        written = _ANGSTROM.sub("Å", _BARE_PERCENT.sub(r"\\%", latex))
        element = converter.convert_to_element(written)
        written = _written(element)
    except Exception:  # latex2mathml has fifteen unrelated errors, StopIteration among them
        return None
    opening = f'<math alttext="{html.escape(visible(latex), quote=True)}"'
    return opening + written.removeprefix("<math")


_kept = lru_cache(maxsize=2048)(_made)


def _depth(latex: str) -> int:
    deepest = depth = 0
    for found in re.finditer(r"\\(?:begin|left|end|right)\b|\\.|[{}^_]", latex, re.DOTALL):
        token = found[0]
        if token in ("{", "^", "_", r"\begin", r"\left"):
            depth += 1
            deepest = max(deepest, depth)
        elif token in ("}", r"\end", r"\right"):
            depth = max(0, depth - 1)
        if token in ("^", "_"):
            depth -= 1
    return deepest


def _written(element: "Element") -> str:
    tag = element.tag if element.tag in _ELEMENTS else "mrow"
    attributes = _attributes(element)
    if tag == "menclose":
        tag, attributes = "mrow", f' class="{_enclosure(element.get("notation", ""))}"'
    inside = _text(element.text) + "".join(_written(child) + _text(child.tail) for child in element)
    return f"<{tag}{attributes}>{inside}</{tag}>"


def _attributes(element: "Element") -> str:
    """Those that are known, with values that are; colours and sizes could hide a text."""
    return "".join(
        f' {name}="{value}"'
        for name, value in element.attrib.items()
        if name in _ATTRIBUTES and _ATTRIBUTES[name].fullmatch(value)
    )


def _enclosure(notation: str) -> str:
    """The class of an enclosed formula: browsers draw no `menclose`."""
    return "boxed" if "box" in notation else "struck"


def _text(text: str | None) -> str:
    """Text of the tree, in which latex2mathml writes symbols as `&#x0003D;`."""
    return escaped(_ENTITY.sub(_character, text)) if text else ""


def _character(found: re.Match[str]) -> str:
    point = int(found[1], 16)
    return chr(point) if point <= 0x10FFFF else found[0]
