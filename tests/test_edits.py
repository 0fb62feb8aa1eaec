"""Verdicts mended by hand: appended, never lost, undoable, applied to tables."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from redink.edits import (
    EDITS,
    EditLog,
    apply_edits,
    edits_fingerprint,
    read_edited,
    read_edits,
)
from redink.errors import DataError, StorageError, UsageError
from redink.records import Critique, Problem, Response
from redink.tables import critique_table, problem_table


def table_of():
    problem = Problem("p1", "What is 1+1?", "2")
    responses = {
        name: Response(name, "p1", "It is 2.", "respond", outcome=outcome)
        for name, outcome in (("r1", "correct"), ("r2", "wrong"), ("r3", "ungraded"))
    }
    critiques = [
        Critique("c1", "r1", "No.", "wrong", first_error=0, agrees=False),
        Critique("c2", "r2", "Hm.", None, why="no conclusion"),
        Critique("c3", "r3", "Yes.", "right"),
    ]
    return critique_table(critiques, responses, {"p1": problem})


@pytest.fixture
def log(tmp_path):
    return EditLog(tmp_path)


def lines_of(folder):
    return [json.loads(line) for line in (folder / EDITS).read_text().splitlines()]


def test_a_judgement_is_one_line_with_old_new_author_time_and_reason(log, tmp_path):
    log.add("c1", "wrong", "right", author="ada", reason="recomputed <b>")
    (line,) = lines_of(tmp_path)
    assert (line["old"], line["new"], line["author"], line["reason"]) == (
        "wrong", "right", "ada", "recomputed <b>",
    )  # fmt: skip
    assert line["time"].endswith("+00:00")
    assert line["undoes"] is None


def test_the_newest_judgement_stands_and_says_what_stood_before(log):
    log.add("c2", None, "right", author="ada")
    second = log.add("c2", None, "wrong", author="bob")
    assert second.old == "right"
    assert log.edits().of("c2")[0].old == "unreadable"
    assert log.edits().standing()["c2"].new == "wrong"


def test_undo_is_a_further_line_and_brings_back_what_stood(log, tmp_path):
    log.add("c1", "wrong", "right", author="ada")
    log.add("c1", "wrong", "unsure", author="ada")
    undo = log.undo("c1", "wrong", author="ada")
    assert (undo.old, undo.new) == ("unsure", "right")
    assert log.edits().standing()["c1"].new == "right"
    assert log.undo("c1", "wrong", author="ada").new == "wrong"
    assert log.edits().standing() == {}
    assert len(lines_of(tmp_path)) == 4


def test_nobody_takes_back_what_another_said(log):
    log.add("c1", "wrong", "right", author="ada")
    with pytest.raises(UsageError, match="judged by ada"):
        log.undo("c1", "wrong", author="bob")
    log.add("c1", "wrong", "unsure", author="bob")
    log.undo("c1", "wrong", author="ada")
    assert log.edits().standing()["c1"].author == "bob"


@pytest.mark.parametrize(
    "wrong", [{"new": "maybe"}, {"author": "  "}, {"author": "a" * 101}, {"reason": "x" * 4001}]
)
def test_a_judgement_that_is_none_is_refused_and_leaves_no_line(log, tmp_path, wrong):
    asked = {"new": "right", "author": "ada", "reason": "", **wrong}
    with pytest.raises(UsageError):
        log.add("c1", None, asked["new"], author=asked["author"], reason=asked["reason"])
    assert not (tmp_path / EDITS).exists()


REVIEW = """
import sys
from pathlib import Path
from redink.edits import EditLog
log = EditLog(Path(sys.argv[1]))
for number in range(40):
    log.add(f"c{number}", "wrong", "right", author=sys.argv[2], reason=sys.argv[2] * 500)
