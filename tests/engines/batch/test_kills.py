"""Killed at any moment, the engine batch goes on where it was and pays for nothing twice."""

import random
import signal
import time
from multiprocessing.connection import wait

import pytest

from redink.engines.batch import campaign
from redink.engines.batch.engine import BatchEngine
from redink.engines.batch.requests import Limits, requests_for
from redink.engines.engine import Completion, Conversation, Sampling
from redink.engines.journal import Journal
from redink.records import Message
from tests.engines.batch.batch_server import BatchServer
from tests.forked import forked

SAMPLING = Sampling(temperature=0.3, max_tokens=50, seed=1)
ASKED = [Conversation(f"c{n}", (Message("user", f"q{n}"),)) for n in range(20)]
FAST = {"poll": 0.02, "longest_poll": 0.02, "limits": Limits(requests=7)}


@pytest.fixture
def server():
    with BatchServer() as running:
        yield running


def ask(url, journal, said):
    """Completes all, and writes down whose result came."""
    campaign.ORPHAN_SECONDS = 0.3
    engine = BatchEngine(f"batch:m@{url}", journal=journal, report=str, **FAST)
    with said.open("w") as file:
        for result in engine.complete(ASKED, SAMPLING):
            file.write(f"{result.id}\n")


def start(server, journal):
    return forked(ask, server.url, journal, journal.parent / "said")


def finish(server, journal):
    """The results of a last process that nobody disturbs."""
    server.before_reply = lambda what, number: None
    process = start(server, journal)
    process.join(60)
    assert process.exitcode == 0
    return (journal.parent / "said").read_text().split()


def check_all_is_there_and_paid_once(server, journal):
    keys = list(requests_for(ASKED, SAMPLING, model="m"))
    assert server.asked == dict.fromkeys(keys, 1)
    with Journal(journal) as opened:
        assert len(opened.get(keys)) == len(ASKED)
        assert opened.read("SELECT count(*) FROM batch_requests") == [(0,)]
    assert [path.name for path in journal.parent.iterdir() if "-batch-" in path.name] == []


@pytest.mark.parametrize(
    ("what", "number"),
    [(what, n) for what in ("upload", "create", "look", "content") for n in (1, 2)],
)
def test_a_kill_before_a_reply_arrives(server, tmp_path, what, number):
    journal = tmp_path / "j.sqlite"
    running = []

    def kill(done, count):
        if (done, count) == (what, number):
            running[0].kill()
            wait([running[0].sentinel])

    server.before_reply = kill
    running.append(start(server, journal))
    running[0].join(60)
    assert running[0].exitcode == -signal.SIGKILL
    assert sorted(finish(server, journal)) == sorted(c.id for c in ASKED)
    check_all_is_there_and_paid_once(server, journal)


def test_a_batch_that_appears_late_in_the_list_is_found(server, tmp_path):
    """As where a list is a moment behind what was made."""
    journal, made = tmp_path / "j.sqlite", {}
    running = []

    def kill(done, count):
        if (done, count) == ("create", 1):
            made["at"] = time.monotonic()
            running[0].kill()
            wait([running[0].sentinel])

    server.hidden_from_list = lambda batch: server.seen["list"] < 3
    server.before_reply = kill
    running.append(start(server, journal))
    running[0].join(60)
    with Journal(journal) as opened, opened.transaction() as connection:
        connection.execute("UPDATE batches SET changed_at = ?", (time.time() + 5,))
    finish(server, journal)
    assert server.seen["list"] >= 3
    check_all_is_there_and_paid_once(server, journal)


def test_ten_kills_at_random_moments(server, tmp_path):
    journal, draw, kills = tmp_path / "j.sqlite", random.Random(4), 0
    server.before_reply = lambda what, number: time.sleep(0.02)
    server.looks = 12
    for _ in range(10):
        asked = sum(server.seen.values())
        process = start(server, journal)
        while process.is_alive() and sum(server.seen.values()) == asked:
            time.sleep(0.002)
        time.sleep(draw.random() * 0.25)
        process.kill()
        process.join()
        kills += process.exitcode == -signal.SIGKILL
    assert kills == 10
    assert len(finish(server, journal)) == len(ASKED)
    check_all_is_there_and_paid_once(server, journal)


def test_a_table_after_kills_equals_that_of_an_undisturbed_run(server, tmp_path):
    undisturbed = BatchEngine(
        f"batch:m@{server.url}", journal=tmp_path / "other.sqlite", report=str, **FAST
    )
    expected = list(undisturbed.complete(ASKED, SAMPLING))
    process = start(server, tmp_path / "j.sqlite")
    time.sleep(0.15)
    process.kill()
    process.join()
    again = BatchEngine(f"batch:m@{server.url}", journal=tmp_path / "j.sqlite", report=str, **FAST)
    found = list(again.complete(ASKED, SAMPLING))
    assert all(isinstance(result, Completion) for result in found)
    assert sorted(found, key=str) == sorted(expected, key=str)
