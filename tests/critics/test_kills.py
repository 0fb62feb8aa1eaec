"""Killed at any moment, `redink evaluate-critic` asks for nothing twice and ends the same."""

import os
import random
import signal
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

import redink.engines.transformers as engines
from redink.critics import CriticSettings, evaluate_critic, marked_set
from redink.engines.journal import Journal
from redink.tables import Table
from tests.critics.marked import labels_of
from tests.forked import forked, typed

ROOT = Path(__file__).parents[2]
ROWS = 200
KILLS = 4


@pytest.fixture(scope="module")
def server():
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    from benchmarks.endpoint_server import start_server

    with start_server(latency=(0.1, 0.2)) as running:
        yield running


@pytest.fixture(scope="module")
def labels(tmp_path_factory):
    """Responses that all differ, half of them wrong from their second step on."""
    folder = tmp_path_factory.mktemp("labels")
    labels_of([1 if n % 2 else None for n in range(ROWS)]).write(folder)
    return folder


def stored(journal):
    if not journal.exists():
        return 0
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as opened:
        if not list(opened.execute("SELECT 1 FROM sqlite_master WHERE name = 'completions'")):
            return 0
        return opened.execute("SELECT count(*) FROM completions").fetchone()[0]


class TestBehindAServer:
    def start(self, labels, out, url):
        given = ["evaluate-critic", f"endpoint:m@{url}", "-b", f"mine={labels}", "-o", out]
        given += ["--concurrency", 16]
        said = out.with_suffix(".said")
        return forked(typed, list(map(str, given)), said, out.with_suffix(".errors"))

    def finish(self, process, out):
        process.join()
        assert process.exitcode == 0, out.with_suffix(".errors").read_text()

    def found(self, out):
        """All that it leaves but the journal and the lock."""
        kept = [path for path in sorted(out.rglob("*")) if path.suffix in (".json", ".jsonl")]
        return {path.relative_to(out): path.read_bytes() for path in kept}

    def test_kills_cost_no_finished_request_and_change_no_figure(self, server, labels, tmp_path):
        undisturbed, out = tmp_path / "undisturbed", tmp_path / "killed"
        self.finish(self.start(labels, undisturbed, server.url), undisturbed)
        assert server.stats()["requests"] == ROWS
        journal = out / "completions.sqlite"
        chance = random.Random(7)
        for _ in range(KILLS):
            before, kept = server.stats()["requests"], stored(journal)
            process = self.start(labels, out, server.url)
            deadline = time.monotonic() + 60
            while server.stats()["requests"] == before and process.is_alive():
                assert time.monotonic() < deadline
                time.sleep(0.02)
            time.sleep(chance.uniform(0.1, 0.5))
            process.kill()
            process.join()
            assert process.exitcode == -signal.SIGKILL
            time.sleep(0.1)
            assert server.stats()["requests"] - before <= ROWS - kept
            assert stored(journal) >= kept
            assert not (out / "critics.json").exists()
        before, kept = server.stats()["requests"], stored(journal)
        assert 0 < kept < ROWS
        self.finish(self.start(labels, out, server.url), out)
        assert server.stats()["requests"] - before == ROWS - kept
        assert self.found(out) == self.found(undisturbed)
        assert Path("critics.json") in self.found(out)
        self.finish(self.start(labels, out, server.url), out)
        assert server.stats()["requests"] - before == ROWS - kept


def measured(student, labels, journal, log, out):
    """Measures a critic of this machine, noting what is put into the journal."""
    engines.COMMIT_SECONDS = 0.0
    put = Journal.put
    notes = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def logged(journal, items):
        items = list(items)
        put(journal, items)
        os.write(notes, "".join(f"{key}\n" for key, _ in items).encode())

    Journal.put = logged
    settings = CriticSettings(max_tokens=24, dtype="float32", batch_size=4, journal=journal)
    evaluate_critic([str(student)], [marked_set("mine", Table.read(labels), 40)], settings, out)


def judgements(out):
    (path,) = (out / "judgements").iterdir()
    return path.read_bytes()


def test_a_model_here_goes_on_from_its_journal(tiny_student, labels, tmp_path):
    journal, log, out = tmp_path / "j.sqlite", tmp_path / "log", tmp_path / "out"
    log.touch()
    kills, draw = 0, random.Random(2)
    for _ in range(12):
        before = log.stat().st_size
        process = forked(measured, tiny_student, labels, journal, log, out)
        while process.is_alive() and log.stat().st_size == before:
            time.sleep(0.002)
        if kills < 3:
            time.sleep(draw.random() * 0.02)
            process.kill()
        process.join(120)
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        kills += 1
    assert kills == 3
    kept = log.read_text().split()
    assert len(kept) == len(set(kept))
    assert stored(journal) == 40
    alone = tmp_path / "alone"
    process = forked(measured, tiny_student, labels, alone / "j.sqlite", tmp_path / "l", alone)
    process.join(120)
    assert process.exitcode == 0
    assert judgements(out) == judgements(alone)
