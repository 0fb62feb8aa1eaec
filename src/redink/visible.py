"""Text of models and data files as a person should see it: nothing hidden, nothing obeyed.

Control characters and direction overrides become marks that can be read; a text too long to look
at is cut, saying by how much.
"""

import html
import re
import unicodedata

LONGEST = 100_000
"""Characters of one text that are shown."""
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
"""Control and format characters, without tab and line feed, and without the joiners that Persian,
Indic scripts and emoji are written with."""
_NAMES = dict(
    enumerate(
        [
            "NUL",
            "SOH",
            "STX",
            "ETX",
            "EOT",
            "ENQ",
            "ACK",
            "BEL",
            "BS",
            "HT",
            "LF",
            "VT",
            "FF",
            "CR",
            "SO",
            "SI",
            "DLE",
            "DC1",
            "DC2",
            "DC3",
            "DC4",
            "NAK",
            "SYN",
            "ETB",
            "CAN",
            "EM",
            "SUB",
            "ESC",
            "FS",
            "GS",
            "RS",
            "US",
        ]
    )
) | {0x7F: "DEL"}


def visible(text: str) -> str:
    """`text` with every control and direction character as a mark: `⟨ESC⟩`, `⟨U+202E⟩`."""
    return _UNSAFE.sub(lambda found: _mark(found[0]), _line_ends(text))


def escaped(text: str) -> str:
    """`text` as HTML: escaped, control and direction characters as `<span class="mark">`."""
    return _UNSAFE.sub(_marked, html.escape(_line_ends(text), quote=True))


def clipped(text: str, longest: int = LONGEST) -> str:
    """`text`, cut after `longest` characters with a line that says how much is left out."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]}\n[… {len(text) - longest:,} more characters are not shown]"


def one_line(text: str, longest: int = 160) -> str:
    """The beginning of a text on one line, visible, cut with an ellipsis."""
    line = visible(" ".join(text[: 4 * longest].split()))
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _line_ends(text: str) -> str:
    return text.replace("\r\n", "\n") if "\r" in text else text


def _mark(character: str) -> str:
    point = ord(character)
    # Not the pictures of U+2400: many systems have no font for them and draw an empty box.
    return f"⟨{_NAMES.get(point, f'U+{point:04X}')}⟩"


def _marked(found: re.Match[str]) -> str:
    name = unicodedata.name(found[0], "control character").lower()
    title = f"U+{ord(found[0]):04X} {name}"
    return f'<span class="mark" title="{title}">{_mark(found[0])}</span>'
