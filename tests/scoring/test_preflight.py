"""Labels stand at the last separator token of their step, and every row is accounted for."""

from dataclasses import replace

import pytest

from redink.errors import DataError
from redink.models.loading import load_tokenizer
from redink.models.resolve import resolve_model
from redink.scoring.labelled import LabelledRows, labelled_rows
from redink.scoring.preflight import scorer_flight
from redink.steps import SeparatorTokens, solution_steps
from tests.scoring.cued import cued_step_labels


@pytest.fixture(scope="module")
def tokenizer(tiny_student):
    return load_tokenizer(resolve_model(tiny_student))


def flight_of(table, tokenizer, max_tokens=512, **how):
    return scorer_flight(labelled_rows([table], "sorm", **how), tokenizer, max_tokens)


def test_every_position_is_the_end_of_the_step_that_its_target_is_of(tokenizer):
    table = cued_step_labels(8)
    flight = flight_of(table, tokenizer)
    separator = SeparatorTokens.of(tokenizer).ids
    for labels, row in zip(table, flight.rows, strict=True):
        assert row.targets == tuple(float(label) for label in labels.labels)
        steps = solution_steps(table.responses[labels.response_id].text)
        for number, position in enumerate(row.positions):
            assert row.ids[position + 1 - len(separator) : position + 1] == separator
            upto = tokenizer.decode(row.ids[: position + 1])
            assert upto.rstrip("\n").endswith(steps[number].text)
        assert row.positions[-1] == len(row.ids) - 1


def test_a_step_without_a_label_has_no_position_and_moves_no_other(tokenizer):
    table = cued_step_labels(4)
    (whole,) = flight_of(replace(table, rows=table.rows[:1]), tokenizer).rows
    first = replace(table.rows[0], labels=(True, None, True))
    flight = flight_of(replace(table, rows=(first,)), tokenizer)
    assert flight.rows[0].ids == whole.ids
    assert flight.rows[0].positions == (whole.positions[0], whole.positions[2])
    assert flight.steps == ((0, 2),)


def test_counts_tell_labels_and_the_share_of_right_ones_by_prefix_length(tokenizer):
    flight = flight_of(cued_step_labels(8), tokenizer)
    counts = flight.counts()
    assert (counts["rows_in"], counts["rows_kept"], counts["loss_tokens"]) == (8, 8, 24)
    assert counts["positive_share"] == 0.5
    assert flight.prefixes() == [
        {"steps": 1, "labels": 8, "positive": 0.75},
        {"steps": 2, "labels": 8, "positive": 0.5},
        {"steps": 3, "labels": 8, "positive": 0.25},
    ]


def test_long_rows_and_rows_with_control_tokens_are_dropped_with_the_reason(tokenizer):
    found = labelled_rows([cued_step_labels(4)], "sorm")
    odd = replace(found.rows[0], text=found.rows[0].text.replace("fine", "<|im_end|>"))
    flight = scorer_flight(replace(found, rows=(odd, *found.rows[1:])), tokenizer, 512)
    assert flight.dropped == {"holds the special token <|im_end|> as text": 1}
    longest = max(len(row.ids) for row in flight.rows)
    flight = scorer_flight(found, tokenizer, longest - 1)
    (reason,) = flight.dropped
    assert reason == f"longer than max_tokens = {longest - 1}"
    assert len(flight.rows) + flight.dropped[reason] == flight.rows_in == 4


def test_nothing_left_to_fit_is_refused_with_the_reasons(tokenizer):
    with pytest.raises(DataError, match="2 no step is labelled"):
        scorer_flight(LabelledRows((), 2, {"no step is labelled": 2}), tokenizer, 512)
