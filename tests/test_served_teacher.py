"""A real model behind a real server: from responses to an exported data set."""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from redink.cli import main
from redink.models.embedded import embedded_model
from redink.tables import Table

ROWS = 4
TOKENS = 16


@pytest.fixture(scope="module")
def served():
    """The embedded model behind `transformers serve` on a loopback port: its endpoint name."""
    folder = embedded_model()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [Path(sys.executable).parent / "transformers", "serve", folder, "--device", "cpu"]
    command += ["--host", "127.0.0.1", "--port", port, "--dtype", "bfloat16"]
    process = subprocess.Popen(
        list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 120
        while not answers(port):
            assert process.poll() is None, "transformers serve ended"
            assert time.monotonic() < deadline, "transformers serve did not start"
            time.sleep(0.3)
        yield f"endpoint:{folder}@http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.wait()


def answers(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as reply:
            return reply.status == 200
    except OSError:
        return False


def redink(monkeypatch, *arguments):
    """Runs a command; returns its exit code."""
    monkeypatch.setattr(sys, "argv", ["redink", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code or 0


def test_responses_are_critiqued_audited_exported_and_read_back(served, tmp_path, monkeypatch):
    rows = [
        {
            "question": f"What is {n} + 3?",
            "answer": str(n + 3),
            "response": f"It is {n + 3 + n % 2}",
        }
        for n in range(ROWS)
    ]
    noisy = tmp_path / "noisy.jsonl"
    noisy.write_text("".join(json.dumps(row) + "\n" for row in rows))
    out, data, again = tmp_path / "critiques", tmp_path / "cft.json", tmp_path / "again"
    asked = ("critique", noisy, "-o", out, "--teacher", served, "--max-tokens", TOKENS)
    assert redink(monkeypatch, *asked) == 0
    table = Table.read(out)
    assert len(table) == ROWS
    assert all(row.text and row.prompt_tokens and row.completion_tokens <= TOKENS for row in table)
    assert all((row.verdict is None) == bool(row.why) for row in table)
    assert {table.responses[row.response_id].outcome for row in table} == {"correct", "wrong"}
    assert redink(monkeypatch, "audit", "critiques", out) == 0
    assert redink(monkeypatch, "export", out, "--format", "cft", "-o", data) == 0
    assert redink(monkeypatch, "import", data, "--format", "cft", "-o", again) == 0
    back = Table.read(again)
    assert {row.text for row in back} == {row.text for row in table}
    assert {r.text for r in back.responses.values()} == {r["response"] for r in rows}
