"""redink report, as a user types it."""

import json
import sys

import pytest
import typer

from redink.cli import comparing, reporting
from redink.errors import DataError, UsageError
from tests.reports.world import ACTING, make_run


@pytest.fixture
def call(monkeypatch, tmp_path, capsysbinary):
    """Runs the command in a folder of its own; returns what it printed."""
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command()(reporting.report)

    def run(*arguments):
        app(list(map(str, arguments)), standalone_mode=False)
        sys.stdout.flush()
        return capsysbinary.readouterr().out.decode()

    return run


def test_the_report_stands_in_the_run(call, tmp_path):
    run = make_run(tmp_path / "run")
    assert "report: " in call(run)
    page = (run / "report.html").read_text()
    assert "Do critiques beat imitation here?" in page
    assert not list(run.glob(".report*"))


def test_format_and_place_can_be_chosen(call, tmp_path):
    run = make_run(tmp_path / "run")
    call(run, "--format", "md")
    assert (run / "report.md").read_text().startswith("# trial")
    call(run, "-o", "elsewhere/mine.json")
    assert json.loads((tmp_path / "elsewhere/mine.json").read_text())["title"] == "trial"
    call(run, "-o", tmp_path, "--format", "json")
    assert (tmp_path / "report.json").exists()


@pytest.mark.parametrize("form", ["md", "json", "html"])
def test_a_dash_prints_and_no_terminal_obeys_it(call, tmp_path, form):
    run = make_run(tmp_path / "run")
    printed = call(run, "-o", "-", "--format", form)
    assert "trial" in printed
    assert not set(ACTING) & set(printed)
    assert not (run / f"report.{form}").exists()


def test_a_run_that_is_not_finished_has_one_too(call, tmp_path):
    run = make_run(tmp_path / "run", until="critiques")
    call(run, "--format", "json")
    facts = json.loads((run / "report.json").read_text())
    assert facts["answer"] == "Nothing has been scored yet."
    assert [stage["done"] for stage in facts["runs"][0]["stages"]] == [True] * 4 + [False] * 4
    assert facts["runs"][0]["stages"][5]["inputs"][0] == "critiques"


def test_wrong_names_are_refused(call, tmp_path):
    with pytest.raises(DataError, match="no run folder"):
        call(tmp_path / "nowhere")
    run = make_run(tmp_path / "run")
    with pytest.raises(UsageError, match="html, md or json"):
        call(run, "--format", "pdf")
    with pytest.raises(UsageError, match="no finished compare stage"):
        call(run, "--comparison", "nobody")


@pytest.mark.parametrize("form", ["html", "md", "json"])
def test_two_runs_have_one_report(tmp_path, capsys, form):
    one, two = make_run(tmp_path / "one"), make_run(tmp_path / "two")
    app = typer.Typer()
    app.command()(comparing.compare)
    out = tmp_path / "both"
    app([str(one), str(two), "-o", str(out), "--format", form], standalone_mode=False)
    assert f"report: {out / f'report.{form}'}" in capsys.readouterr().out.replace("\n", "")
    text = (out / f"report.{form}").read_text()
    for part in ("two/cft", "two/critiques", "Do critiques beat imitation here?"):
        assert part in text
    assert (out / "comparison.json").exists()
    facts = json.loads(text)["runs"] if form == "json" else []
    assert [run["folder"] for run in facts] == (["one", "two"] if form == "json" else [])


def test_scores_alone_are_compared_without_their_runs(tmp_path):
    make_run(tmp_path / "one")
    [scores] = tmp_path.glob("one/scores-*")
    app = typer.Typer()
    app.command()(comparing.compare)
    app([str(scores), "-o", str(tmp_path / "out")], standalone_mode=False)
    assert "Where the data went" not in (tmp_path / "out/report.html").read_text()
