"""Figures of critics, against figures worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redink.critics import Judgement, critic_figures, marked_set
from redink.critics.judgement import judgement_by_scores
from redink.errors import DataError, UsageError
from redink.tables import response_table
from tests.critics.marked import STEPS, benchmark, labels_of

WRONG, RIGHT, UNREAD = "wrong", "right", "unread"


def judged(marked, *said):
    """What a critic says: a step, or one of the words above."""
    flagged = {RIGHT: False, UNREAD: None}
    return [
        Judgement(
            item.labels.id,
            flagged.get(one, True),
            one if isinstance(one, int) else None,
            "both" if one == UNREAD else "",
        )
        for item, one in zip(marked.items, said, strict=True)
    ]


def test_figures_are_those_worked_out_by_hand():
    marked = benchmark(0, 1, 2, 1, None, None, None)
    said = judged(marked, 0, 2, WRONG, UNREAD, RIGHT, 1, UNREAD)
    found = critic_figures(marked, said)
    assert (found.responses, found.problems) == (7, 4)
    assert found.found.error.value == pytest.approx(1 / 4)
    assert found.found.correct.value == pytest.approx(1 / 3)
    assert found.found.f1.value == pytest.approx(2 * (1 / 4) * (1 / 3) / (1 / 4 + 1 / 3))
    assert found.readable.error.value == pytest.approx(1 / 3)
    assert found.readable.correct.value == pytest.approx(1 / 2)
    assert found.flagged.value == pytest.approx(3 / 4)
    assert found.unreadable.value == pytest.approx(2 / 7)
    assert found.why == {"both": 2}
    assert found.unplaced == 1
    assert found.steps is None


def test_a_critic_that_calls_everything_right_has_no_f1_of_its_own():
    marked = benchmark(0, 1, None, None)
    found = critic_figures(marked, judged(marked, RIGHT, RIGHT, RIGHT, RIGHT)).found
    assert (found.error.value, found.correct.value, found.f1.value) == (0.0, 1.0, 0.0)


def test_a_critic_that_is_wrong_throughout_divides_by_nothing():
    marked = benchmark(0, 1, None, None)
    assert critic_figures(marked, judged(marked, 2, 2, 0, 0)).found.f1.value == 0.0


def test_without_one_of_the_two_kinds_there_is_no_f1():
    marked = benchmark(0, 1)
    found = critic_figures(marked, judged(marked, 0, 1)).found
    assert (found.error.value, found.correct.value, found.f1.value) == (1.0, None, None)


@given(st.data())
def test_they_are_processbenchs_own_figures(data):
    """As its authors count: the predicted index, -1 for none, equal to the label or not."""
    places = st.sampled_from([-1, 0, 1, 2])
    label = data.draw(st.lists(places, min_size=1, max_size=12))
    said = data.draw(st.lists(places, min_size=len(label), max_size=len(label)))
    marked = benchmark(*(None if one < 0 else one for one in label))
    found = critic_figures(marked, judged(marked, *(RIGHT if s < 0 else s for s in said))).found
    wrong = [p == t for p, t in zip(said, label, strict=True) if t != -1]
    right = [p == t for p, t in zip(said, label, strict=True) if t == -1]
    for share, hits in ((found.error, wrong), (found.correct, right)):
        assert share.count == len(hits)
        assert share.value == (pytest.approx(sum(hits) / len(hits)) if hits else None)


def test_scores_are_measured_on_labelled_steps_alone():
    table = labels_of((1, None), ((True, False, None), (True, True, True)))
    marked = marked_set("mine", table)
    scores = [(0.9, 0.2, 0.95), (0.8, 0.4, 0.7)]
    said = [
        judgement_by_scores(item.labels.id, one, 0.5)
        for item, one in zip(marked.items, scores, strict=True)
    ]
    found = critic_figures(marked, said)
    assert found.found.error.value == 1.0
    assert found.found.correct.value == 0.0
    steps = found.steps
    assert steps.auroc.count == 5
    assert steps.auroc.value == 1.0
    assert steps.accuracy.value == pytest.approx(4 / 5)
    squares = (0.1**2 + 0.2**2 + 0.2**2 + 0.6**2 + 0.3**2) / 5
    assert steps.reliability.brier == pytest.approx(squares)
    assert sum(each.count for each in steps.reliability.bins) == 5


def test_judgements_of_other_responses_are_refused():
    marked = benchmark(0, None)
    with pytest.raises(DataError, match="not of its responses"):
        critic_figures(marked, list(reversed(judged(marked, 0, RIGHT))))
    with pytest.raises(DataError, match="2 scores for 3 steps"):
        critic_figures(
            marked, [judgement_by_scores(item.labels.id, (0.1, 0.2), 0.5) for item in marked.items]
        )


def test_what_nobody_knows_is_left_out_and_counted():
    table = labels_of((1, None, None), ((True, False, None), (True, None, True), (True,) * STEPS))
    marked = marked_set("mine", table)
    assert [item.first_error for item in marked.items] == [1, None]
    assert marked.left_out == {"nobody knows whether it has an error": 1}


def test_balanced_labels_of_a_sound_response_leave_it_sound():
    from dataclasses import replace

    table = labels_of((None, None), ((True, None, True), (True, None, None)))
    rows = [replace(row, meta={"labels": [True] * STEPS}) for row in table]
    assert len(marked_set("mine", replace(table, rows=tuple(rows))).items) == 2


def test_a_draw_of_a_benchmark_is_the_same_every_time_and_in_its_order():
    table = labels_of((0, 1, 2, None) * 5)
    one, two = (marked_set("mine", table, 7, seed=3) for _ in range(2))
    assert one == two
    order = [row.id for row in table]
    places = [order.index(item.labels.id) for item in one.items]
    assert places == sorted(places)
    assert len(set(places)) == 7
    assert marked_set("mine", table, 7, seed=4) != one


def test_other_tables_and_empty_benchmarks_are_refused():
    table = labels_of((0,))
    responses = response_table(list(table.responses.values()), table.problems)
    with pytest.raises(UsageError, match="not a table of step labels"):
        marked_set("mine", responses)
    with pytest.raises(DataError, match="no response can be used"):
        marked_set("mine", labels_of((None,), ((None,) * STEPS,)))
