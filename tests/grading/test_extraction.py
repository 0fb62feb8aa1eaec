"""Where the final answer stands in a text."""

import time

import pytest

from redink.grading.extraction import WINDOW, extract_answer
from redink.prompts import LETTER


@pytest.mark.parametrize(
    ("text", "answer", "marker"),
    [
        ("9 * 2 = 18\n#### 18", "18", "hashes"),
        ("#### 4\nwait\n#### 5", "4", "hashes"),
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
        ("He works 3 days\n72 clips in 2 months", "72 clips in 2 months", "last expression"),
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
    assert extract_answer("The answer is 5.\n" + "and so on, " * WINDOW) is None
    nested = "\\boxed{" * 100_000
    assert extract_answer(nested + "7") is not None


QUESTION = "A shop has 12 boxes with 8 pens each. How many pens does it have?"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (f"Question: {QUESTION}\nAnswer: The answer is 96.", "96"),
        (f"The answer is 5.\n\nQuestion: {QUESTION}\nAnswer: The answer is 96.", "96"),
        (f"Q: {QUESTION.replace(' ', '  ')}\nThe answer is 96.", "96"),
        (f"The answer is 96.\n\n{QUESTION}", "96"),
        ("The answer is 96.\n\nQuestion: What is 2 + 2?\nThe answer is 4.", "96"),
        ("So 96.\n\nQuestion: What is 2 + 2?\nAnswer: 4", "96"),
        ("\\boxed{96}\nProblem 2: What is 2 + 2? \\boxed{4}", "96"),
        ("The answer is 96.<|im_end|>\n<|im_start|>user\nThe answer is 4.", "96"),
        ("Problem: What is 12 * 8?\nThe answer is 96.", "96"),
        (f"{LETTER}\n\\boxed{{96}}", "96"),
    ],
)
def test_neither_an_echo_before_nor_an_invention_after_the_answer_counts(text, answer):
    found = extract_answer(text, QUESTION)
    assert found is not None
    assert found.answer.rstrip(".") == answer


def test_all_boxes_of_the_last_paragraph_are_kept():
    found = extract_answer("\\boxed{9}\n\nIt is $\\boxed{1}$ or $\\boxed{3}$, surely.")
    assert found is not None
    assert found.boxes == ("1", "3")


@pytest.mark.parametrize("text", ["so \\boxed{1", "so \\boxed{\\frac{1}{2}"])
def test_a_box_that_never_closes_is_no_complete_answer(text):
    found = extract_answer(text)
    assert found is not None
    assert not found.is_complete


@pytest.mark.parametrize(
    "unit", [" ", "\n", "1", "\\boxed{", "Q:\n", "</s>", "answer is ", "1,", "$"]
)
def test_a_megabyte_of_anything_is_read_in_a_moment(unit):
    started = time.monotonic()
    extract_answer("The answer is " + unit * (1_000_000 // len(unit)), QUESTION)
    assert time.monotonic() - started < 3
