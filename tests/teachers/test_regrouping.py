"""Values on the way to a result in another order of calculation."""

from fractions import Fraction

import pytest

from redink.arithmetic import find_equations
from redink.teachers.regrouping import Regrouping, tolerant_lookup


def _known(text):
    found = Regrouping(find_equations(text))
    return tolerant_lookup(found.whole | found.partial)


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("16 - 3 = 13\n13 - 4 = 9", 7),
        ("16 - 3 = 13\n13 * 2 = 26", 32),
        ("16 - 3 = 13\n13 * 2 = 26", 6),
        ("2 * 3 = 6\n6 * 5 = 30", 15),
        ("200 * 20% = 40\n200 - 40 = 160", "4/5"),
        ("48 / 2 = 24\n48 + 24 = 72", "3/2"),
        ("8 * 1.5 = 12", 4),
    ],
)
def test_a_value_of_another_order_is_known(reference, value):
    assert _known(reference)(Fraction(value))


@pytest.mark.parametrize(
    ("reference", "value"),
    [("16 - 3 = 13\n13 - 4 = 9", 19), ("2 * 3 = 6\n6 * 5 = 30", 8), ("48 / 2 = 24", 96)],
)
def test_a_value_of_another_calculation_is_not(reference, value):
    assert not _known(reference)(Fraction(value))


def test_a_rounded_value_is_known():
    assert _known("100 / 3 = 33.33\n33.33 * 2 = 66.66")(Fraction("33.33"))


def test_long_sums_and_zeros_end_at_once():
    terms = " + ".join(map(str, range(2, 40)))
    assert _known(f"{terms} = {sum(range(2, 40))}")(Fraction(sum(range(2, 40))))
    _known("5 * 0 = 0\n0 + 3 = 3\n3 * 0 = 0\n0 - 0 = 0")
