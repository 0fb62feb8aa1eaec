"""A run as it is seen from outside: its board, and whether anybody still works on it."""

import json
import os
import signal
import time
from itertools import pairwise
from pathlib import Path

import pytest

from redink import board as board_module
from redink.board import BOARD, Board
from redink.live import LiveRun, is_locked, thinned
from redink.progress import left_to_others, progress, put, watched
from redink.run import locked
from redink.standing import Standing, read_facts
from tests.forked import forked

STAGES = [("problems", "load"), ("critiques", "critique"), ("cft", "finetune")]


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(board_module, "EVERY_SECONDS", 0.02)


def waited(find, seconds=20.0):
    """What `find` returns once it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = find()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("it never came")


def test_a_board_tells_the_present_stage_and_its_work(tmp_path, quick):
    path = tmp_path / BOARD
    with Board(path, "quickstart", STAGES, {"problems": None}) as board, watched(board):
        board.begin("cft", "cft-12ab")
        with progress("finetune critique", 60, "steps") as bar:
            bar.advance(12, loss="1.234", cost="$0.25")
            facts = waited(lambda: (f := read_facts(path)).get("done") == 12 and f)
            live = LiveRun(tmp_path).now()
        board.end("cft", {"seconds": 3})
    assert facts["pid"] == os.getpid()
    assert facts["recipe"] == "quickstart"
    expected = {
        "stage": "cft", "verb": "finetune", "label": "finetune critique", "done": 12, "total": 60,
        "unit": "steps", "figures": {"loss": "1.234", "cost": "$0.25"}, "stages_done": 1,
        "stages": 3, "money": 0.25,
    }  # fmt: skip
    assert {name: facts[name] for name in expected} == expected
    assert abs(facts["started"] - time.time()) < 60
    assert live == {n: facts[n] for n in (*expected, "left", "started")} | {"losses": []}
    ended = read_facts(path)
    assert (ended["state"], ended["stage"], ended["stages_done"]) == ("done", None, 2)
    assert LiveRun(tmp_path).now() == {"idle": True, "state": "done"}
    assert {found.name for found in tmp_path.iterdir()} == {BOARD}


def test_a_board_is_written_seldom_and_only_with_news(tmp_path, monkeypatch):
    monkeypatch.setattr(board_module, "EVERY_SECONDS", 0.1)
    written = []
    monkeypatch.setattr(board_module, "put", lambda path, facts: written.append(facts))
    with Board(tmp_path / BOARD, "r", STAGES, {}) as board, watched(board):
        board.begin("problems", "problems-1")
        with progress("load", 100_000) as bar:
            end = time.monotonic() + 0.55
            while time.monotonic() < end:
                bar.advance()
            busy = len(written)
            time.sleep(0.25)
            after = len(written)
            time.sleep(0.25)
    assert 2 <= busy <= 7
    assert len(written) - after <= 1  # the last, at the end: nothing was new meanwhile


@pytest.mark.parametrize(
    ("error", "state"), [(ValueError, "failed"), (KeyboardInterrupt, "interrupted")]
)
def test_a_board_says_how_a_run_ended(tmp_path, error, state):
    with pytest.raises(error), Board(tmp_path / BOARD, "r", STAGES, {}):
        raise error
    assert LiveRun(tmp_path).now() == {"idle": True, "state": state}


def test_money_is_of_finished_stages_and_of_the_present_ones_work():
    standing = Standing(STAGES, {"problems": None})
    assert standing.money is None
    standing.begin("critiques", "critiques-1")
    with watched(standing):
        with progress("critique") as bar:
            bar.advance(cost="$0.20")
        with progress("critique") as bar:
            bar.advance(cost="$0.10")
            assert standing.money == pytest.approx(0.3)
    standing.end("critiques", {"cost": 0.304})
    assert standing.money == pytest.approx(0.304)
    standing.end("cft", {})
    assert standing.money == pytest.approx(0.304)


def test_work_of_other_processes_is_read_from_their_file(tmp_path):
    standing = Standing(STAGES, {})
    standing.begin("cft", "cft-1")
    path = tmp_path / "progress.json"
    put(path, {"label": "of a killed run", "done": 1})
    with watched(standing), left_to_others(path):
        assert standing.facts()["label"] is None
        put(path, {"label": "finetune", "done": 3, "total": 9, "unit": "steps", "figures": {}})
        assert (standing.facts()["label"], standing.facts()["done"]) == ("finetune", 3)
    assert standing.facts()["label"] is None
    assert not path.exists()


def work_until_killed(folder: Path) -> None:
    with locked(folder), Board(folder / BOARD, "r", STAGES, {}) as board:
        board.begin("cft", "cft-1")
        time.sleep(60)


def test_a_killed_run_is_told_from_a_working_one(tmp_path):
    process = forked(work_until_killed, tmp_path)
    live = LiveRun(tmp_path)
    waited(lambda: live.now().get("stages") == 3)
    # As seen from another machine or container, the lock alone tells.
    facts = read_facts(tmp_path / BOARD)
    put(tmp_path / BOARD, facts | {"host": "elsewhere"})
    assert "idle" not in live.now()
    put(tmp_path / BOARD, facts)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert live.now() == {"idle": True, "state": "killed"}
    # Another process may have got the number since.
    put(tmp_path / BOARD, facts | {"pid": os.getpid()})
    assert live.now() == {"idle": True, "state": "killed"}


def test_who_looks_keeps_no_run_from_starting(tmp_path):
    with locked(tmp_path):
        assert is_locked(tmp_path / "run.lock")
    for _ in range(50):
        assert not is_locked(tmp_path / "run.lock")
        with locked(tmp_path):
            pass


def test_a_folder_without_a_run_is_idle(tmp_path):
    assert LiveRun(tmp_path).now() == {"idle": True, "state": None}
    (tmp_path / BOARD).write_text("[1, 2")
    assert LiveRun(tmp_path / "nowhere").now() == {"idle": True, "state": None}
    assert LiveRun(tmp_path).now() == {"idle": True, "state": None}


@pytest.fixture
def training(tmp_path):
    """A run folder whose training goes on, and a function that writes its losses."""
    log = tmp_path / "cft-1" / "losses.jsonl"
    log.parent.mkdir()
    with Board(tmp_path / BOARD, "r", STAGES, {}) as board:
        board.begin("cft", "cft-1")
        board._write("working")

        def write(steps, mode="a"):
            with log.open(mode) as stream:
                stream.writelines(
                    json.dumps({"step": step, "loss": 1 / step}) + "\n" for step in steps
                )

        yield tmp_path, write


def test_the_training_curve_grows_and_survives_a_resume(training):
    folder, write = training
    live = LiveRun(folder)
    assert live.now()["losses"] == []
    write([1, 2])
    first = live.now()["losses"]
    assert first == [[1, 1.0], [2, 0.5]]
    with (folder / "cft-1" / "losses.jsonl").open("a") as stream:
        stream.write('{"step": 3, "lo')
        stream.flush()
        assert live.now()["losses"] == first
        stream.write('ss": 0.25}\n')
    assert live.now()["losses"] == [*first, [3, 0.25]]
    write([1, 2], mode="w")
    assert live.now()["losses"] == first
    write([3, 4])
    assert live.now()["losses"] == [*first, [3, 1 / 3], [4, 0.25]]


def test_a_long_curve_is_thinned_out(training):
    folder, write = training
    write(range(1, 5001))
    points = LiveRun(folder).now()["losses"]
    assert len(points) == 500
    assert (points[0][0], points[-1][0]) == (1, 5000)
    steps = [step for step, _ in points]
    gaps = {b - a for a, b in pairwise(steps)}
    assert gaps <= {10, 11}
    assert thinned([[1, 1.0]], 500) == [[1, 1.0]]


def test_a_board_cannot_name_files_outside_the_run(training):
    folder, write = training
    write([1])
    facts = read_facts(folder / BOARD)
    secret = folder.parent / "outside"
    secret.mkdir(exist_ok=True)
    (secret / "losses.jsonl").write_text('{"step": 1, "loss": 9.0}\n')
    live = LiveRun(folder)
    live._losses(facts | {"folder": "../outside"})
    assert live._losses(facts | {"folder": "../outside"}) == []
