"""redink audit critiques, as a user types it."""

import json

import pytest
from typer.testing import CliRunner

from redink.cli.auditing import app
from redink.errors import DataError, UsageError
from redink.records import Critique, Problem, Response
from redink.tables import critique_table, problem_table


@pytest.fixture
def call(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        result = CliRunner().invoke(app, ["critiques", *map(str, arguments)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    return run


def make(verdicts, evil=""):
    problem = Problem("p", f"What is 40 * 2?{evil}", "80")
    responses = {
        f"r{n}": Response(f"r{n}", "p", f"40 * 2 = 8{n}\n#### 8{n}", "load", outcome=outcome)
        for n, (_, outcome) in enumerate(verdicts)
    }
    rows = [
        Critique(f"c{n}", f"r{n}", f"Row {n}{evil} is {verdict}.", verdict, teacher="t")
        for n, (verdict, _) in enumerate(verdicts)
    ]
    return critique_table(rows, responses, {"p": problem})


@pytest.fixture
def folder(tmp_path):
    verdicts = [("right", "correct")] + [("wrong", "wrong")] * 7 + [("right", "wrong")] * 2
    make(verdicts).write(tmp_path / "critiques-1a2b")
    return tmp_path / "critiques-1a2b"


def test_the_figures_are_on_the_terminal(call, folder):
    code, out = call(folder)
    assert code == 0
    assert "10 critiques of 10 responses to 1 problem" in out
    assert "80.0 %" in out
    assert "8 of 10" in out
    assert "c8" in out


def test_a_run_folder_with_one_such_stage_will_do(call, folder):
    problem_table([Problem("p", "?", "1")]).write(folder.parent / "problems-3c4d")
    assert call(folder.parent)[0] == 0


def test_of_several_stages_the_candidates_are_named(call, folder):
    make([("right", "wrong")]).write(folder.parent / "other-5e6f")
    with pytest.raises(DataError) as error:
        call(folder.parent)
    assert all(name in str(error.value) for name in ("critiques-1a2b", "other-5e6f", "name one"))


def test_a_folder_without_critiques_is_refused(call, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no table of critiques"):
        call(tmp_path / "empty")
    with pytest.raises(DataError, match="no such folder"):
        call(tmp_path / "missing")
    problem_table([Problem("p", "?", "1")]).write(tmp_path / "problems")
    with pytest.raises(DataError, match="problems has no critiques"):
        call(tmp_path / "problems")


def test_reports_are_written_as_json_and_as_markdown(call, folder):
    call(folder, "-o", "report.json")
    report = json.loads((folder.parent / "report.json").read_text())
    assert report["agreement"]["agrees"]["count"] == 8
    assert [row["id"] for row in report["disagreements"]] == ["c8", "c9"]
    call(folder, "-o", "report.md")
    text = (folder.parent / "report.md").read_text()
    assert "| agrees with the grader |" in text
    assert "    Row 8 is right." in text


def test_another_format_is_refused_before_the_work(call, tmp_path):
    with pytest.raises(UsageError, match=r"\.json or \.md"):
        call(tmp_path / "missing", "-o", "report.html")


def test_disagreements_are_written_with_both_texts(call, folder):
    call(folder, "--disagreements", "d.jsonl")
    rows = [json.loads(line) for line in (folder.parent / "d.jsonl").read_text().splitlines()]
    assert [row["critique_id"] for row in rows] == ["c8", "c9"]
    assert rows[0]["response"] == "40 * 2 = 88\n#### 88"
    assert rows[0]["critique"] == "Row 8 is right."


def test_disagreements_are_shown_in_full(call, folder):
    _, out = call(folder, "--show", 1)
    assert "Row 8 is right." in out
    assert "Row 9 is right." not in out


def test_text_of_a_model_is_neither_obeyed_nor_read_as_mark_up(call, tmp_path):
    make([("right", "wrong")], evil="\x1b[31m[bold]x[/]\u202e").write(tmp_path / "t")
    _, out = call(tmp_path / "t", "--show", 1, "-o", "r.md")
    for shown in (out, (tmp_path / "r.md").read_text()):
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "[bold]x[/]" in shown


def test_a_sample_is_drawn_judged_and_read_back(call, folder):
    call(folder, "--sample", 6, "--sample-out", "s.jsonl")
    path = folder.parent / "s.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(lines) == 6
    for line in lines:
        line["judgement"] = "bad" if line["critique_id"] in ("c8", "c9") else "good"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    code, out = call(folder, "--judged", "s.jsonl", "-o", "report.json")
    assert code == 0
    assert "Bad critiques: 20.0 %" in out
    report = json.loads((folder.parent / "report.json").read_text())
    assert report["judged"]["error"]["share"] == pytest.approx(0.2)


def test_a_sample_file_that_is_there_is_never_overwritten(call, folder):
    path = folder.parent / "sample.jsonl"
    path.write_text("judgements")
    with pytest.raises(UsageError, match="may hold judgements"):
        call(folder, "--sample", 3)
    assert path.read_text() == "judgements"


def test_too_little_agreement_fails_when_asked(call, folder):
    assert call(folder, "--fail-under", 0.4)[0] == 0
    code, out = call(folder, "--fail-under", 0.6)
    assert code == 1
    assert "below 60.0%" in out
    with pytest.raises(UsageError, match="between 0 and 1"):
        call(folder, "--fail-under", 80)


def test_without_any_grade_agreement_cannot_pass(call, tmp_path):
    make([("right", "ungraded")]).write(tmp_path / "t")
    assert call(tmp_path / "t", "--fail-under", 0.1)[0] == 1
    code, out = call(tmp_path / "t", "--grade")
    assert code == 0
    assert "graded for this audit only" in out
