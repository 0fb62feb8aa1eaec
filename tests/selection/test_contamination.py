"""Near copies of test questions are found, whatever their spelling; stock phrases are not."""

import os

import pytest

from redink.records import Problem, problem_id
from redink.selection import TestQuestions

QUESTION = (
    "A gardener plants 12 rows of tulips with 15 bulbs in each row, and then digs up 20 bulbs for "
    "her neighbour. How many bulbs are left in the garden?"
)


def problem(question, **rest):
    return Problem(problem_id(question, "1"), question, "1", **rest)


def index(*questions, at=0.6):
    return TestQuestions({"test": [problem(question) for question in questions]}, at)


def test_a_question_with_other_numbers_and_names_is_a_near_copy():
    copy = QUESTION.replace("12", "9").replace("tulips", "roses").replace("20", "31")
    match = index("Something else entirely, about trains.", QUESTION).match(problem(copy))
    assert (match.of, match.rule, match.problem.question) == ("test", "near copy", QUESTION)
    assert 0.9 < match.ratio < 1


def test_the_same_question_in_another_spelling_is_the_same_text():
    match = index(QUESTION).match(problem(QUESTION.upper().replace(",", " ,")))
    assert (match.rule, match.ratio) == ("same text", 1.0)


def test_a_shared_phrase_of_eight_words_is_not_enough():
    ends = "How many bulbs are left in the garden?"
    other = f"Ann is 5, Bea is twice as old as Ann was when she counted her {ends} Nobody knows."
    assert index(QUESTION).shares_run(problem(other))
    assert index(QUESTION).match(problem(other)) is None


def test_a_test_question_within_a_longer_text_is_contained():
    around = "Read the story and think aloud before you answer anything at all. " * 6
    match = index(QUESTION).match(problem(around + QUESTION + " Show every step. " + around))
    assert (match.rule, match.ratio) == ("contained", 1.0)
    part = QUESTION.partition("and then")[0]
    assert index(QUESTION).match(problem(around + part + around)) is None


def test_the_ratio_is_a_setting():
    copy = "Yesterday " + QUESTION.partition("How")[0] + "What is the share of bulbs that she gave?"
    ratio = index(QUESTION).match(problem(copy)).ratio
    assert index(QUESTION, at=ratio - 0.01).match(problem(copy))
    assert index(QUESTION, at=ratio + 0.01).match(problem(copy)) is None


@pytest.mark.parametrize("turn", [1, -1])
def test_the_most_alike_test_question_is_named(turn):
    near, nearer = QUESTION.replace("tulips", "yellow lilies"), QUESTION.replace("12", "13")
    match = index(*[near, nearer][::turn]).match(problem(QUESTION))
    assert match.problem.question == nearer


@pytest.mark.parametrize(
    ("short", "copy"),
    [
        (r"Compute $\sin 60^\circ$.", "What is the value of sin(60°)?"),
        ("Evaluate $3!$", "Find 3!."),
        ("Find $x$.", "find x"),
    ],
)
def test_short_questions_match_by_what_they_ask(short, copy):
    assert index(short).match(problem(copy)).ratio == 1


@pytest.mark.parametrize(
    ("short", "other"),
    [
        (r"Compute $\sin 60^\circ$.", r"Compute $\cos 60^\circ$."),
        ("What is 2 + 2?", "What is 2 - 2?"),
        ("Evaluate $3!$", "Evaluate 4!"),
        ("Find $x$.", "Find the value of x, please."),
    ],
)
def test_short_questions_that_ask_something_else_do_not_match(short, other):
    assert index(short).match(problem(other)) is None


def test_options_in_another_order_are_the_same_question():
    stem = "Which of these cities lies furthest to the north of the equator?"
    one = problem(f"{stem}\n\nA. Oslo\nB. Rome", meta={"choices": ["Oslo", "Rome"]})
    other = problem(f"{stem}\n\nA. Rome\nB. Oslo", meta={"choices": ["Rome", "Oslo"]})
    assert TestQuestions({"test": [one]}).match(other).rule == "same text"


def test_a_stem_that_says_nothing_counts_with_its_options():
    def asked(*choices):
        text = f"Which is true?\n\nA. {choices[0]}\nB. {choices[1]}"
        return problem(text, meta={"choices": list(choices)})

    tests = TestQuestions({"test": [asked("Gold is heavier than lead is", "Snow is black")]})
    assert tests.match(asked("Every prime is odd", "Some primes are even")) is None


@pytest.mark.skipif("REDINK_DATA" not in os.environ, reason="REDINK_DATA is not set")
def test_of_94_rows_of_gsm8k_that_share_eight_words_10_are_confirmed():
    from redink.stages.load import load

    train, tests = load("gsm8k", split="train"), TestQuestions({"gsm8k": load("gsm8k")})
    candidates = [row for row in train if tests.shares_run(row)]
    found = [match for row in train if (match := tests.match(row))]
    assert (len(candidates), len(found)) == (94, 10)
    assert len({match.problem.id for match in found}) == 9
