"""Where the final answer stands in a text."""

import pytest

from redink.grading.extraction import WINDOW, extract_answer


@pytest.mark.parametrize(
    ("text", "answer", "marker"),
    [
        ("9 * 2 = 18\n#### 18", "18", "hashes"),
        ("#### 4\nwait\n#### 5", "5", "hashes"),
        ("#### -3", "-3", "hashes"),
        ("#### Step 2: add\nSo \\boxed{7}.", "7", "boxed"),
        ("#### 1. Find the sum\nIt is \\boxed{7}", "7", "boxed"),
        ("\\boxed{1} and then \\boxed{\\frac{1}{2}}", "\\frac{1}{2}", "boxed"),
        ("\\boxed{\\boxed{3}}", "3", "boxed"),
        ("so \\boxed{9} and \\boxed{12", "9", "boxed"),
        ("\\boxed{\\{1,2\\}}", "\\{1,2\\}", "boxed"),
        ("The answer is 4. No, the answer is 5.", "5", "phrase"),
        ("**Final answer:** $x=5$", "$x=5$", "phrase"),
        ("The answer to the question is 3.5 hours.", "3.5 hours", "phrase"),
        ("A: 72", "72", "phrase"),
        ("So 16 - 3 = 13", "13", "last number"),
        ("He works 3 days\n72 clips in 2 months", "72 clips in 2 months", "last number"),
        ("it rose by 50%", "50%", "last number"),
        ("that is 16-3", "3", "last number"),
        ("the change is -3", "-3", "last number"),
    ],
)
def test_the_last_answer_of_the_strongest_marker_is_taken(text, answer, marker):
    found = extract_answer(text)
    assert found is not None
    assert (found.answer, found.marker) == (answer, marker)


@pytest.mark.parametrize("text", ["", "   ", "I do not know.", "The answer is ...", "\\boxed{}"])
def test_a_text_without_answer_gives_none(text):
    assert extract_answer(text) is None


def test_only_the_end_of_a_degenerate_text_is_read():
    assert extract_answer("#### 5\n" + "and so on, " * WINDOW) is None
    nested = "\\boxed{" * 100_000
    assert extract_answer(nested + "7") is not None
