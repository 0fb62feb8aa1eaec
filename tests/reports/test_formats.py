"""Which format a report has, and how large it may be."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from redink.errors import UsageError
from redink.evaluation import compare_arms
from redink.records import Problem, Response, Score
from redink.reports.formats import LARGEST, format_of, write_report
from redink.reports.material import Material, gather
from redink.reports.run_folder import read_run
from redink.tables import Table
from tests.reports.world import Elements, make_run


@pytest.mark.parametrize(
    ("name", "out", "expected"),
    [
        (None, None, "html"), (None, "a.md", "md"), (None, "a.json", "json"),
        ("json", "a.html", "json"), (None, "folder", "html"), ("MD", None, "md"),
    ],
)  # fmt: skip
def test_the_option_wins_over_the_ending(name, out, expected):
    assert format_of(name, Path(out) if out else None) == expected


@pytest.mark.parametrize(("name", "out"), [("pdf", None), (None, "report.docx")])
def test_an_unknown_format_is_refused(name, out):
    with pytest.raises(UsageError, match="html, md or json"):
        format_of(name, Path(out) if out else None)


@pytest.mark.parametrize("form", ["html", "md", "json"])
def test_it_is_written_whole(tmp_path, form):
    material = gather(read_run(make_run(tmp_path / "run")))
    out = tmp_path / f"new/report.{form}"
    assert write_report(material, out, form) == out.stat().st_size
    assert [path.name for path in out.parent.iterdir()] == [out.name]


def large(problems, length):
    """Ten arms that differ on everything, with long answers of one line."""
    kept, responses, rows = {}, {}, []
    question, answer = "<&>" * length, "<\u202e" * length
    for n in range(problems):
        kept[f"p{n}"] = Problem(f"p{n}", question, "7" * length)
        for arm in range(10):
            key = f"r{n}-{arm}"
            responses[key] = Response(key, f"p{n}", answer, "evaluate", f"arm {arm}")
            outcome = "correct" if (n + arm) % 3 else "wrong"
            rows.append(Score(f"arm {arm}", "held", f"p{n}", 0, key, outcome, "1", "number", 9))
    return Table(Score, tuple(rows), problems=kept, responses=responses)


def test_the_page_stays_small_however_much_there_is(tmp_path):
    table = large(300, 20_000)
    material = Material("large", compare_arms(table.rows, "arm 0"), table)
    size = write_report(material, tmp_path / "report.html", "html")
    page = (tmp_path / "report.html").read_text()
    assert size < LARGEST
    assert Elements(page).open == []
    assert "24 of 300 problems and 48 of 3,000 answers are shown in full" in page
    assert "38,500 more characters" in page


def test_fewer_items_are_shown_where_the_page_would_be_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr("redink.reports.formats.LARGEST", 200_000)
    table = large(40, 2_000)
    material = Material("large", compare_arms(table.rows, "arm 0"), table)
    assert write_report(material, tmp_path / "report.html", "html") < 200_000
    shown = re.search(r"(\d+) of 40 problems", (tmp_path / "report.html").read_text())
    assert int(shown[1]) in (2, 6, 12)


def test_thousands_of_reasons_for_dropping_take_a_line(tmp_path):
    make_run(tmp_path)
    [file] = tmp_path.glob("problems-*/stage.json")
    facts = json.loads(file.read_text())
    reasons = {f"like problem {n}": 1 for n in range(5000)}
    file.write_text(json.dumps(facts | {"dropped": reasons}))
    material = gather(read_run(tmp_path))
    write_report(replace(material, critiques={}), tmp_path / "report.html", "html")
    page = (tmp_path / "report.html").read_text()
    assert "4,994: 4,994 other reasons" in page
    assert len(page) < 300_000
