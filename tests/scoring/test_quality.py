"""A scorer's figures against counts by hand."""

from dataclasses import replace

import pytest

from redink.errors import DataError
from redink.scoring.picking import picking_quality
from redink.scoring.quality import scorer_quality
from redink.scoring.scores import StepScores
from redink.tables import label_table
from tests.scoring.cued import cued_labels, cued_problem, cued_response


def table_of(*first_errors, edit=lambda labels: labels):
    rows, responses, problems = [], {}, {}
    for n, first_error in enumerate(first_errors):
        problem = cued_problem(n)
        response = cued_response(problem, first_error)
        problems[problem.id], responses[response.id] = problem, response
        rows.append(edit(cued_labels(response, first_error)))
    return label_table(rows, responses, problems)


def test_figures_are_what_a_hand_count_gives():
    table = table_of(None, None, 1, 2)
    scores = [
        StepScores((0.9, 0.9, 0.9)),
        StepScores((0.9, 0.2, 0.9)),
        StepScores((0.8, 0.3, 0.6)),
        StepScores((0.8, 0.4, 0.1)),
    ]
    found = scorer_quality(table, scores)
    assert found.step_accuracy.value == 9 / 12
    assert found.step_accuracy.count == 12
    assert (found.first_error.value, found.first_error.count) == (0.5, 2)
    assert (found.no_error.value, found.no_error.count) == (0.5, 2)
    assert found.f1.value == 0.5
    assert [row.labels for row in found.prefixes] == [4, 4, 4]
    assert [row.right for row in found.prefixes] == [1.0, 0.75, 0.5]
    assert [row.accuracy for row in found.prefixes] == [1.0, 0.5, 0.75]
    assert found.prefixes[0].auroc is None
    assert found.prefixes[2].auroc == 1.0
    interval = found.step_accuracy.interval
    assert interval.low < 9 / 12 < interval.high


def test_a_perfect_scorer_is_perfect_in_every_figure():
    table = table_of(None, 0, 1, 2, None, 1)
    scores = [StepScores(tuple(0.99 if good else 0.01 for good in row.labels)) for row in table]
    found = scorer_quality(table, scores)
    figures = (found.step_accuracy, found.step_auroc, found.first_error, found.no_error)
    assert [figure.value for figure in figures] == [1.0] * 4
    assert found.f1.value == 1.0
    assert found.reliability.brier == pytest.approx(1e-4)


def test_steps_without_a_label_count_in_no_figure():
    table = table_of(1, None, edit=lambda row: replace(row, labels=(row.labels[0], None, None)))
    found = scorer_quality(table, [StepScores((0.9, 0.1, 0.9))] * 2)
    assert found.step_accuracy.count == 2
    assert found.step_accuracy.value == 1.0
    assert found.no_error.count == 0


def test_the_threshold_is_the_callers():
    table = table_of(1, None)
    scores = [StepScores((0.9, 0.6, 0.6)), StepScores((0.9, 0.8, 0.8))]
    assert scorer_quality(table, scores).first_error.value == 0.0
    assert scorer_quality(table, scores, threshold=0.7).first_error.value == 1.0


def test_scores_of_other_steps_are_refused():
    with pytest.raises(DataError, match="3 labels, but 2 scores"):
        scorer_quality(table_of(1), [StepScores((0.5, 0.5))])


def test_steps_of_one_problem_are_not_counted_as_independent():
    """Eight copies of each problem's steps tell no more than one."""
    one = scorer_quality(table_of(1, 1, None, None), [StepScores((0.9, 0.9, 0.1))] * 4)
    table = table_of(1, 1, None, None)
    eight = scorer_quality(replace(table, rows=table.rows * 8), [StepScores((0.9, 0.9, 0.1))] * 32)
    for name in ("low", "high"):
        assert getattr(eight.step_accuracy.interval, name) == pytest.approx(
            getattr(one.step_accuracy.interval, name)
        )


def test_picking_counts_problems_and_ties_by_their_share():
    first, second = cued_problem(0), cued_problem(1)
    rows = [
        cued_response(first, None),
        cued_response(first, 1),
        cued_response(second, None),
        cued_response(second, 1),
        cued_response(second, 2),
    ]
    values = [0.9, 0.2, 0.7, 0.7, 0.1]
    scores = {row.id: StepScores((value,)) for row, value in zip(rows, values, strict=True)}
    found = picking_quality(rows, scores)
    assert (found.picked.value, found.picked.count) == (0.75, 2)
    assert found.chance == pytest.approx((1 / 2 + 1 / 3) / 2)
    assert found.oracle == 1.0
    assert found.outcome_auroc.value == pytest.approx(5.5 / 6)


def test_no_choice_beats_the_oracle():
    problem = cued_problem(0)
    rows = [cued_response(problem, 0), cued_response(problem, 1)]
    found = picking_quality(rows, {row.id: StepScores((0.9,)) for row in rows})
    assert found.picked.value == found.oracle == 0.0
