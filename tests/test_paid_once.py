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

ROOT = Path(__file__).parents[1]
ROWS = 500
KILLS = 10


@pytest.fixture(scope="module")
def server():
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    from benchmarks.endpoint_server import start_server

    with start_server(latency=(0.2, 0.4)) as running:
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


def start(noisy, out, url):
    command = [sys.executable, "-m", "redink.cli.app", "critique", noisy, "-o", out]
    command = [sys.executable, "-c", "from redink.cli import main; main()", *command[3:]]
    command += ["--teacher", f"endpoint:m@{url}", "--concurrency", "16"]
    return subprocess.Popen(
        list(map(str, command)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )


def finish(process):
    said = process.communicate()[1].decode()
    assert process.returncode == 0, said


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
    finish(start(noisy, undisturbed, server.url))
    assert server.stats()["requests"] == ROWS
    chance = random.Random(7)
    for _ in range(KILLS):
        before, kept = server.stats()["requests"], stored(out)
        process = start(noisy, out, server.url)
        deadline = time.monotonic() + 30
        while server.stats()["requests"] == before and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(chance.uniform(0.0, 1.2))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        time.sleep(0.1)
        assert server.stats()["requests"] - before <= ROWS - kept
        assert stored(out) >= kept
    before, kept = server.stats()["requests"], stored(out)
    assert 0 < kept < ROWS
    finish(start(noisy, out, server.url))
    assert server.stats()["requests"] - before == ROWS - kept
    assert tables(out) == tables(undisturbed)
    before = server.stats()["requests"]
    finish(start(noisy, out, server.url))
    assert server.stats()["requests"] == before


def test_an_interrupt_is_told_from_a_failure(server, noisy, tmp_path):
    before = server.stats()["requests"]
    process = start(noisy, tmp_path / "interrupted", server.url)
    deadline = time.monotonic() + 30
    while server.stats()["requests"] == before:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    said = process.communicate()[1].decode()
    assert process.returncode == 130
    assert "the same command goes on from here" in said
    assert "Traceback" not in said
