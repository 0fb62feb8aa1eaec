"""Reading and writing files: streamed, named where broken, never half written or replaced."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from redink.errors import DataError, StorageError, UsageError
from redink.formats import export_table, import_rows, reading
from redink.formats.catalogue import FLAT, HUB, training_formats
from redink.formats.reading import Unreadable, rows_in


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64, 1 << 20])
def test_json_lists_are_read_whatever_the_chunk(tmp_path, monkeypatch, chunk):
    rows = [{"a": 'é"]},[{ \n', "b": [1, {"c": None}]}, {}, {"d": "x" * 50}, {"e": 1.5}]
    monkeypatch.setattr(reading, "CHUNK_CHARACTERS", chunk)
    for indent in (None, 2):
        path = tmp_path / "rows.json"
        path.write_text(json.dumps(rows, indent=indent, ensure_ascii=False))
        assert list(rows_in(str(path))) == list(enumerate(rows, 1))


@pytest.mark.parametrize(
    "text", ['[{"a": 1}', '[{"a": 1} {"b": 2}]', '[{"a": 1}, {"b": ', "[{}, x]"]
)
def test_a_broken_json_list_names_the_row(tmp_path, text):
    (tmp_path / "rows.json").write_text(text)
    with pytest.raises(DataError, match=r"rows\.json, row [12]: broken JSON"):
        list(rows_in(str(tmp_path / "rows.json")))


def test_a_broken_line_is_one_bad_row(tmp_path):
    (tmp_path / "rows.jsonl").write_bytes(b'{"a": 1}\n{"a": \n\n[1]\n{"a": "\\u2028"}\n')
    found = dict(rows_in(str(tmp_path / "rows.jsonl")))
    assert list(found) == [1, 2, 4, 5]
    assert isinstance(found[2], Unreadable)
    assert isinstance(found[4], Unreadable)
    assert found[5] == {"a": "\u2028"}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.json", b"{}", "must hold a list"),
        ("x.json", b"[]", "no rows"),
        ("x.jsonl", b"\n", "no rows"),
        ("x.parquet", b"PAR1", "not a readable Parquet"),
        ("x.json", b'[{"a": "\xff"}]', "not UTF-8"),
        ("x.txt", b"x", "unknown kind of file"),
    ],
)
def test_an_unusable_file_is_named(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=rf"{name}.*{said}"):
        import_rows(tmp_path / name, "cft")


def test_a_missing_file_and_an_unknown_format_are_named(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        import_rows(tmp_path / "none.json", "cft")
    with pytest.raises(UsageError, match="did you mean 'one-shot-cft'"):
        import_rows(tmp_path / "none.json", "oneshot_cft")


@pytest.mark.parametrize("name", [*training_formats(), FLAT, HUB])
def test_the_same_table_gives_the_same_bytes(tmp_path, critiques, name):
    found = []
    for number in (1, 2):
        out = tmp_path / str(number) / "out"
        export_table(critiques, out, name)
        files = sorted(p for p in out.parent.rglob("*") if p.is_file())
        found.append([(p.relative_to(out.parent), p.read_bytes()) for p in files])
    assert found[0] == found[1]


@pytest.mark.parametrize("name", [*training_formats(), FLAT, HUB])
def test_finished_output_is_replaced_only_when_told(tmp_path, critiques, name):
    out = tmp_path / "out"
    export_table(critiques, out, name)
    short = replace(critiques, rows=critiques.rows[:1])
    with pytest.raises(UsageError, match="--overwrite"):
        export_table(short, out, name)
    files = export_table(short, out, name, overwrite=True).files
    source = out if name == "hub" else files[0]
    assert len(import_rows(source, name)) == 1
    left = [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]
    assert left == []


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(("name", "folder"), [("hub", "out"), ("cft", "out.json")])
def test_a_folder_of_something_else_is_never_replaced(tmp_path, critiques, name, folder, overwrite):
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "thesis.txt").write_text("x")
    with pytest.raises(UsageError, match="something else"):
        export_table(critiques, tmp_path / "out", name, overwrite=overwrite)
    assert (tmp_path / folder / "thesis.txt").read_text() == "x"


@pytest.mark.parametrize("name", ["cft", "hub"])
def test_an_export_that_fails_leaves_what_was_there(tmp_path, critiques, monkeypatch, name):
    out = tmp_path / "out"
    export_table(critiques, out, name)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        export_table(replace(critiques, rows=critiques.rows[:1]), out, name, overwrite=True)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_a_folder_that_cannot_take_its_place_leaves_the_old_one(tmp_path, critiques, monkeypatch):
    export_table(critiques, tmp_path / "out", "hub")
    rename = Path.rename

    def refuse(self, target):
        if target == tmp_path / "out" and "-old." not in str(self):
            raise OSError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(StorageError, match="Permission denied"):
        export_table(replace(critiques, rows=critiques.rows[:1]), tmp_path / "out", "hub",
                     overwrite=True)  # fmt: skip
    assert import_rows(tmp_path / "out", "hub").rows == critiques.rows


def test_an_ending_that_the_format_does_not_have_is_refused(tmp_path, critiques):
    with pytest.raises(UsageError, match=r"openai is written as \.jsonl"):
        export_table(critiques, tmp_path / "x.parquet", "openai")


class TestFlat:
    def test_columns_of_others_are_mapped(self, tmp_path):
        row = {"q": "What is 3 + 4?", "a": 7, "try": "8", "judge": "No.", "label": "incorrect"}
        (tmp_path / "x.jsonl").write_text(json.dumps(row))
        columns = {
            "question": "q", "answer": "a", "response": "try", "critique": "judge",
            "verdict": "label",
        }  # fmt: skip
        table = import_rows(tmp_path / "x.jsonl", "parquet", columns=columns)
        assert [(c.text, c.verdict) for c in table] == [("No.", "wrong")]
        assert [p.answer for p in table.problems.values()] == ["7"]

    def test_a_verdict_is_read_from_the_text_where_the_file_has_none(self, tmp_path):
        row = {"question": "q", "response": "r", "critique": "Conclusion: right"}
        (tmp_path / "x.jsonl").write_text(json.dumps(row))
        assert import_rows(tmp_path / "x.jsonl", "parquet")[0].verdict == "right"

    def test_csv_files_are_read(self, tmp_path):
        (tmp_path / "x.csv").write_text(
            "question,response,critique,cost,agrees\nq,r,c,0.5,true\nq,r,d,,\n"
        )
        rows = import_rows(tmp_path / "x.csv", "parquet")
        assert [(row.text, row.cost, row.agrees) for row in rows] == [
            ("c", 0.5, True),
            ("d", None, None),
        ]

    def test_columns_say_what_a_file_holds(self, tmp_path, responses, problems):
        for table in (responses, problems):
            path = export_table(table, tmp_path / table.kind.__name__, "parquet").files[0]
            assert import_rows(path, "parquet").rows == table.rows

    @pytest.mark.parametrize(
        ("row", "said"),
        [
            ({"question": "q", "critique": "c"}, "no response"),
            ({"question": "q", "response": "r", "critique": "c", "verdict": "maybe"}, "'verdict'"),
            ({"question": "q", "response": "r", "critique": "c", "cost": "dear"}, "'cost'"),
            ({"question": "q", "response": "r", "critique": "c", "outcome": "odd"}, "'outcome'"),
            ({"question": "q", "response": "r", "critique": "c", "meta": "[1]"}, "'meta'"),
            ({"question": {}, "response": "r", "critique": "c"}, "'question'"),
        ],
    )
    def test_a_field_of_the_wrong_type_is_named(self, tmp_path, row, said):
        (tmp_path / "x.jsonl").write_text(json.dumps(row))
        with pytest.raises(DataError, match=rf"x\.jsonl, row 1: .*{said}"):
            import_rows(tmp_path / "x.jsonl", "parquet")

    def test_an_id_that_stands_for_two_records_is_refused(self, tmp_path):
        rows = [{"problem_id": "p1", "question": q, "response": "r", "critique": "c"} for q in "ab"]
        (tmp_path / "x.jsonl").write_text("\n".join(map(json.dumps, rows)))
        with pytest.raises(DataError, match="row 2: id 'p1' stands for two"):
            import_rows(tmp_path / "x.jsonl", "parquet")

    def test_an_unknown_column_is_refused(self, tmp_path):
        with pytest.raises(UsageError, match="'questoin'"):
            import_rows(tmp_path / "x.jsonl", "parquet", columns={"questoin": "q"})
