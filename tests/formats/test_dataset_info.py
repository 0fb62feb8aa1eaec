"""The entry that LLaMA-Factory needs, beside entries of others."""

import json

import pytest

from redink.errors import DataError, UsageError
from redink.formats import export_table


def info(tmp_path):
    return json.loads((tmp_path / "dataset_info.json").read_text())


def test_the_entry_says_how_the_rows_read(tmp_path, critiques):
    export_table(critiques, tmp_path / "mine", "sharegpt")
    entry = info(tmp_path)["mine"]
    assert entry["file_name"] == "mine.json"
    row = json.loads((tmp_path / "mine.json").read_text())[0]
    turns = row[entry["columns"]["messages"]]
    tags = entry["tags"]
    assert [turn[tags["role_tag"]] for turn in turns] == [tags["user_tag"], tags["assistant_tag"]]
    assert all(isinstance(turn[tags["content_tag"]], str) for turn in turns)


def test_other_entries_stay_as_they_are(tmp_path, critiques):
    other = {"theirs": {"hf_hub_url": "a/b", "ranking": True}, "täuschend": {"file_name": "ä"}}
    (tmp_path / "dataset_info.json").write_text(json.dumps(other))
    export_table(critiques, tmp_path / "mine", "alpaca", name="cft-1")
    after = info(tmp_path)
    assert list(after) == ["theirs", "täuschend", "cft-1"]
    assert {name: after[name] for name in other} == other
    assert after["cft-1"]["columns"] == {
        "prompt": "instruction", "query": "input", "response": "output",
    }  # fmt: skip


def test_a_taken_name_is_refused_before_anything_is_written(tmp_path, critiques):
    (tmp_path / "dataset_info.json").write_text('{"mine": {"file_name": "theirs.json"}}')
    with pytest.raises(UsageError, match="--name"):
        export_table(critiques, tmp_path / "mine", "alpaca")
    assert not (tmp_path / "mine.json").exists()
    export_table(critiques, tmp_path / "mine", "alpaca", overwrite=True)
    assert info(tmp_path)["mine"]["file_name"] == "mine.json"


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_broken_file_is_never_replaced(tmp_path, critiques, text):
    (tmp_path / "dataset_info.json").write_text(text)
    with pytest.raises(DataError, match="dataset_info"):
        export_table(critiques, tmp_path / "mine", "alpaca", overwrite=True)
    assert (tmp_path / "dataset_info.json").read_text() == text
