"""What a scorer learns of each step of each response."""

from dataclasses import replace

import pytest

from redink.errors import DataError, UsageError
from redink.records import StepLabels
from redink.scoring.labelled import labelled_rows
from redink.tables import label_table, problem_table, response_table
from tests.scoring.cued import cued_labels, cued_problem, cued_response, cued_responses

PROBLEM = cued_problem(0)


def of_responses(*responses):
    return response_table(responses, {PROBLEM.id: PROBLEM})


def of_labels(*pairs):
    responses = {response.id: response for response, _ in pairs}
    return label_table([labels for _, labels in pairs], responses, {PROBLEM.id: PROBLEM})


RIGHT, WRONG = cued_response(PROBLEM, None), cued_response(PROBLEM, 1)


def test_an_orm_learns_the_outcome_at_the_last_step():
    found = labelled_rows([of_responses(RIGHT, WRONG)], "orm")
    assert [row.targets for row in found.rows] == [(None, None, 1.0), (None, None, 0.0)]


def test_an_orm_may_learn_the_outcome_at_every_step():
    found = labelled_rows([of_responses(RIGHT, WRONG)], "orm", positions="every")
    assert [row.targets for row in found.rows] == [(1.0, 1.0, 1.0), (0.0, 0.0, 0.0)]


def test_responses_that_nobody_could_grade_are_dropped_with_the_reason():
    cut = cued_response(PROBLEM, 0, outcome="truncated")
    empty = replace(RIGHT, id="r0", text="<<1+1=2>>\n")
    found = labelled_rows([of_responses(RIGHT, cut, empty)], "orm")
    assert len(found.rows) == 1
    assert found.rows_in == 3
    assert found.dropped == {
        "outcome truncated, neither correct nor wrong": 1,
        "no solution step": 1,
    }


def test_a_sorm_learns_each_steps_own_label_and_nothing_where_none_is():
    labels = replace(cued_labels(WRONG, 1), labels=(True, None, False))
    found = labelled_rows([of_labels((WRONG, labels))], "sorm")
    assert found.rows[0].targets == (1.0, None, 0.0)


def test_soft_labels_are_the_share_of_right_continuations_where_there_were_any():
    labels = cued_labels(WRONG, 1, successes=(6, 1, 0), tries=(8, 8, 0))
    found = labelled_rows([of_labels((WRONG, labels))], "sorm", soft_labels=True)
    assert found.rows[0].targets == (0.75, 0.125, 0.0)
    left_out = replace(labels, labels=(None, False, None))
    found = labelled_rows([of_labels((WRONG, left_out))], "sorm", soft_labels=True)
    assert found.rows[0].targets == (None, 0.125, None)


def test_a_row_without_any_label_is_dropped():
    labels = replace(cued_labels(WRONG, 1), labels=(None, None, None))
    found = labelled_rows([of_labels((WRONG, labels))], "sorm")
    assert found.rows == ()
    assert found.dropped == {"no step is labelled": 1}


def test_an_orm_learns_the_outcomes_of_labelled_responses():
    table = of_labels((RIGHT, cued_labels(RIGHT, None)), (WRONG, cued_labels(WRONG, 1)))
    found = labelled_rows([table], "orm")
    assert [row.targets[-1] for row in found.rows] == [1.0, 0.0]


def test_tables_are_joined_and_a_response_of_both_is_learned_once():
    labels = of_labels((WRONG, cued_labels(WRONG, 1)))
    found = labelled_rows([of_responses(RIGHT, WRONG), labels], "orm")
    assert [row.id for row in found.rows] == [RIGHT.id, WRONG.id]
    assert found.dropped == {"the response stands there already": 1}


def test_labels_for_another_number_of_steps_are_refused_by_name():
    short = replace(cued_labels(WRONG, 1), labels=(True, False), successes=(0, 0), tries=(0, 0))
    with pytest.raises(DataError, match=f"{short.id} has 2 labels.*{WRONG.id} 3 solution steps"):
        labelled_rows([of_labels((WRONG, short))], "sorm")


def test_annotations_are_no_part_of_what_is_scored():
    noted = replace(RIGHT, text=RIGHT.text.replace("fine", "<<1+1=2>>fine"))
    found = labelled_rows([of_responses(noted)], "orm")
    assert found.rows[0].text == RIGHT.text


def test_a_sorm_cannot_learn_from_responses_without_labels():
    with pytest.raises(UsageError, match="learns from labels, not from responses; label"):
        labelled_rows([cued_responses(4)], "sorm")
    with pytest.raises(UsageError, match="learns from responses or labels, not from problems"):
        labelled_rows([problem_table([PROBLEM])], "orm")


def test_a_row_whose_response_is_missing_is_named():
    table = of_labels((WRONG, cued_labels(WRONG, 1)))
    broken = replace(table, responses={})
    assert isinstance(broken.rows[0], StepLabels)
    with pytest.raises(DataError, match=f"{WRONG.id} is not in the table"):
        labelled_rows([broken], "sorm")
