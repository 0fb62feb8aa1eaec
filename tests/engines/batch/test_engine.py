"""The engine batch: what is asked, what comes back, what is asked again, over real HTTP."""

from collections import Counter

import pytest

from redink.engines.batch import Limits, api, campaign
from redink.engines.batch.engine import BatchEngine, is_batch
from redink.engines.batch.requests import requests_for
from redink.engines.budget import Budget
from redink.engines.engine import Completion, Conversation, Failure, Sampling
from redink.engines.journal import Journal
from redink.engines.prices import Price
from redink.errors import BudgetError, ModelError, RunBusyError, StorageError, UsageError
from redink.records import Message
from tests.engines.batch.batch_server import BatchServer, answered, failed, unanswered

SAMPLING = Sampling(temperature=0.3, top_p=0.95, max_tokens=50, seed=1)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(api, "LONGEST_WAIT", 0.01)
    monkeypatch.setattr(campaign, "ORPHAN_SECONDS", 0.2)


@pytest.fixture
def server():
    with BatchServer() as running:
        yield running


@pytest.fixture
def opened(server, tmp_path):
    """Opens an engine on the test's server and journal."""
    engines = []

    def open_one(**options):
        path, shown = tmp_path / "j.sqlite", []
        fast = {"poll": 0.01, "longest_poll": 0.02, "journal": path, "report": shown.append}
        engines.append(BatchEngine(f"batch:org/m@v1@{server.url}", **fast | options))
        engines[-1].shown = shown
        return engines[-1]

    yield open_one
    for engine in engines:
        engine.close()


def ask(count, start=0):
    return [Conversation(f"c{n}", (Message("user", f"q{n}"),)) for n in range(start, count)]


def texts(results):
    return sorted((r.id, r.sample, r.text) for r in results if isinstance(r, Completion))


def keys_of(conversations, sampling=SAMPLING):
    return list(requests_for(conversations, sampling, model="org/m@v1"))


def test_every_sample_comes_back_under_its_id_and_is_asked_for_once(server, opened):
    sampling = Sampling(temperature=1.0, max_tokens=50, samples=2)
    twins = [*ask(3), Conversation("twin", (Message("user", "q0"),))]
    results = list(opened().complete(twins, sampling))
    assert texts(results) == sorted(
        (c.id, s, f"reply to {c.messages[0].content}") for c in twins for s in range(2)
    )
    assert len(server.asked) == 6
    assert set(server.asked.values()) == {1}
    assert results[0].prompt_tokens == 7
    assert texts(opened().complete(twins, sampling)) == texts(results)
    assert len(server.batches) == 1


def test_requests_beyond_the_limits_go_into_several_files(server, opened):
    results = list(opened(limits=Limits(requests=4)).complete(ask(10), SAMPLING))
    assert len(texts(results)) == 10
    assert [len(batch["lines"]) for batch in server.batches.values()] == [4, 4, 2]
    server.files.clear()
    small = opened(limits=Limits(size=700))
    assert len(texts(small.complete(ask(30, 10), SAMPLING))) == 20
    assert all(len(data) <= 700 for n, data in server.files.items() if b'"method"' in data)


def test_only_what_expired_is_asked_again(server, opened):
    rounds = Counter()

    def end(batch):
        rounds["n"] += 1
        return "expired" if rounds["n"] == 1 else "completed"

    def row(key, body):
        text = body["messages"][0]["content"]
        if rounds["n"] > 1 or text in ("q0", "q1"):
            return answered(key, text)
        return unanswered(key, "batch_expired") if text == "q2" else None

    server.end, server.row = end, row
    results = list(opened().complete(ask(6), SAMPLING))
    assert texts(results) == [(f"c{n}", 0, f"q{n}") for n in range(6)]
    first, second = [
        {line["body"]["messages"][0]["content"] for line in batch["lines"]}
        for batch in server.batches.values()
    ]
    assert (len(first), second) == (6, {"q2", "q3", "q4", "q5"})


def test_failed_rows_are_asked_again_so_often_and_refused_ones_never(server, opened, tmp_path):
    tries = Counter()

    def row(key, body):
        text = body["messages"][0]["content"]
        tries[text] += 1
        if text == "q0":
            return failed(key, 400, "the prompt is too long")
        if text == "q1" or (text == "q2" and tries[text] == 1):
            return failed(key, 500, "server error")
        return answered(key, text)

    server.row = row
    results = list(opened(tries=3).complete(ask(4), SAMPLING))
    assert texts(results) == [("c2", 0, "q2"), ("c3", 0, "q3")]
    reasons = {r.id: r.reason for r in results if isinstance(r, Failure)}
    assert reasons == {
        "c0": "400: the prompt is too long",
        "c1": "500: server error (tried 3 times)",
    }
    assert tries == {"q0": 1, "q1": 3, "q2": 2, "q3": 1}
    with Journal(tmp_path / "j.sqlite") as journal:
        assert len(journal.failures(keys_of(ask(4)))) == 2
    server.row = lambda key, body: answered(key, "at last")
    assert texts(opened().complete(ask(2), SAMPLING)) == [
        ("c0", 0, "at last"), ("c1", 0, "at last")
    ]  # fmt: skip


