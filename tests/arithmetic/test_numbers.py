"""Numbers as people write them."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redink.arithmetic import plain, read_number, read_quantity, write_number


@pytest.mark.parametrize(
    ("text", "value"),
    [("12", 12), ("1,200", 1200), (".5", "1/2"), ("2.50", "5/2"), ("½", "1/2"), ("2½", "5/2")],
)
def test_a_written_number_is_read_exactly(text, value):
    assert read_number(text) == Fraction(value)


@pytest.mark.parametrize("text", ["", "12a", "1,2", "1.2.3", "9" * 5000, "-5", "x"])
def test_what_is_no_number_is_none(text):
    assert read_number(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("$1,200.00", 1200), ("-3", -3), ("-$5", -5), ("$-5", -5), ("50%", 50), ("3/4", "3/4")],
)
def test_a_quantity_is_read_through_its_dress(text, value):
    assert read_quantity(text) == Fraction(value)


def test_a_fraction_over_zero_is_none():
    assert read_quantity("3/0") is None


@pytest.mark.parametrize(
    ("value", "like", "text"),
    [
        (1500, "1,200", "1,500"),
        (1500, "1200", "1500"),
        ("5/2", "3.00", "2.50"),
        ("1/8", "0.5", "0.125"),
        ("1/3", "0.50", "0.33"),
        ("1/3", "7", None),
        (-4, "3", "-4"),
    ],
)
def test_a_number_is_written_in_the_style_of_another(value, like, text):
    assert write_number(Fraction(value), like) == text


@given(st.integers(-(10**9), 10**9), st.sampled_from(["1", "1,000", "1.00"]))
def test_writing_then_reading_gives_the_number_back(value, like):
    assert read_quantity(write_number(Fraction(value), like)) == value


def test_a_number_for_reading_has_no_needless_decimals():
    assert [plain(Fraction(v)) for v in ("24", "5/2", "-1/4", "1/3")] == [
        "24",
        "2.5",
        "-0.25",
        "0.33",
    ]
