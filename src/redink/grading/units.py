"""Units that answers carry, and what one is worth in another of its kind."""

import re
from dataclasses import dataclass
from fractions import Fraction

_KINDS: dict[str, dict[str, Fraction | int | str]] = {
    "length": {
        "mm|millimet(?:er|re)": "1/1000", "cm|centimet(?:er|re)": "1/100", "m|met(?:er|re)": 1,
        "km|kilomet(?:er|re)": 1000, "inch|inche|inches": "254/10000",
        "ft|foot|feet": "3048/10000", "yd|yard": "9144/10000", "mile": "1609344/1000",
    },
    "time": {
        "s|sec|second": 1, "min|minute": 60, "h|hr|hour": 3600, "day": 86400, "week": 604800,
        "ms|millisecond": "1/1000",
    },
    "mass": {
        "mg|milligram": "1/1000", "g|gram": 1, "kg|kilogram": 1000, "tonne": 1000000,
        "lb|pound": "45359237/100000", "oz|ounce": "45359237/1600000",
    },
    "money": {"dollar|usd": 1, "cent": "1/100"},
    "angle": {"degree|deg": 1},
    "radian": {"radian|rad": 1},
    "volume": {"l|liter|litre": 1, "ml|milliliter|millilitre": "1/1000"},
    "speed": {"km/h|kmh|kph": "1/36", "m/s": "1/10", "mph": "1609344/36000000"},
}  # fmt: skip
_UNIT = {
    name: (kind, Fraction(factor))
    for kind, units in _KINDS.items()
    for names, factor in units.items()
    for name in (names,)
}
_PATTERNS = [
    (re.compile(rf"(?:{names})s?", re.IGNORECASE), kind, factor)
    for names, (kind, factor) in _UNIT.items()
]
_WORD = re.compile(
    r"\s*(?P<square>(?:sq(?:uare|\.)?|cubic)\s+)?(?P<word>[A-Za-z]+(?:/[A-Za-z]+)?)"
    r"\s*(?:\^\s*\{?(?P<power>[23])\}?)?"
)


@dataclass(frozen=True)
class Unit:
    """A known unit: what it measures and its size in that kind's base unit."""

    kind: str
    size: Fraction


def read_unit(text: str) -> Unit | None:
    """The unit that `text` begins with; None where it is none of the known ones."""
    match = _WORD.match(text)
    if match is None:
        return None
    for pattern, kind, size in _PATTERNS:
        if pattern.fullmatch(match["word"]):
            square = (match["square"] or "").lower()
            power = int(match["power"] or (3 if square == "cubic " else 2 if square else 1))
            return Unit(f"{kind}^{power}" if power > 1 else kind, size**power)
    return None
