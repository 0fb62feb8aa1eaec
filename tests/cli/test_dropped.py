"""`redink dropped` shows reasons with counts, and copies beside their twins."""

import pytest

from redink.cli.dropped import dropped
from redink.errors import DataError
from redink.records import Problem
from redink.stages.select import select
from redink.tables import problem_table

QUESTION = "Ines reads 12 pages every evening. When has she read a book of 300 pages?"


@pytest.fixture
def folder(tmp_path):
    rows = [Problem(f"p{i}", QUESTION + " " * i, "25") for i in range(3)]
    rows.append(Problem("p9", "Short?", "1"))
    select(problem_table(rows), min_chars=10, deduplicate="exact").write(tmp_path / "kept")
    return tmp_path / "kept"


def test_reasons_are_counted_and_pairs_are_shown_with_both_texts(folder, capsys):
    dropped(folder, pairs=1)
    shown = capsys.readouterr().out
    assert "1 rows kept, 3 dropped" in shown
    assert "2  same as an earlier row" in shown
    assert "1  shorter than 10 characters" in shown
    assert "p1 is like p0 (1.00, same text)" in shown
    assert f"  - {QUESTION}\n  + {QUESTION}" in shown
    assert "p2 is like" not in shown
    assert "1 more pairs: --pairs 2" in shown


def test_a_folder_that_is_no_table_is_refused(tmp_path):
    with pytest.raises(DataError, match="not a redink table"):
        dropped(tmp_path)
