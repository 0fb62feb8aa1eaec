"""Killed at any moment, `redink critique` pays for nothing twice and ends as if undisturbed."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.forked import forked, typed

ROOT = Path(__file__).parents[1]
ROWS = 400
KILLS = 10


@pytest.fixture(scope="module")
def server():
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    from benchmarks.endpoint_server import start_server

    with start_server(latency=(0.1, 0.2)) as running:
        yield running


@pytest.fixture(scope="module")
def noisy(tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "noisy.jsonl"
    rows = [
        {"question": f"What is {n} + {n}?", "answer": str(2 * n), "response": f"It is {n + n % 7}."}
        for n in range(1, ROWS + 1)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def arguments(noisy, out, url):
    given = ["critique", noisy, "-o", out, "--teacher", f"endpoint:m@{url}", "--concurrency", 16]
    return list(map(str, given))


def start(noisy, out, url):
    said = out.with_suffix(".said")
    return forked(typed, arguments(noisy, out, url), said, out.with_suffix(".errors"))


def finish(process, out):
    process.join()
    assert process.exitcode == 0, out.with_suffix(".errors").read_text()


def stored(out):
    found = list(out.rglob("*.sqlite"))
    if not found:
        return 0
    with sqlite3.connect(f"file:{found[0]}?mode=ro", uri=True) as journal:
        tables = journal.execute("SELECT name FROM sqlite_master WHERE name = 'completions'")
        if not list(tables):
            return 0
        return journal.execute("SELECT count(*) FROM completions").fetchone()[0]


def tables(out):
    """The table's files, without the sidecar's times."""
    return {path.name: path.read_bytes() for path in sorted(out.rglob("*.parquet"))}


def test_ten_kills_cost_no_finished_request_and_change_no_byte(server, noisy, tmp_path):
    undisturbed, out = tmp_path / "undisturbed", tmp_path / "killed"
    finish(start(noisy, undisturbed, server.url), undisturbed)
    assert server.stats()["requests"] == ROWS
    chance = random.Random(7)
    for _ in range(KILLS):
        before, kept = server.stats()["requests"], stored(out)
        process = start(noisy, out, server.url)
        deadline = time.monotonic() + 30
        while server.stats()["requests"] == before and process.is_alive():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(chance.uniform(0.0, 0.5))
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        time.sleep(0.1)
        assert server.stats()["requests"] - before <= ROWS - kept
        assert stored(out) >= kept
    before, kept = server.stats()["requests"], stored(out)
    assert 0 < kept < ROWS
    finish(start(noisy, out, server.url), out)
    assert server.stats()["requests"] - before == ROWS - kept
    assert tables(out) == tables(undisturbed)
    before = server.stats()["requests"]
    finish(start(noisy, out, server.url), out)
    assert server.stats()["requests"] == before


def test_an_interrupt_is_told_from_a_failure(server, noisy, tmp_path):
    before = server.stats()["requests"]
    command = [sys.executable, "-c", "from redink.cli import main; main()"]
    process = subprocess.Popen(
        [*command, *arguments(noisy, tmp_path / "interrupted", server.url)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    deadline = time.monotonic() + 30
    while server.stats()["requests"] == before:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    said = process.communicate()[1].decode()
    assert process.returncode == 130
    assert "the same command goes on from here" in said
    assert "Traceback" not in said
