"""Slips of the pen: how a number turns into a wrong one."""

from fractions import Fraction
from random import Random

from redink.arithmetic.numbers import decimals, plain


def slips(value: Fraction, random: Random) -> list[Fraction]:
    """Wrong values for a number, the likely ones first: off by n, digits exchanged, ten times."""
    wrong = [_off_by(value, random), _transposed(value, random), _ten_times(value, random)]
    random.shuffle(wrong)
    wrong += [_off_by(value, random) for _ in range(3)]
    return [slip for slip in dict.fromkeys(wrong) if slip != value and slip > 0]


def miscopies(value: Fraction, random: Random) -> list[Fraction]:
    """Ways to copy a number wrongly: digits exchanged, one digit misread, one lost or doubled."""
    wrong = [_transposed(value, random), _misread(value, random), _misread(value, random)]
    random.shuffle(wrong)
    return [slip for slip in dict.fromkeys(wrong) if slip not in (value, 0)]


def _off_by(value: Fraction, random: Random) -> Fraction:
    unit = Fraction(1, 10 ** decimals(plain(abs(value))))
    reach = [1, 1, 2, 3] if abs(value) < 20 * unit else [1, 2, 3, 5, 10, 10, 20]
    if abs(value) >= 1000 * unit:
        reach += [100, 100]
    return value + unit * random.choice(reach) * random.choice((-1, 1))


def _transposed(value: Fraction, random: Random) -> Fraction:
    digits = list(plain(abs(value)).replace(",", ""))
    places = [
        i
        for i in range(len(digits) - 1)
        if "." not in digits[i : i + 2] and digits[i] != digits[i + 1]
    ]
    places = [i for i in places if i or digits[1] != "0"]
    if not places:
        return value
    at = random.choice(places)
    digits[at], digits[at + 1] = digits[at + 1], digits[at]
    return Fraction("".join(digits)) * (-1 if value < 0 else 1)


def _ten_times(value: Fraction, random: Random) -> Fraction:
    tenth = value / 10
    if tenth.denominator == 1 and random.random() < 0.5:
        return tenth
    return value * 10


def _misread(value: Fraction, random: Random) -> Fraction:
    digits = list(plain(abs(value)).replace(",", ""))
    places = [i for i, digit in enumerate(digits) if digit.isdigit()]
    at = random.choice(places)
    lookalikes = {"1": "7", "7": "1", "6": "9", "9": "6", "3": "8", "8": "3", "5": "6", "0": "6"}
    digit = lookalikes.get(digits[at]) if random.random() < 0.5 else None
    choices = [d for d in "123456789" if d != digits[at]]
    digits[at] = digit or random.choice(choices)
    return Fraction("".join(digits)) * (-1 if value < 0 else 1)
