"""The quantities that a question gives, in digits and in words."""

import re
from dataclasses import dataclass
from fractions import Fraction

from redink.arithmetic.tokens import tokenize

_UNITS = [
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen"),
    *("seventeen", "eighteen", "nineteen"),
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
WORDS: dict[str, Fraction] = {
    **{word: Fraction(value) for value, word in enumerate(_UNITS)},
    **{word: Fraction(20 + 10 * index) for index, word in enumerate(_TENS)},
    **{f"{tens}-{unit}": Fraction(20 + 10 * i + j)
       for i, tens in enumerate(_TENS) for j, unit in enumerate(_UNITS[:10]) if j},
    **dict.fromkeys(("once", "single", "an", "a"), Fraction(1)),
    **dict.fromkeys(("twice", "double", "doubled", "doubles", "both", "couple", "pair"),
                    Fraction(2)),
    **dict.fromkeys(("thrice", "triple", "tripled", "triples", "triplets"), Fraction(3)),
    **dict.fromkeys(("quadruple", "quadrupled"), Fraction(4)),
    **dict.fromkeys(("half", "halves", "halved", "halfway"), Fraction(1, 2)),
    **dict.fromkeys(("third", "thirds"), Fraction(1, 3)),
    **dict.fromkeys(("quarter", "quarters", "fourth", "fourths"), Fraction(1, 4)),
    **dict.fromkeys(("fifth", "fifths"), Fraction(1, 5)),
    **dict.fromkeys(("sixth", "sixths"), Fraction(1, 6)),
    **dict.fromkeys(("seventh", "sevenths"), Fraction(1, 7)),
    **dict.fromkeys(("eighth", "eighths"), Fraction(1, 8)),
    **dict.fromkeys(("tenth", "tenths"), Fraction(1, 10)),
    "dozen": Fraction(12), "dozens": Fraction(12), "hundred": Fraction(100),
    "thousand": Fraction(1000), "million": Fraction(1_000_000), "score": Fraction(20),
}  # fmt: skip
_WORD = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)?")
CONVERSIONS: dict[Fraction, tuple[str, ...]] = {
    Fraction(value): tuple(words.split())
    for value, words in (
        (60, "minute minutes hour hours second seconds"),
        (24, "hour hours day days"),
        (7, "day days week weeks weekly daily"),
        (12, "month months year years dozen dozens inch inches foot feet annual yearly monthly"),
        (52, "week weeks year years weekly annual yearly"),
        (365, "day days year years daily yearly"),
        (30, "day days month months"),
        (4, "week weeks month months quarter quarters"),
        (100, "percent cent cents dollar dollars meter meters centimeters cm m"),
        (1000, "meters meter kilometers km kg grams gram liters ml milliliters"),
        (16, "ounce ounces pound pounds"),
        (3, "feet foot yard yards"),
        (5280, "feet foot mile miles"),
    )
}
"""Factors that solutions take from general knowledge, with the units that go with them."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number that a text gives, and where."""

    value: Fraction
    start: int
    end: int
    text: str
    spelled: bool = False


def quantities(text: str) -> list[Quantity]:
    """The numbers of a text: digits (`20%` as 20), `3/4`, and number words, in order."""
    tokens = tokenize(text)
    found = [
        Quantity(token.value, token.start, token.end, token.text)
        for token in tokens
        if token.kind == "number" and token.value is not None
    ]
    for left, slash, right in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if slash.text == "/" and left.value is not None and right.value:
            share = left.value / right.value
            found.append(Quantity(share, left.start, right.end, text[left.start : right.end]))
    for match in _WORD.finditer(text):
        spelled = WORDS.get(match[0].lower())
        if spelled is not None:
            found.append(Quantity(spelled, match.start(), match.end(), match[0], spelled=True))
    return sorted(found, key=lambda quantity: (quantity.start, quantity.end))


def conversion_units(value: Fraction, text: str) -> bool:
    """Whether `value` is a known conversion factor whose units the text speaks of."""
    units = CONVERSIONS.get(value)
    if units is None:
        return False
    words = {match[0].lower() for match in re.finditer(r"[A-Za-z]+", text)}
    return len(words.intersection(units)) >= 1
