"""Solution steps, final answers and the question's quantities."""

from fractions import Fraction

import pytest

from redink.arithmetic import quantities, read_final_answer, same_answer, solution_steps


def test_steps_are_the_lines_that_are_not_empty():
    steps = solution_steps("\n 3 + 4 = 7 \n\n7 * 2 = 14\n#### 14\n")
    assert [(s.index, s.text) for s in steps] == [
        (0, "3 + 4 = 7"),
        (1, "7 * 2 = 14"),
        (2, "#### 14"),
    ]
    assert [s.is_final for s in steps] == [False, False, True]


def test_the_span_of_a_step_is_its_text():
    text = "  a 1\n\n b 2  "
    assert [text[s.start : s.end] for s in solution_steps(text)] == ["a 1", "b 2"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("so 5\n#### 1,200", 1200),
        ("#### -3", -3),
        ("3 cows\nA: 266", 266),
        ("A: $20.50", "41/2"),
        (r"so \boxed{42}.", 42),
        ("The answer is 72 clips.", 72),
        ("He has 5 left, not 6.", 6),
        ("#### 12 apples", 12),
    ],
)
def test_the_final_answer_is_read(text, value):
    assert read_final_answer(text).value == Fraction(value)


def test_a_text_without_numbers_has_no_final_answer():
    assert read_final_answer("I do not know.") is None


@pytest.mark.parametrize(
    ("answer", "reference", "same"),
    [
        ("72", "72", True),
        ("$72.00", "72", True),
        ("72 clips", "72", True),
        ("1,200", "1200", True),
        ("66.0", "66", True),
        ("50%", "50", True),
        ("1/2", "0.5", True),
        ("26", "24", False),
        ("-72", "72", False),
        ("20.5", "20", False),
        ("x + 1", "x + 1", True),
        ("x + 1", "1 + x", None),
    ],
)
def test_answers_are_compared_as_numbers(answer, reference, same):
    assert same_answer(answer, reference) is same


def test_a_question_gives_digits_fractions_and_number_words():
    found = {q.value for q in quantities("Ten men eat 3/4 of 1,200 eggs, twice a day, 20% more.")}
    assert {Fraction(10), Fraction(3, 4), Fraction(1200), Fraction(2), Fraction(20)} <= found
