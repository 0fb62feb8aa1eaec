"""Training records of arms."""

import json

import pytest

from redink.errors import DataError
from redink.reports import read_trainings
from redink.reports.training import read_unfinished


@pytest.mark.parametrize(
    "losses", [[2.0, 1.5], [[1, 2.0], [2, 1.5]], [{"step": 1, "loss": 2.0}, {"loss": 1.5}]]
)
def test_losses_may_be_numbers_pairs_or_records(tmp_path, losses):
    file = tmp_path / "training.json"
    file.write_text(json.dumps({"examples": 3, "tokens": 30, "losses": losses}))
    found = read_trainings({"sft": file, "by folder": tmp_path, "student": tmp_path / "none.json"})
    assert list(found) == ["sft", "by folder"]
    assert found["sft"].losses == ((1, 2.0), (2, 1.5))
    assert (found["sft"].examples, found["sft"].loss_tokens) == (3, None)


@pytest.mark.parametrize("text", ["{", "[]", '{"examples": "many"}', '{"losses": [[]]}'])
def test_a_broken_record_names_its_file(tmp_path, text):
    file = tmp_path / "training.json"
    file.write_text(text)
    with pytest.raises(DataError, match=r"training\.json"):
        read_trainings({"sft": file})


def test_an_unfinished_training_is_read_as_far_as_it_logged(tmp_path):
    assert read_unfinished(tmp_path) is None
    lines = ['{"step": 1, "loss": 2.0}', '{"step": 2, "loss": 1.5}', '{"step": 3, "lo']
    (tmp_path / "losses.jsonl").write_text("\n".join(lines))
    found = read_unfinished(tmp_path)
    assert found.losses == ((1, 2.0), (2, 1.5))
    assert not found.finished


def test_validation_objective_and_dropped_examples_are_read(tmp_path):
    looks = [{"step": 2, "loss": 0.5}, {"step": 4, "loss": 0.25}]
    facts = {
        "settings": {"objective": ["critique", "imitate"]},
        "rows": {"rows_in": 9, "dropped": {"longer than max_tokens": 2}},
        "validation": {"chosen_step": 4, "loss": 0.25, "looks": looks},
    }
    (tmp_path / "training.json").write_text(json.dumps(facts))
    found = read_trainings({"cft": tmp_path})["cft"]
    assert found.objective == "critique + imitate"
    assert (found.rows_in, found.dropped) == (9, (("longer than max_tokens", 2),))
    assert (found.validated_by, found.chosen_step) == ("loss", 4)
    assert found.looks == ((2, 0.5), (4, 0.25))
