"""Numbers as people write them: read into exact fractions, written back in the same style."""

import re
from fractions import Fraction
from functools import lru_cache

VULGAR = {
    "½": Fraction(1, 2),
    "⅓": Fraction(1, 3),
    "⅔": Fraction(2, 3),
    "¼": Fraction(1, 4),
    "¾": Fraction(3, 4),
    "⅕": Fraction(1, 5),
    "⅖": Fraction(2, 5),
    "⅗": Fraction(3, 5),
    "⅘": Fraction(4, 5),
    "⅙": Fraction(1, 6),
    "⅛": Fraction(1, 8),
    "⅜": Fraction(3, 8),
    "⅝": Fraction(5, 8),
    "⅞": Fraction(7, 8),
}
NUMBER_PATTERN = (
    rf"(?:\d{{1,3}}(?:,\d{{3}})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)[{''.join(VULGAR)}]?"
    rf"|[{''.join(VULGAR)}]"
)
"""Regular expression of one unsigned number, without currency or percent sign."""
MAX_DIGITS = 40
"""Longer digit strings are not read: no solution needs them, and they cost time."""

_NUMBER = re.compile(NUMBER_PATTERN)
_DRESSED = re.compile(rf"\s*([-−–]?)\s*[$€£]?\s*([-−–]?)\s*({NUMBER_PATTERN})\s*(%?)\s*")
_FRACTION = re.compile(r"\s*([-−–]?)\s*(\d{1,9})\s*/\s*(\d{1,9})\s*")


@lru_cache(maxsize=4096)
def read_number(text: str) -> Fraction | None:
    """The exact value of one unsigned number such as `1,200`, `.5`, `2½`; None if it is none."""
    if len(text) > MAX_DIGITS or not _NUMBER.fullmatch(text):
        return None
    extra = VULGAR.get(text[-1])
    digits = text[:-1] if extra is not None else text
    whole = Fraction(digits.replace(",", "")) if digits else Fraction(0)
    return whole + (extra or 0)


def read_quantity(text: str) -> Fraction | None:
    """The value of a number with its dress: sign, currency, percent sign, or a plain `a/b`.

    `50%` reads as 50: a percentage is named by its face value. None where `text` holds
    anything else.
    """
    fraction = _FRACTION.fullmatch(text)
    if fraction and int(fraction[3]):
        value = Fraction(int(fraction[2]), int(fraction[3]))
        return -value if fraction[1] else value
    dressed = _DRESSED.fullmatch(text)
    if not dressed:
        return None
    unsigned = read_number(dressed[3])
    if unsigned is None:
        return None
    return -unsigned if bool(dressed[1]) != bool(dressed[2]) else unsigned


def decimals(text: str) -> int:
    """How many digits stand after the decimal point of a written number."""
    return len(text.partition(".")[2]) if "." in text else 0


def terminates(value: Fraction, places: int) -> bool:
    """Whether `value` can be written exactly with at most `places` decimals."""
    return bool((value * 10**places).denominator == 1)


def write_number(value: Fraction, like: str = "") -> str | None:
    """`value` in the style of the written number `like`: its commas and its decimals.

    A value that needs more decimals gets up to four where it ends there; a value that never
    ends is rounded to the decimals of `like` (two at least), provided `like` had decimals.
    None where neither is possible.
    """
    places = decimals(like)
    if not terminates(value, places):
        longer = next((n for n in range(places + 1, 5) if terminates(value, n)), None)
        if longer is None and not places:
            return None
        places = longer if longer is not None else max(places, 2)
    commas = "," in like or (not like and abs(value) >= 10_000)
    scaled = round(abs(value) * 10**places)
    whole, rest = divmod(scaled, 10**places)
    text = f"{whole:,}" if commas else str(whole)
    if places:
        text += f".{rest:0{places}d}"
    return f"-{text}" if value < 0 and scaled else text


def plain(value: Fraction) -> str:
    """`value` for reading: exact with up to four decimals, else rounded to two."""
    for places in range(5):
        if terminates(value, places):
            return write_number(value, "1" if not places else f"1.{'0' * places}") or str(value)
    return f"{float(value):.2f}"


def agrees(computed: Fraction, written: Fraction, places: int) -> bool:
    """Whether a value written with `places` decimals is `computed`, exactly or rounded.

    Rounding and cutting off both pass; so does rounding a fraction to a neighbouring integer.
    """
    difference = abs(computed - written)
    if difference == 0:
        return True
    if computed.denominator == 1 and written.denominator == 1:
        return False
    return bool(difference < Fraction(1, 10**places))
