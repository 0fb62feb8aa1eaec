"""Progress: what a line says, when it is shown, and who else is told."""

import json
import sys

import pytest

from redink import progress as module
from redink.progress import Progress, Watcher, is_live, progress, put, shown, watched


class Clock:
    """Seconds that pass when told."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        monkeypatch.setattr(module.time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def test_the_time_left_is_told_once_a_twentieth_is_done(clock):
    bar = Progress("critique", 100, "responses")
    clock.now += 4
    bar.advance(4)
    assert bar.left is None
    assert bar.line() == "critique: 4/100 responses  4s"
    clock.now += 6
    bar.advance(6, loss="1.250")
    assert bar.left == pytest.approx(90)
    assert bar.line() == "critique: 10/100 responses  loss 1.250  1m30s left"
    bar.advance(90)
    assert bar.left is None


def test_work_of_an_earlier_process_does_not_quicken_the_pace(clock):
    bar = Progress("finetune", 100, "steps")
    clock.now += 50
    bar.begin(60)
    assert bar.left is None
    clock.now += 10
    bar.advance(10)
    assert bar.left == pytest.approx(30)


def test_the_time_left_runs_down_between_steps(clock):
    bar = Progress("finetune", 10, "steps")
    clock.now += 100
    bar.advance(1)
    clock.now += 30
    assert bar.left == pytest.approx(870)
    clock.now += 1000
    assert bar.left == 0


def test_control_characters_are_shown_and_not_obeyed():
    bar = Progress("a\x1b[2Jb\nc on gsm8k", 2, "answers")
    bar.advance(1, failed="\x1b]0;title\x07 ‮evil")
    line = bar.line()
    assert line.isprintable()
    assert r"a\x1b[2Jb\nc on gsm8k" in line
    assert r"\u202e" in line
    assert shown("Größe 3 ≤ 4 数") == "Größe 3 ≤ 4 数"


def test_where_there_is_no_terminal_a_line_comes_now_and_then(clock, capsys):
    with progress("critique", 30, "responses") as bar:
        for _ in range(30):
            clock.now += 1
            bar.advance()
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "critique: 10/30 responses  20s left",
        "critique: 20/30 responses  10s left",
        "critique: 30/30 responses  30s",
    ]


@pytest.mark.parametrize(("term", "live"), [("xterm", True), ("dumb", False), ("", False)])
def test_a_dumb_terminal_gets_plain_lines(monkeypatch, term, live):
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert is_live(sys.stderr) is live


def test_a_live_line_never_wraps(clock, capsys, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with progress("数" * 60, 3, "rows") as bar:
        bar.advance()
    drawn = capsys.readouterr().err.split("\x1b[2K")[1].strip("\r")
    assert drawn.endswith("…")
    assert len(drawn) == 40  # of 80 columns, with two for each character


class Watching(Watcher):
    draws = True

    def __init__(self):
        self.told = []

    def opened(self, bar):
        self.told.append(("opened", bar.label))

    def closed(self, bar):
        self.told.append(("closed", bar.label, bar.done))


def give_up(clock):
    with progress("inner") as inner:
        clock.now += 60
        inner.advance(3)
        raise ValueError("given up")


def test_who_draws_is_told_of_all_work_and_nothing_else_is_shown(clock, capsys):
    watching = Watching()
    with watched(watching), progress("outer") as outer:
        with pytest.raises(ValueError, match="given up"):
            give_up(clock)
        outer.advance()
    with progress("later"):
        pass
    assert watching.told == [
        ("opened", "outer"),
        ("opened", "inner"),
        ("closed", "inner", 3),
        ("closed", "outer", 1),
    ]
    assert capsys.readouterr().err == ""


def test_a_file_tells_another_process_at_most_once_a_second(clock, tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(module, "put", lambda path, facts: written.append((path, facts)))
    bar = Progress("finetune", 50, "steps", keep=tmp_path / "progress.json")
    for _ in range(50):
        clock.now += 0.1
        bar.advance(loss="0.5")
    assert 5 <= len(written) <= 6
    assert written[-1][1]["figures"] == {"loss": "0.5"}


def test_a_full_disk_stops_no_work(tmp_path):
    put(tmp_path / "nowhere" / "progress.json", {"done": 1})
    put(tmp_path / "progress.json", {"done": 1})
    assert json.loads((tmp_path / "progress.json").read_text()) == {"done": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["progress.json"]


@pytest.mark.parametrize(
    ("figures", "cost"),
    [({"cost": "$1,204.50"}, 1204.5), ({}, None), ({"cost": "not known"}, None)],
)
def test_the_cost_is_read_from_its_figure(figures, cost):
    bar = Progress("critique", 1, "responses")
    bar.advance(**figures)
    assert bar.cost == cost
