"""Tables on disk: complete, byte-identical, and clear when broken."""

import pytest

from redink.errors import DataError, StorageError
from redink.files import write_atomically
from redink.records import Critique, Problem, Response
from redink.tables import (
    Table,
    critique_table,
    drop,
    drop_counts,
    problem_table,
    response_table,
)

PROBLEMS = [Problem(f"p{i}", f"{i} + 1?", str(i + 1), meta={"i": i}) for i in range(5)]
BY_ID = {p.id: p for p in PROBLEMS}
RESPONSES = [Response(f"r{i}", f"p{i}", "text", "load") for i in range(3)]


def test_a_table_of_critiques_brings_the_responses_and_problems_it_needs(tmp_path):
    critiques = [Critique("c1", "r2", "Conclusion: right", "right")]
    table = critique_table(critiques, {r.id: r for r in RESPONSES}, BY_ID)
    table.write(tmp_path)
    again = Table.read(tmp_path)
    assert again.rows == tuple(critiques)
    assert set(again.responses) == {"r2"}
    assert again.problems == {"p2": PROBLEMS[2]}


def test_what_was_dropped_is_kept_with_the_reason(tmp_path):
    dropped = [drop(PROBLEMS[4], "too long"), drop(PROBLEMS[3], "too long")]
    problem_table(PROBLEMS[:3], dropped).write(tmp_path)
    again = Table.read(tmp_path)
    assert drop_counts(again.dropped) == {"too long": 2}
    assert again.dropped[0].record["question"] == "4 + 1?"


def test_the_same_rows_give_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        response_table(RESPONSES, BY_ID).write(tmp_path / name)
    for file in sorted((tmp_path / "a").iterdir()):
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


def test_an_empty_table_can_be_written_and_read(tmp_path):
    problem_table([]).write(tmp_path)
    assert len(Table.read(tmp_path)) == 0


def test_a_broken_table_is_named(tmp_path):
    problem_table(PROBLEMS).write(tmp_path)
    (tmp_path / "problems.parquet").write_bytes(b"PAR1 cut off")
    with pytest.raises(DataError, match=r"problems\.parquet"):
        Table.read(tmp_path)
    with pytest.raises(DataError, match="not a redink table"):
        Table.read(tmp_path / "nowhere")


def test_an_atomic_write_that_fails_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    import os

    path = tmp_path / "file"
    write_atomically(path, b"old")

    def full_disk(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(StorageError, match="No space left"):
        write_atomically(path, b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert path.read_bytes() == b"old"
