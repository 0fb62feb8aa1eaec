"""Solution steps: lines that are not empty, with their places in the text."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redink.errors import DataError
from redink.steps import SolutionStep, join_steps, prefix_text, solution_steps

lines = st.lists(st.text("a1 .\t\r\n#$é数", max_size=6), max_size=6).map("\n".join)


def test_steps_are_the_lines_that_are_not_empty():
    text = "  3 * 4 = 12 \n\n\t\n12 + 1 = 13\r\n#### 13\n"
    assert solution_steps(text) == [
        SolutionStep(0, 2, 12, "3 * 4 = 12"),
        SolutionStep(1, 17, 28, "12 + 1 = 13"),
        SolutionStep(2, 30, 37, "#### 13"),
    ]
    assert [step.is_final for step in solution_steps(text)] == [False, False, True]


@given(lines)
def test_spans_are_where_the_steps_stand(text):
    steps = solution_steps(text)
    assert [text[step.start : step.end] for step in steps] == [step.text for step in steps]
    assert [step.index for step in steps] == list(range(len(steps)))
    between = [text[a.end : b.start] for a, b in pairwise(steps)]
    assert all("\n" in gap and not gap.strip() for gap in between)


@given(lines)
def test_joined_steps_come_back_as_they_are(text):
    steps = [step.text for step in solution_steps(text)]
    assert [step.text for step in solution_steps(join_steps(steps))] == steps


@given(lines)
def test_a_prefix_holds_exactly_its_steps(text):
    whole = [step.text for step in solution_steps(text)]
    assert prefix_text(text, 0) == ""
    for count in range(1, len(whole) + 1):
        prefix = prefix_text(text, count)
        assert text.startswith(prefix)
        assert [step.text for step in solution_steps(prefix)] == whole[:count]
        assert prefix == prefix.rstrip()


@pytest.mark.parametrize("steps", [-1, 3])
def test_a_prefix_longer_than_the_text_is_refused(steps):
    with pytest.raises(DataError, match="count the steps"):
        prefix_text("one\ntwo", steps)


@pytest.mark.parametrize("step", ["", " ", "a\nb", " a", "a\r"])
def test_a_step_that_would_shift_the_indices_is_refused(step):
    with pytest.raises(DataError, match="fold it into one line"):
        join_steps(["fine", step])
