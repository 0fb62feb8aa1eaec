"""`redink evaluate-critic` as a user calls it."""

import json

import pytest
import typer
from typer.testing import CliRunner

from redink.cli import evaluating_critics
from redink.errors import UsageError
from redink.formats import export_table
from tests.critics.marked import labels_of
from tests.critics.test_loop import marks, rewritten

app = typer.Typer(rich_markup_mode=None)
app.command("evaluate-critic", epilog=evaluating_critics.EPILOG)(evaluating_critics.evaluate_critic)


def call(*arguments):
    result = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def labels(tmp_path):
    table = labels_of((0, 1, None, None))
    table.write(tmp_path / "labels")
    export_table(table, tmp_path / "bench.json", "processbench", keep="all")
    return tmp_path


def test_a_critic_is_measured_on_a_table_and_on_a_file(labels):
    said = call(
        "symbolic", "-b", f"mine={labels / 'labels'}", "-b",
        f"processbench:{labels / 'bench.json'}", "-o", labels / "out",
    )  # fmt: skip
    assert "Critics · mine · 4 responses to 2 problems, 2 with an error" in said
    assert "Critics · bench · 4 responses" in said
    found = json.loads((labels / "out" / "critics.json").read_text())
    assert [(row["critic"], row["benchmark"]) for row in found["critics"]] == [
        ("symbolic", "mine"),
        ("symbolic", "bench"),
    ]
    one, two = found["critics"]
    assert one["found"] == two["found"]
    assert found["settings"]["threshold"] == 0.5


def test_the_closed_loop_needs_no_critic(tmp_path):
    marks().write(tmp_path / "critiques")
    rewritten(["correct"], ["wrong"], ["correct"], []).write(tmp_path / "refined")
    said = call(
        "--critiques", tmp_path / "critiques", "--refined", tmp_path / "refined", "-o",
        tmp_path / "out",
    )  # fmt: skip
    assert "Refined as the critiques say" in said
    (row,) = json.loads((tmp_path / "out" / "critics.json").read_text())["loop"]
    assert row["fixed"]["value"] == 0.5
    assert row["kept"]["value"] == 1.0
    assert row["unfollowed"] == 1


def test_a_dry_run_says_what_it_takes_and_writes_nothing(labels):
    (labels / "prices.yaml").write_text("priced: [1000, 2000]\n")
    said = call(
        "endpoint:priced@http://127.0.0.1:9/v1", "symbolic", "-b", f"mine={labels / 'labels'}",
        "-o", labels / "out", "--prices", labels / "prices.yaml", "--dry-run",
    )  # fmt: skip
    assert "To ask · mine · 4 responses" in said
    assert "1,600" in said
    assert "about 2," in said
    assert "; $4." in said
    assert "Nothing was asked." in said
    assert not (labels / "out").exists()


def test_a_dry_run_of_the_closed_loop_asks_for_nothing(tmp_path):
    marks().write(tmp_path / "critiques")
    rewritten(["correct"], ["wrong"], ["correct"], []).write(tmp_path / "refined")
    said = call(
        "--critiques", tmp_path / "critiques", "--refined", tmp_path / "refined", "-o",
        tmp_path / "out", "--dry-run",
    )  # fmt: skip
    assert "its 3 refinements are graded" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "nothing to measure"),
        (["symbolic"], "a benchmark"),
        (["-b", "labels"], "a critic"),
        (["--refined", "x"], "together"),
        (["symbolic", "-b", "{folder}/bench.json"], "say the file's format"),
        (["symbolic", "-b", "{folder}/labels", "--threshold", "2"], "threshold"),
    ],
)
def test_what_is_missing_is_said(labels, arguments, said):
    given = [one.replace("{folder}", str(labels)) for one in arguments]
    with pytest.raises(UsageError, match=said):
        call(*given, "-o", labels / "out")
