"""From counts to labels: hand-computed on written examples."""

import pytest

from redink.labelling import (
    balanced,
    first_wrong,
    injected_labels,
    is_used,
    monotone_labels,
    result_of,
)
from redink.labelling.searching import next_steps
from redink.records import InjectedError, Response, StepLabels

R, W, U = True, False, None


@pytest.mark.parametrize(
    ("reached", "labels", "first"),
    [
        ((R, R, W, W), (R, R, W, W), 2),
        ((R, W, R, W, W), (R, R, R, W, W), 3),  # the drawing in the module
        ((W, W, R), (R, R, R), None),
        ((W, R, W), (R, R, W), 2),
        ((W, W, W), (W, W, W), 0),
        ((R, U, W), (R, U, W), 2),
        ((U, R, W, U), (R, R, W, W), 2),
        ((U, U, U), (U, U, U), None),
        ((), (), None),
    ],
)
def test_a_right_step_makes_all_earlier_ones_right(reached, labels, first):
    assert monotone_labels(reached) == labels
    assert first_wrong(labels) == first


@pytest.mark.parametrize(
    ("step", "result"),
    [
        ("He has 48 / 2 = 24 clips.", 24),
        ("3 * 4 = 12, and 12 + 5 = 17 in all", 17),
        ("So that is 1,200 dollars for 3 days", 3),
        ("Altogether 1,250.50 dollars.", 1250.5),
        ("She has one of them", None),
        ("Let us think.", None),
        ("#### 42", 42),
        ("7 - 9 = -2", -2),
    ],
)
def test_a_steps_result_is_its_last_equations_value_or_its_last_number(step, result):
    assert result_of(step) == result


@pytest.mark.parametrize(
    ("step", "suffix", "used"),
    [
        ("48 / 2 = 24", "24 + 48 = 72\n#### 72", True),
        ("48 / 2 = 25", "48 / 2 is really 24\n48 + 24 = 72\n#### 72", False),
        ("48 + 24 = 72", "#### 72", True),
        ("48 + 24 = 72", "#### 720", False),
        ("12 * 100 = 1,200", "1200 / 4 = 300", True),
        ("5 - 8 = -3", "so 3 below zero", True),
        ("5 / 20 = 25%", "0.25 * 80 = 20", True),
        ("Let us see.", "anything", True),
        ("2 + 2 = 4", "", False),
        ("2 + 2 = 4", "four of them", False),
    ],
)
def test_a_result_is_used_where_its_number_occurs_later(step, suffix, used):
    assert is_used(step, suffix) is used


def row(name, *labels):
    counts = (0,) * len(labels)
    return StepLabels(name, f"r{name}", counts, counts, labels, first_wrong(labels))


def test_each_prefix_length_keeps_as_many_right_labels_as_wrong_ones():
    rows = [
        row("a", R, R, W), row("b", R, W, W), row("c", R, R, R, R), row("d", W, W, W, W, W),
        row("e", R, U, R), row("f", R),
    ]  # fmt: skip
    done = balanced(rows, seed=1)
    for length, kept in enumerate([1, 2, 2, 1, 0]):
        at = [one.labels[length] for one in done if len(one.labels) > length]
        assert (at.count(True), at.count(False)) == (kept, kept)
    for before, after in zip(rows, done, strict=True):
        assert all(new in (old, None) for old, new in zip(before.labels, after.labels, strict=True))
        assert after.first_error == before.first_error
    assert done[3].labels[0] is False  # the only wrong first step


def test_what_the_balance_leaves_out_depends_on_the_seed_and_not_on_the_order():
    rows = [row(str(n), R, n % 3 == 0) for n in range(30)]
    done = balanced(rows, seed=1)
    assert balanced(rows[::-1], seed=1)[::-1] == done
    assert balanced(rows, seed=2) != done


def corrupted(text, step, outcome="wrong"):
    error = None if step is None else InjectedError("slip", step, "1", "2")
    return Response("r", "p", text, "corrupt", outcome=outcome, error=error)


def test_an_injected_error_gives_exact_labels():
    text = "a <<1+1=2>>2\n\nb\nc\n#### 3"
    assert injected_labels(corrupted(text, 1)).row.labels == (R, W, W, W)
    assert injected_labels(corrupted(text, 1)).row.first_error == 1
    assert injected_labels(corrupted(text, None, "correct")).row.labels == (R, R, R, R)


@pytest.mark.parametrize("steps", [1, 2, 3, 7, 16])
def test_halving_finds_the_first_error_wherever_it_is(steps):
    for first in range(steps):
        for last_known in (True, False):
            reached = {steps - 1: False} if last_known else {}
            asked = []
            while wanted := next_steps("binary", steps, reached):
                (step,) = wanted
                asked.append(step)
                reached[step] = step < first
            labels = monotone_labels([reached.get(step) for step in range(steps)])
            assert labels == tuple(step < first for step in range(steps))
            assert len(asked) == len(set(asked)) <= steps.bit_length()


def test_all_prefixes_are_asked_for_once():
    assert next_steps("all", 4, {3: False}) == [0, 1, 2]
    assert next_steps("all", 4, dict.fromkeys(range(4), True)) == []
