"""The same question in another spelling is found; another question is not."""

import pytest

from redink.evaluation.benchmarks.choices import multiple_choice
from redink.problems.overlap import overlap, question_key
from redink.records import Problem


def problem(question, answer="1", **meta):
    return Problem(f"p{abs(hash((question, answer)))}", question, answer, meta=meta)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is  2+2?", "what is\n2+2"),
        (r"Let $x\,=\left(1,2\right)$.", r"Let \(x = (1, 2)\)"),
        (r"Find $\dfrac{1}{2}$", r"Find $\frac{1}{2}$."),
        ("He paid $1,000 for Ann’s car.", "He paid $1000 for Ann's car"),
        ("It is −5 ° – really", "it is -5 ° - really"),
        ("Tom has 3. How many?", "Tom has 3; how many"),
    ],
)
def test_spelling_alone_makes_no_difference(one, other):
    assert question_key(one) == question_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is 1.5 + 2?", "What is 15 + 2?"),
        ("What is 2 + 2?", "What is 2 - 2?"),
        ("Solve $x^2 = 4$", "Solve $x_2 = 4$"),
        ("the points (1,2) and 3", "the points (12) and 3"),
        ("Compute $2(3+4)$", "Compute $2\\cdot 3+4$"),
        ("What is 1,23?", "What is 123?"),
    ],
)
def test_whatever_changes_a_question_keeps_two_apart(one, other):
    assert question_key(one) != question_key(other)


def test_overlap_names_the_shared_problems_of_the_first_in_order():
    first = [problem(f"Question {number}?") for number in range(5)]
    second = [problem("question  3"), problem("QUESTION 1?", "another answer"), problem("new")]
    assert overlap(first, second) == [first[1].id, first[3].id]
    assert overlap(second, []) == []


def test_multiple_choice_is_found_in_another_order_of_options():
    def shown(seed):
        item = multiple_choice("Which gas?", ["argon", "neon", "xenon"], 0, seed)
        return problem(item.question, item.answer, **item.grading)

    orders = [shown(seed) for seed in range(6)]
    assert len({p.question for p in orders}) > 1
    assert all(overlap([p], orders[:1]) == [p.id] for p in orders)
