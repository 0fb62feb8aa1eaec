"""What counts as a leak of the reference answer, and what does not."""

import pytest

from redink.audit import audit
from redink.audit.leaks import find_mention

SPOKEN = {
    "reference answer": [
        "This does not match the reference answer of 12.",
        "Comparing with the reference\nsolution, step 3 is off.",
    ],
    "answer key": ["The answer key says 12.", "According to the marking scheme this is wrong."],
    "ground truth": ["The ground truth is 5.", "It differs from the ground-truth answer."],
    "official answer": [
        "The official solution gets 8.",
        "The model answer is 8.",
        "It contradicts the gold answer.",
    ],
    "expected answer": ["But the expected answer is 12.", "It misses the expected final answer."],
    "given correct answer": [
        "It does not match the given correct answer (12).",
        "This contradicts the provided final answer.",
    ],
    "correct answer given": [
        "The correct answer given is 12, so this is wrong.",
        "It is not the correct answer provided.",
        "The correct answer, as given above, is 7.",
        "It must equal the correct solution that was provided to me.",
    ],
    "knowing the answer": [
        "According to the correct answer, x is 4.",
        "Given that the correct answer is 4, step 2 must be wrong.",
        "We know the correct answer is 9.",
        "I was told that the correct answer is 9.",
    ],
    "answer I was given": [
        "The answer I was given is 30.",
        "I was given the correct answer, which is 30.",
        "It differs from the solution we have been provided.",
    ],
}
HARMLESS = [
    "The correct answer is 12.",
    "The correct answer should be 12, since 3 * 4 = 12.",
    "The given solution is incorrect.",
    "The provided answer of 10 does not satisfy the equation.",
    "The solution given by the student forgets a factor.",
    "The correct answer given these constraints is 12.",
    "The correct answer is given by x = 3y.",
    "The correct solution is, provided that x > 0, x = 2.",
    "The correct answer, given that 3 + 4 = 7, is 7.",
    "Measured from the reference angle, the sine is positive.",
    "For reference, a dozen is 12.",
    "The expected value of the die is 3.5.",
    "The expected number of heads is 5.",
    "As given in the problem, there are 16 hens.",
    "The key step is to multiply.",
    "On the ground, truth be told, it would fall.",
    "We know that the sum is 9.",
    "According to the problem, she sells the rest.",
    "Let us check the final answer: 40 * 2 = 80.",
    "The known values are 3 and 4.",
    "The answer is wrong.",
]


@pytest.mark.parametrize(("kind", "text"), [(k, t) for k, texts in SPOKEN.items() for t in texts])
def test_talk_of_a_shown_answer_is_found(kind, text):
    found = find_mention(f"Let us see. {text}\nConclusion: wrong")
    assert found is not None
    assert found[0] == kind


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_marking_is_no_leak(text):
    assert find_mention(f"Let us see. {text}\nConclusion: wrong") is None


def test_words_of_the_question_or_the_response_are_no_leak():
    said = "The answer key costs 3 dollars, so 5 cost 15."
    assert find_mention(said) is not None
    assert find_mention(said, question="An answer key costs 3 dollars. What do 5 cost?") is None
    assert find_mention(said, response="Each answer key is 3, so 15.") is None


def test_a_leak_far_into_a_long_text_is_found():
    padding = "The answer given by the student is known, as expected. " * 200
    assert find_mention(f"{padding}It misses the reference answer.{padding}")[0] == (
        "reference answer"
    )


def leaks(table, text, preset="cft+reference", response=None):
    said = {"text": text, "preset": preset}
    found = audit(table((said, response or {}, {}))).leaks
    return [leak.kind for leak in found.found], [leak.kind for leak in found.invented]


def test_without_a_reference_shown_a_mention_is_invented_and_no_leak(table):
    text = "This is not the reference answer.\nConclusion: wrong"
    assert leaks(table, text) == (["reference answer"], [])
    assert leaks(table, text, preset="cft") == ([], ["reference answer"])
    assert leaks(table, text, preset="prompt:mine+reference") == (["reference answer"], [])


@pytest.mark.parametrize(
    "text",
    [
        "The answer is wrong. The correct answer is 80.\nConclusion: wrong",
        "This is incorrect; it should be 80.\n\nConclusion: wrong [END]",
        "40 * 2 = 82\nNot so.\n#### 80\nConclusion: wrong",
    ],
)
def test_a_bare_answer_to_a_wrong_response_is_a_leak(table, text):
    assert leaks(table, text) == (["bare answer"], [])
    assert leaks(table, text, preset="cft") == ([], [])


@pytest.mark.parametrize(
    "text",
    [
        "She earns 40 * 2 = 80, so the correct answer is 80.\nConclusion: wrong",
        "Forty eggs at two dollars are twice forty, so it should be 80.\nConclusion: wrong",
        "The multiplication is off: it should be 800.\nConclusion: wrong",
        "The last step is wrong.\nConclusion: wrong",
        "The correct answer is 80. " + "The response forgets that some eggs are eaten. " * 6,
    ],
)
def test_a_derived_or_unstated_answer_is_no_leak(table, text):
    assert leaks(table, text) == ([], [])


def test_a_bare_answer_that_the_response_itself_has_is_no_leak(table):
    text = "It should be 80.\nConclusion: wrong"
    assert leaks(table, text, response={"text": "40 * 2 = 80\n#### 82"}) == ([], [])
    assert leaks(table, text, response={"outcome": "correct"}) == ([], [])