"""


def test_reviewers_in_several_processes_lose_nothing(tmp_path):
    names = ("ada", "bob")
    reviewers = [subprocess.Popen([sys.executable, "-c", REVIEW, tmp_path, name]) for name in names]
    assert [reviewer.wait(60) for reviewer in reviewers] == [0, 0]
    lines = lines_of(tmp_path)
    assert len(lines) == 80
    for name in names:
        assert [line["id"] for line in lines if line["author"] == name] == [
            f"c{number}" for number in range(40)
        ]
    assert len({line["key"] for line in lines}) == 80


def test_reviewers_in_several_threads_of_one_viewer_lose_nothing(log, tmp_path):
    def review(name):
        for number in range(20):
            log.add(f"c{number}", None, "unsure", author=name)
            log.undo(f"c{number}", None, author=name)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(review, ("ada", "bob", "eve", "joe")))
    assert len(lines_of(tmp_path)) == 160
    assert log.edits().standing() == {}


def test_what_another_process_appends_is_seen(log, tmp_path):
    assert log.edits().lines == ()
    EditLog(tmp_path).add("c1", "wrong", "right", author="bob")
    assert [edit.author for edit in log.edits().lines] == ["bob"]


def test_half_a_line_that_a_crash_left_spoils_neither_its_neighbours_nor_the_next(log, tmp_path):
    log.add("c1", "wrong", "right", author="ada")
    with (tmp_path / EDITS).open("a") as stream:
        stream.write('{"id": "c2", "ol')
    assert len(log.edits().lines) == 1
    log.add("c3", "right", "unsure", author="ada")
    found = read_edits(tmp_path)
    assert [edit.id for edit in found.lines] == ["c1", "c3"]
    assert found.broken == (2,)


@pytest.mark.parametrize("line", ["7", "[]", '{"id": 1}', '"text"', "\x00", '{"id":"c","new":"x"}'])
def test_lines_that_are_no_edits_are_counted_not_applied(tmp_path, line):
    (tmp_path / EDITS).write_text(line + "\n")
    found = read_edits(tmp_path)
    assert (found.lines, found.broken) == ((), (1,))


def test_a_folder_that_cannot_be_written_says_so(tmp_path):
    with pytest.raises(StorageError, match="cannot be written"):
        EditLog(tmp_path / "missing").add("c1", None, "right", author="ada")


def test_applied_edits_change_verdict_and_agreement(log, tmp_path):
    table = table_of()
    log.add("c1", "wrong", "right", author="ada")
    log.add("c2", None, "right", author="ada")
    log.add("c3", "right", "unsure", author="ada")
    first, second, third = apply_edits(table, log.edits())
    assert (first.verdict, first.agrees, first.first_error) == ("right", True, None)
    assert (second.verdict, second.agrees, second.why) == ("right", False, "")
    assert (third.verdict, third.agrees, third.why) == (None, None, "unsure, says ada")
    assert table[0].verdict == "wrong"


def test_a_table_is_read_with_the_edits_beside_it(log, tmp_path):
    table_of().write(tmp_path)
    assert read_edited(tmp_path).rows == table_of().rows
    log.add("c1", "wrong", "right", author="ada")
    assert read_edited(tmp_path)[0].verdict == "right"


def test_edits_are_about_critiques_alone(log):
    log.add("c1", "wrong", "right", author="ada")
    with pytest.raises(DataError, match="critiques"):
        apply_edits(problem_table([Problem("p1", "?", "1")]), log.edits())


def test_the_fingerprint_is_that_of_the_verdicts_that_stand(log, tmp_path):
    assert edits_fingerprint(tmp_path) is None
    log.add("c1", "wrong", "right", author="ada")
    one = edits_fingerprint(tmp_path)
    log.add("c1", "wrong", "right", author="bob", reason="yes")
    assert edits_fingerprint(tmp_path) == one
    log.add("c1", "wrong", "unsure", author="bob")
    assert edits_fingerprint(tmp_path) not in (None, one)
    for author in ("bob", "bob", "ada"):
        log.undo("c1", "wrong", author=author)
    assert edits_fingerprint(tmp_path) is None


def test_who_only_confirms_a_verdict_changes_no_fingerprint(log, tmp_path):
    log.add("c1", "wrong", "wrong", author="ada")
    assert edits_fingerprint(tmp_path) is None
    log.add("c1", "wrong", "right", author="bob")
    assert edits_fingerprint(tmp_path) is not None
    log.add("c1", "wrong", "wrong", author="ada")
    assert edits_fingerprint(tmp_path) is None
