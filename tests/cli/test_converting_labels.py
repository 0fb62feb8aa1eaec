"""`redink import` and `redink export` of labelled steps as a user calls them, and `load`."""

import json

import pytest
import typer
from typer.testing import CliRunner

import redink
from redink.cli import converting
from redink.errors import UsageError
from redink.formats.stepwise.catalogue import STEP_FORMATS
from redink.records import StepLabels

app = typer.Typer(rich_markup_mode=None)
app.command("import", epilog=converting.IMPORT_EPILOG)(converting.import_file)
app.command("export", epilog=converting.EXPORT_EPILOG)(converting.export)
ROWS = [
    {"problem": "What is 3 + 4?", "steps": ["3 + 4 =\n 8.", "It is 8."], "label": 0},
    {"problem": "What is 3 + 4?", "steps": ["3 + 4 = 7.", "It is 7."], "label": -1},
]


def call(*arguments):
    result = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def bench(tmp_path):
    path = tmp_path / "gsm8k.json"
    path.write_text(json.dumps(ROWS))
    return path


def test_a_first_error_benchmark_becomes_training_data_of_another_tool(tmp_path, bench):
    said = call("import", bench, "-f", "processbench", "-o", tmp_path / "table")
    assert "labels of 4 solution steps in 2 responses to 1 problems" in said
    assert "1 responses with a first error, 1 without an error, 0 unknown" in said
    assert "1 steps of several lines stand in one line now" in said
    said = call("export", tmp_path / "table", "-f", "trl-stepwise", "-o", tmp_path / "trl.jsonl")
    assert "2 labels as trl-stepwise" in said
    rows = [json.loads(line) for line in (tmp_path / "trl.jsonl").read_text().splitlines()]
    assert [row["labels"] for row in rows] == [[False], [True, True]]
    assert rows[0]["completions"] == ["3 + 4 =\n 8."]


def test_load_takes_a_first_error_benchmark_and_says_how(bench):
    with pytest.raises(UsageError, match="say kind: labels"):
        redink.load(str(bench), format="processbench")
    table = redink.load(str(bench), format="processbench", kind="labels")
    assert table.kind is StepLabels
    assert [row.first_error for row in table] == [0, None]


@pytest.mark.parametrize("format", STEP_FORMATS)
def test_help_names_every_format_of_labelled_steps(format):
    assert format in converting.IMPORT_EPILOG
    assert format in converting.EXPORT_EPILOG
