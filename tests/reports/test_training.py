"""Training records of arms."""

import json

import pytest

from redink.errors import DataError
from redink.reports import read_trainings


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
