"""Completions are kept as they arrive, asked for once, and come under their callers' ids."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from redink.engines.budget import Budget
from redink.engines.endpoint.engine import EndpointEngine
from redink.engines.engine import Completion, Conversation, Sampling
from redink.engines.journal import Journal
from redink.engines.opening import open_engine
from redink.engines.prices import Price
from redink.errors import BudgetError, DataError, StorageError, UsageError
from redink.records import Message

from .conftest import ROOT, SAMPLING, collected, conversations, reply


def test_every_completion_comes_with_its_counts_and_seconds(server, engine):
    running = server(latency=(0.05, 0.05))
    results = list(engine(running.url).complete(conversations(20), SAMPLING))
    assert len({r.text for r in results}) == 20
    for result in results:
        assert isinstance(result, Completion)
        assert result.finish == "stop"
        assert result.prompt_tokens > 10
        assert result.completion_tokens > 100
        assert 0.04 < result.seconds < 5


def test_finished_rows_are_never_sent_again(server, engine, tmp_path):
    running = server()
    path = tmp_path / "j.sqlite"
    rows = conversations(120)
    first = list(engine(running.url, journal=path).complete(rows[:80], SAMPLING))
    again = list(engine(running.url, journal=path).complete(rows, SAMPLING))
    assert running.stats()["requests"] == 120
    assert {(r.id, r.text) for r in first} < {(r.id, r.text) for r in again}
    other = Sampling(temperature=0.3, top_p=0.95, max_tokens=101)
    list(engine(running.url, journal=path).complete(rows[:3], other))
    assert running.stats()["requests"] == 123


def test_equal_requests_are_sent_once_under_all_ids(server, engine):
    running = server()
    same = (Message("user", "the same"),)
    rows = [Conversation(f"row{n}", same) for n in range(10)]
    results = list(engine(running.url).complete(rows, SAMPLING))
    assert sorted(r.id for r in results) == sorted(row.id for row in rows)
    assert len({r.text for r in results}) == 1
    assert running.stats()["requests"] == 1


def test_callers_in_several_threads_share_what_is_under_way(server, engine, tmp_path):
    running = server(latency=(0.05, 0.3))
    opened = engine(running.url, journal=tmp_path / "j.sqlite")
    rows = conversations(60)
    with ThreadPoolExecutor(6) as pool:
        parts = list(
            pool.map(lambda n: list(opened.complete(rows[n : 50 + n], SAMPLING)), range(0, 12, 2))
        )
    assert all(len({r.id for r in part}) == 50 for part in parts)
    assert running.stats()["requests"] == 60


def test_samples_are_requests_of_their_own_and_greedy_ones_are_one(scripted, engine):
    served = scripted(lambda n, *_: reply(f"reply {n}"))
    drawn = Sampling(temperature=0.7, samples=4, seed=5)
    results = list(engine(served.url).complete(conversations(2), drawn))
    assert sorted({(r.id, r.sample) for r in results}) == [
        (f"row{n}", k) for n in range(2) for k in range(4)
    ]
    seeds = [body["seed"] for _, body, _ in served.requests]
    assert len(served.requests) == 8
    assert len(set(seeds)) == 4
    list(engine(served.url).complete(conversations(2), Sampling(samples=4)))
    assert len(served.requests) == 10


def test_finish_reasons_refusals_and_thoughts(scripted, engine):
    replies = {
        "row0": reply("cut", "length"),
        "row1": reply(None, "content_filter"),
        "row2": reply(None, message={"refusal": "I will not."}),
        "row3": reply(None, "length", message={"reasoning_content": "hm"}),
        "row4": reply("2", message={"reasoning_content": "1 + 1"}),
        "row5": reply([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]),
        "row6": reply("yes\n[END] and more"),
        "row7": json.dumps(reply("half \\ud83d")).replace("\\\\", "\\").encode(),
    }

    def answer(number, body, headers):
        found = replies[body["messages"][0]["content"]]
        return (200, found, {}) if isinstance(found, bytes) else found

    rows = [Conversation(name, (Message("user", name),)) for name in replies]
    sampling = Sampling(stop=("[END]",))
    found = engine(scripted(answer).url).complete(rows, sampling)
    assert {r.id: (r.text, r.finish) for r in found} == {
        "row0": ("cut", "length"),
        "row1": ("", "filter"),
        "row2": ("I will not.", "filter"),
        "row3": ("", "length"),
        "row4": ("2", "stop"),
        "row5": ("ab", "stop"),
        "row6": ("yes\n", "stop"),
        "row7": ("half ?", "stop"),
    }


def test_tokens_are_counted_by_length_where_there_is_no_usage(server, engine):
    opened = engine(server(usage=False).url)
    (result,) = opened.complete(conversations(1), SAMPLING)
    assert result.completion_tokens == pytest.approx(len(result.text) / 3.5, abs=1)
    assert opened.status()["counted by length"] == "1"


def test_a_raw_text_goes_to_the_completions_of_old(scripted, engine):
    served = scripted(lambda *_: {"choices": [{"text": " 4", "finish_reason": "length"}]})
    (result,) = engine(served.url).complete([Conversation("a", (), raw="2 + 2 =")], SAMPLING)
    assert (result.text, result.finish) == (" 4", "length")
    ((path, body, _),) = served.requests
    assert path == "/v1/completions"
    assert body["prompt"] == "2 + 2 ="


def test_extra_fields_are_sent_and_none_removes_one(scripted, engine):
    served = scripted(lambda *_: reply())
    extra = {"reasoning_effort": "low", "temperature": None}
    list(engine(served.url, extra=extra).complete(conversations(1), SAMPLING))
    ((_, body, _),) = served.requests
    assert body["reasoning_effort"] == "low"
    assert "temperature" not in body
    with pytest.raises(UsageError, match="stream"):
        engine(served.url, extra={"stream": True})


KILLED = """
import sys
from pathlib import Path
from redink.engines.endpoint.engine import EndpointEngine
from tests.engines.endpoint.conftest import SAMPLING, conversations
engine = EndpointEngine(f"endpoint:m@{sys.argv[1]}", journal=Path(sys.argv[2]), concurrency=40)
for number, result in enumerate(engine.complete(conversations(300), SAMPLING)):
    print(number, flush=True)
