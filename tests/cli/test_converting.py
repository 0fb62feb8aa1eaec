"""`redink import` and `redink export` as a user calls them."""

import json

import pytest
import typer
from typer.testing import CliRunner

from redink.cli import converting
from redink.errors import DataError, UsageError
from redink.records import Critique
from redink.tables import Table

app = typer.Typer(rich_markup_mode=None)
app.command("import", epilog=converting.IMPORT_EPILOG)(converting.import_file)
app.command("export", epilog=converting.EXPORT_EPILOG)(converting.export)
ROWS = [
    {
        "instruction": "Please critique whether the following solution to the question is correct.",
        "input": f"Question:\nWhat is {n} + 1?\n\nSolution:\nIt is {n + 1}.",
        "output": "Critique:\nThat is right.\n\nConclusion: right [END]",
    }
    for n in range(3)
]


def redink(*arguments):
    result = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def official(tmp_path):
    path = tmp_path / "official.json"
    path.write_text(json.dumps(ROWS))
    return path


def test_official_rows_go_in_and_come_out_for_another_tool(tmp_path, official):
    said = redink("import", official, "-o", tmp_path / "table", "--teacher", "gpt-4o")
    assert "3 critiques of 3 problems: 3 right" in said
    table = Table.read(tmp_path / "table")
    assert (table.kind, {c.teacher for c in table}) == (Critique, {"gpt-4o"})
    said = redink("export", tmp_path / "table", "-f", "alpaca", "-o", tmp_path / "out" / "mine")
    assert "3 critiques as alpaca" in said
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "dataset_info.json",
        "mine.json",
    ]


def test_an_official_file_comes_back_row_for_row(tmp_path, official):
    redink("import", official, "-o", tmp_path / "table")
    redink("export", tmp_path / "table", "--marks", "-o", tmp_path / "back.json")
    assert json.loads((tmp_path / "back.json").read_text()) == ROWS


def test_a_file_is_written_for_the_objective_that_it_will_be_trained_with(tmp_path, official):
    redink("import", official, "-o", tmp_path / "table")
    said = redink(
        "export", tmp_path / "table", "-f", "trl", "--objective", "verdict", "-o", tmp_path / "v"
    )
    assert "3 critiques as trl" in said
    rows = [json.loads(line) for line in (tmp_path / "v.jsonl").read_text().splitlines()]
    assert [row["completion"][0]["content"] for row in rows] == ["Conclusion: right"] * 3


def test_bad_rows_are_counted_and_listed(tmp_path, official):
    official.write_text(json.dumps([*ROWS, {"input": "x"}, ROWS[0], {"input": "y"}]))
    with pytest.raises(DataError, match="row 4"):
        redink("import", official, "-o", tmp_path / "table")
    assert not (tmp_path / "table").exists()
    said = redink("import", official, "-o", tmp_path / "table", "--skip-bad")
    assert "2 rows left out" in said
    assert "row 4, row 6" in said
    assert [one.id for one in Table.read(tmp_path / "table").dropped] == ["row 4", "row 6"]


def test_columns_of_any_file_are_mapped(tmp_path):
    (tmp_path / "x.csv").write_text("problem,out,judge,hardness\nq,r,Conclusion: wrong,3\n")
    redink(
        "import", tmp_path / "x.csv", "-f", "parquet", "-o", tmp_path / "t", "--question",
        "problem", "--response", "out", "--critique", "judge", "--column", "level=hardness",
    )  # fmt: skip
    table = Table.read(tmp_path / "t")
    assert (table[0].verdict, next(iter(table.problems.values())).level) == ("wrong", "3")


@pytest.mark.parametrize("given", ["level", "=x", "level="])
def test_a_mapping_without_both_sides_is_refused(tmp_path, official, given):
    with pytest.raises(UsageError, match="FIELD=NAME"):
        redink("import", official, "-f", "parquet", "-o", tmp_path / "t", "--column", given)


def test_a_table_is_replaced_only_when_told(tmp_path, official):
    redink("import", official, "-o", tmp_path / "table")
    with pytest.raises(UsageError, match="--overwrite"):
        redink("import", official, "-o", tmp_path / "table", "--n", 1)
    redink("import", official, "-o", tmp_path / "table", "--n", 1, "--overwrite")
    assert len(Table.read(tmp_path / "table")) == 1


def test_a_stage_is_found_by_its_name_in_the_run(tmp_path, official):
    run = tmp_path / "run"
    redink("import", official, "-o", run / "marks-0123456789")
    redink("import", official, "-o", run / "marks-short-0123456789")
    assert converting.table_folder(run / "marks") == run / "marks-0123456789"
    redink("import", official, "-o", run / "marks-abcdef0123")
    with pytest.raises(DataError, match="several"):
        converting.table_folder(run / "marks")
    with pytest.raises(DataError, match="no table there"):
        converting.table_folder(run / "drafts")


def test_a_hub_folder_says_how_to_upload_and_that_nothing_was(tmp_path, official):
    redink("import", official, "-o", tmp_path / "table")
    said = redink(
        "export", tmp_path / "table", "-f", "hub", "-o", tmp_path / "set", "--license", "mit"
    )
    assert "nothing was uploaded" in said
    assert "hf upload" in said
    assert "license: mit" in (tmp_path / "set" / "README.md").read_text()


@pytest.mark.parametrize("command", ["import", "export"])
def test_help_shows_examples(command):
    said = redink(command, "--help")
    assert "Examples:" in said
    assert f"redink {command} " in said