def test_a_token_limit_under_its_other_name_is_learnt(server, opened):
    def row(key, body):
        if "max_completion_tokens" in body:
            return answered(key, "ok")
        return failed(key, 400, "'max_tokens' is not supported, use 'max_completion_tokens'")

    server.row = row
    assert len(texts(opened().complete(ask(3), SAMPLING))) == 3
    assert server.limit_fields == {"max_tokens": 3, "max_completion_tokens": 3}


def test_a_refused_batch_is_an_error_that_says_why(server, opened):
    server.refuse = lambda lines: ("invalid_json_line", "line 1 is no JSON")
    with pytest.raises(ModelError, match=r"batch_0 was refused \(line 1 is no JSON\)"):
        list(opened().complete(ask(2), SAMPLING))
    server.refuse = lambda lines: None
    assert len(texts(opened().complete(ask(2), SAMPLING))) == 2


def test_too_many_waiting_tokens_make_smaller_batches_one_after_the_other(server, opened):
    def refuse(lines):
        under_way = [
            b for b in server.batches.values() if b["status"] in ("validating", "in_progress")
        ]
        running = sum(len(b["lines"]) for b in under_way if not b["refused"])
        return ("token_limit_exceeded", "too much") if running + len(lines) > 5 else None

    server.refuse = refuse
    results = list(opened(limits=Limits(requests=8)).complete(ask(16), SAMPLING))
    assert len(texts(results)) == 16
    assert set(server.asked.values()) == {1}


def test_cancelling_stops_and_keeps_what_was_answered(server, opened):
    server.looks = 10**9
    server.row = lambda key, body: (
        answered(key, "in time") if body["messages"][0]["content"] == "q0"
        else unanswered(key, "batch_cancelled")
    )  # fmt: skip
    engine, other = opened(), opened()

    def cancel_once(what, number):
        if what == "look" and number == 2:
            assert other.cancel() == 1

    server.before_reply = cancel_once
    results = list(engine.complete(ask(3), SAMPLING))
    assert texts(results) == [("c0", 0, "in time")]
    assert len([r for r in results if isinstance(r, Failure)]) == 2
    assert len(server.batches) == 1
    server.looks, server.row = 1, lambda key, body: answered(key, "now")
    assert len(texts(opened().complete(ask(3), SAMPLING))) == 3
    assert sorted(server.asked.values()) == [1, 2, 2]


def test_passing_troubles_are_waited_out(server, opened):
    troubles = {("upload", 1): 503, ("look", 1): 500, ("create", 1): 429, ("content", 1): 502}
    server.status = lambda what, number: troubles.get((what, number), 200)
    server.torn_downloads = 1
    assert len(texts(opened().complete(ask(5), SAMPLING))) == 5
    assert set(server.asked.values()) == {1}


@pytest.mark.parametrize("status", [500, 0])
def test_a_lost_reply_to_making_a_batch_makes_no_second_one(server, opened, status):
    if status:
        made = server._create

        async def make_and_fail(request):
            reply = await made(request)
            if server.seen["create"] == 1:
                reply.set_status(500)
            return reply

        server._create = make_and_fail
        server.__exit__()
        server.__enter__()
    else:
        server.status = lambda what, number: 0 if (what, number) == ("create", 1) else 200
    assert len(texts(opened().complete(ask(5), SAMPLING))) == 5
    assert len(server.batches) == 1


def test_a_batch_that_was_not_made_is_made_again(server, opened):
    server.status = lambda what, number: 500 if (what, number) == ("create", 1) else 200
    assert len(texts(opened().complete(ask(5), SAMPLING))) == 5
    assert len(server.batches) == 1


def test_where_nobody_can_tell_whether_a_batch_was_made_nothing_is_sent_again(server, opened):
    server.lists = False
    server.status = lambda what, number: 0 if (what, number) == ("create", 1) else 200
    for _ in range(2):
        with pytest.raises(ModelError, match="Batch API cannot be used"):
            list(opened().complete(ask(2), SAMPLING))
    server.lists = True
    assert len(texts(opened().complete(ask(2), SAMPLING))) == 2
    assert len(server.batches) == 1