"""


@pytest.mark.parametrize("yielded", [1, 60, 220])
def test_what_was_yielded_survives_kill_9(server, engine, tmp_path, yielded):
    running = server(latency=(0.02, 0.2))
    path = tmp_path / "j.sqlite"
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, running.url, str(path)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": ROOT},
        text=True,
    )
    for _ in range(yielded):
        child.stdout.readline()
    child.kill()
    child.communicate()
    in_flight_at_most = 40
    before = running.stats()
    found = list(engine(running.url, journal=path).complete(conversations(300), SAMPLING))
    assert sorted(r.id for r in found) == sorted(row.id for row in conversations(300))
    after = running.stats()
    assert after["requests"] - before["requests"] <= 300 - yielded
    assert after["sent_again_after_success"] <= in_flight_at_most


def test_ctrl_c_ends_at_once_and_keeps_what_arrived(server, tmp_path):
    running = server(latency=(0.05, 20.0))
    path = tmp_path / "j.sqlite"
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, running.url, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": ROOT},
        text=True,
    )
    child.stdout.readline()
    started = time.monotonic()
    child.send_signal(signal.SIGINT)
    yielded = 1 + len(child.communicate(timeout=10)[0].splitlines())
    assert time.monotonic() - started < 3
    assert child.returncode
    with Journal(path) as journal:
        assert journal.usage().completions >= yielded


def test_a_caller_who_stops_early_has_nothing_new_sent(server, engine, tmp_path):
    running = server(latency=(0.2, 0.3))
    path = tmp_path / "j.sqlite"
    opened = engine(running.url, journal=path, concurrency=8)
    results = opened.complete(conversations(200), SAMPLING)
    next(results)
    results.close()
    time.sleep(0.6)
    sent = running.stats()["requests"]
    assert sent <= 24
    with Journal(path) as journal:
        assert journal.usage().completions == sent


def test_a_closed_engine_may_be_used_again(server, engine):
    opened = engine(server().url)
    assert len(list(opened.complete(conversations(3), SAMPLING))) == 3
    opened.close()
    assert len(list(opened.complete(conversations(5), SAMPLING))) == 5


def test_a_caller_may_be_in_an_event_loop_of_its_own(server, engine):
    opened = engine(server().url)

    async def caller():
        return list(opened.complete(conversations(3), SAMPLING))

    assert len(asyncio.run(caller())) == 3


def test_closing_ends_a_caller_who_still_waits(server, engine):
    opened = engine(server(hang_share=1.0).url)
    closing = threading.Timer(0.3, opened.close, (0.0,))
    closing.start()
    results, error = collected(opened.complete(conversations(3), SAMPLING))
    closing.join()
    assert results == []
    assert "was closed" in str(error)


def test_a_failing_row_is_not_sent_again_while_the_engine_closes(server, engine):
    running = server(latency=(0.1, 0.1), broken_share=1.0)
    opened = engine(running.url, concurrency=4)
    results = opened.complete(conversations(50), SAMPLING)
    waiting = threading.Thread(target=collected, args=(results,), daemon=True)
    waiting.start()
    time.sleep(0.05)
    opened.close()
    waiting.join(5)
    assert running.stats()["requests"] <= 8


def test_threads_end_with_the_engine(server):
    before = threading.active_count()
    opened = EndpointEngine(f"endpoint:m@{server().url}")
    list(opened.complete(conversations(3), SAMPLING))
    assert threading.active_count() > before
    del opened
    assert threading.active_count() == before


def test_a_journal_that_cannot_be_written_stops_everything(server, engine, tmp_path, monkeypatch):
    def full(self, items, model=""):
        raise StorageError("disk full")

    running = server(latency=(0.05, 0.1))
    opened = engine(running.url, journal=tmp_path / "j.sqlite", concurrency=8)
    monkeypatch.setattr(Journal, "put", full)
    results, error = collected(opened.complete(conversations(200), SAMPLING))
    assert results == []
    assert isinstance(error, StorageError)
    assert running.stats()["requests"] < 60
    monkeypatch.undo()
    assert len(list(opened.complete(conversations(4), SAMPLING))) == 4


def test_the_budget_is_kept_and_what_it_bought_too(server, engine, tmp_path):
    running = server(latency=(0.01, 0.05))
    path = tmp_path / "j.sqlite"
    rows = conversations(400)
    price = Price(1.0, 10.0)
    budget = Budget(price, max_cost=0.4)
    results, error = collected(
        engine(running.url, journal=path, budget=budget).complete(rows, SAMPLING)
    )
    assert isinstance(error, BudgetError)
    assert "$0.3" in str(error) or "$0.4" in str(error)
    spent = sum(price.cost(r.prompt_tokens, r.completion_tokens) for r in results)
    assert budget.cost == pytest.approx(spent)
    assert 0.36 < spent <= 0.4
    assert running.stats()["requests"] == len(results) < 400
    rest = list(engine(running.url, journal=path).complete(rows, SAMPLING))
    assert len(rest) == running.stats()["requests"] == 400


def test_a_limit_of_tokens_is_kept(server, engine):
    budget = Budget(max_tokens=20_000)
    results, error = collected(
        engine(server().url, budget=budget).complete(conversations(300), SAMPLING)
    )
    assert isinstance(error, BudgetError)
    assert 18_000 < budget.tokens <= 20_000
    assert budget.tokens == sum(r.prompt_tokens + r.completion_tokens for r in results)


def test_requests_a_minute_are_capped(server, engine):
    running = server()
    started = time.monotonic()
    list(engine(running.url, rpm=1800).complete(conversations(31), SAMPLING))
    assert 0.75 < time.monotonic() - started < 2.5


def test_rate_headers_are_heeded(server, engine):
    running = server(rpm=1800, burst=10)
    list(engine(running.url).complete(conversations(60), SAMPLING))
    stats = running.stats()
    assert stats["requests"] < 100
    assert stats["answered"] == 60


def test_text_that_is_no_unicode_names_its_row(engine):
    broken = Conversation("row7", (Message("user", "\ud800"),))
    with pytest.raises(DataError, match="row7"):
        list(engine("http://127.0.0.1:9/v1").complete([broken], SAMPLING))


def test_names_open_the_engine():
    opened = open_engine("endpoint:a/b@c@http://127.0.0.1:1/v1", dtype="bfloat16", batch_size=None)
    assert opened.name == "endpoint:a/b@c"
    with pytest.raises(UsageError, match="concurrency"):
        open_engine("endpoint:m@http://127.0.0.1:1/v1", patience=3)
    with pytest.raises(UsageError, match="leave engine out"):
        open_engine("endpoint:m@http://127.0.0.1:1/v1", engine="vllm")


@pytest.mark.parametrize(
    "options", [{"concurrency": 0}, {"timeout": 0}, {"rpm": -1}, {"tpm": 0}, {"tries": 0}]
)
def test_impossible_settings_are_refused(options):
    with pytest.raises(UsageError, match=next(iter(options))):
        EndpointEngine("endpoint:m@http://127.0.0.1:1/v1", **options)
