"""Numbers as answers state them."""

from fractions import Fraction

import pytest

from redink.grading.number import LONGEST, read_number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,000", 1000),
        ("$1,000.50", Fraction("1000.5")),
        ("\\$18", 18),
        ("-$5", -5),
        ("−3", -3),
        ("12.340", Fraction("12.34")),
        (".5", Fraction(1, 2)),
        ("\\frac{1}{2}", Fraction(1, 2)),
        ("\\dfrac{3}{4}", Fraction(3, 4)),
        ("1\\frac{1}{2}", Fraction(3, 2)),
        ("2 1/4", Fraction(9, 4)),
        ("1e3", 1000),
        ("6 \\times 10^{3}", 6000),
        ("72 clips in 2 months", 72),
        ("18 dollars per day", 18),
        ("5\\text{ cm}", 5),
        ("90^\\circ", 90),
        ("5 cm^2", 5),
        ("x = 5", 5),
        ("**42**", 42),
    ],
)
def test_one_number_with_its_dress_is_read_exactly(text, value):
    number = read_number(text)
    assert number is not None
    assert number.value == value


@pytest.mark.parametrize(
    "text",
    [
        "3 and 4", "3 hours and 20 minutes", "1,2", "(3, 4)", "2x", "2 x", "2 pi", "3 + 4", "1/0",
        "10^{10^{10}}", "2:30", "x", "", "3 apples, 4 pears", "5!", "1" * (LONGEST + 1),
    ],
)  # fmt: skip
def test_anything_else_is_no_number(text):
    assert read_number(text) is None


@pytest.mark.parametrize(
    ("gold", "answer", "equal"),
    [
        ("0.5", "50%", True),
        ("50", "50%", True),
        ("50\\%", "50", True),
        ("50", "0.5", False),
        ("2", "200", False),
        ("5", "0.05", False),
        ("50%", "0.5%", False),
        ("3", "3 million", True),
        ("3000000", "3 million", True),
        ("5", "x = 5", True),
        ("y = 3", "x = 3", False),
        ("12.31", "12.34", False),
    ],
)
def test_a_bare_number_is_never_rescaled(gold, answer, equal):
    first, second = read_number(gold), read_number(answer)
    assert first is not None
    assert second is not None
    assert first.equals(second) is equal