def test_an_output_file_without_some_rows_is_read_again_before_anything_is_paid_twice(
    server, opened
):
    whole = {}

    def hide(what, number):
        for batch in server.batches.values():
            name = batch["output_file_id"]
            if name and name not in whole:
                whole[name] = server.files[name]
                server.files[name] = b"".join(whole[name].splitlines(keepends=True)[:2])
        if what == "content" and number == 1:
            server.files.update(whole)

    server.before_reply = hide
    assert len(texts(opened().complete(ask(5), SAMPLING))) == 5
    assert set(server.asked.values()) == {1}


def test_the_budget_holds_back_what_it_has_no_room_for(server, opened):
    budget = Budget(Price(0.0, 2e6 / 50), max_cost=2.0)
    engine = opened(budget=budget)
    assert len(texts(engine.complete(ask(1), SAMPLING))) == 1
    assert engine._budget.cost == pytest.approx(3 / 50)
    server.row = lambda key, body: answered(key, "x")
    with pytest.raises(BudgetError):
        list(engine.complete(ask(100), SAMPLING))
    assert 10 < sum(server.asked.values()) < 100


def test_keys_come_from_the_environment_and_are_shown_nowhere(server, opened, monkeypatch):
    server.key = "sk-secret-0123456789"
    monkeypatch.setenv("BATCH_KEY", server.key)
    assert len(texts(opened(key_env="BATCH_KEY").complete(ask(1), SAMPLING))) == 1
    server.refuse = lambda lines: ("bad", f"the key {server.key} may not")
    with pytest.raises(ModelError, match="may not") as error:
        list(opened(key_env="BATCH_KEY").complete(ask(2), SAMPLING))
    assert server.key not in str(error.value)


def test_a_redirect_is_not_followed(server, opened):
    server.status = lambda what, number: 302 if what == "content" else 200
    with pytest.raises(ModelError, match="redirect"):
        list(opened().complete(ask(1), SAMPLING))
    server.status = lambda what, number: 200
    assert len(texts(opened().complete(ask(1), SAMPLING))) == 1
    assert len(server.batches) == 1


def test_ctrl_c_leaves_the_batches_and_says_how_to_go_on(server, opened, monkeypatch):
    def interrupt(seconds):
        raise KeyboardInterrupt

    engine = opened()
    with monkeypatch.context() as patch:
        patch.setattr(campaign.time, "sleep", interrupt)
        with pytest.raises(KeyboardInterrupt):
            list(engine.complete(ask(2), SAMPLING))
    assert "run the same command again" in engine.shown[-1]
    assert "--cancel-batches" in engine.shown[-1]
    assert len(texts(opened().complete(ask(2), SAMPLING))) == 2
    assert len(server.batches) == 1


def test_two_processes_do_not_wait_for_the_same_batches(opened):
    waiting = opened().complete(ask(2), SAMPLING)
    next(waiting)
    with pytest.raises(RunBusyError, match="another process waits"):
        list(opened().complete(ask(4), SAMPLING))
    waiting.close()
    assert len(texts(opened().complete(ask(4), SAMPLING))) == 4


def test_batches_of_other_work_in_the_same_journal_are_left_alone(server, opened):
    server.looks = 10**9
    first = opened()
    server.before_reply = lambda what, number: what == "look" and (_ for _ in ()).throw(OSError)
    with pytest.raises(ModelError):
        list(first.complete(ask(2), SAMPLING))
    server.before_reply, server.looks = lambda what, number: None, 1
    assert len(texts(opened().complete(ask(4, 2), SAMPLING))) == 2
    assert server.batches["batch_0"]["status"] == "in_progress"
    assert len(texts(opened().complete(ask(4), SAMPLING))) == 4
    assert set(server.asked.values()) == {1}


def test_wrong_settings_are_usage_errors(tmp_path):
    with pytest.raises(UsageError, match="journal"):
        BatchEngine("batch:m@http://127.0.0.1:1/v1")
    with pytest.raises(UsageError, match="poll"):
        BatchEngine("batch:m@http://127.0.0.1:1/v1", journal=tmp_path / "j", poll=0)
    with pytest.raises(UsageError):
        BatchEngine("batch:m", journal=tmp_path / "j")
    assert is_batch("batch:m@http://h/v1")
    assert not is_batch("endpoint:m@http://h/v1")


def test_a_full_disk_while_results_are_fetched_loses_no_batch(server, opened, monkeypatch):
    def full(stream, piece, target):
        raise api._unwritable(target, OSError(28, "No space left on device"))

    engine = opened()
    with monkeypatch.context() as patch:
        patch.setattr(api, "_write", full)
        with pytest.raises(StorageError, match="No space left"):
            list(engine.complete(ask(2), SAMPLING))
    assert len(texts(opened().complete(ask(2), SAMPLING))) == 2
    assert len(server.batches) == 1
