"""Whatever a server does, every row is accounted for and nothing is sent again after success."""

import time
from itertools import pairwise
from threading import Timer

import pytest

from redink.engines.engine import Completion, Failure
from redink.errors import ModelError

from .conftest import SAMPLING, collected, conversations, reply

MIXED = {
    "limited_share": 0.1,
    "retry_after": 0.2,
    "broken_share": 0.05,
    "drip_share": 0.05,
    "drip_seconds": 0.3,
    "cut_share": 0.05,
    "drop_share": 0.05,
    "wrong_json_share": 0.05,
    "empty_choices_share": 0.05,
    "null_content_share": 0.05,
    "bad_request_share": 0.05,
}


def test_rows_survive_all_faults_at_once(server, engine, tmp_path):
    running = server(latency=(0.0, 0.05), **MIXED)
    rows = conversations(400)
    opened = engine(running.url, journal=tmp_path / "j.sqlite", tries=12)
    results = list(opened.complete(rows, SAMPLING))
    assert sorted(r.id for r in results) == sorted(row.id for row in rows)
    failures = [r for r in results if isinstance(r, Failure)]
    assert 5 <= len(failures) <= 40
    assert all(failure.reason.startswith("400: ") for failure in failures)
    stats = running.stats()
    assert stats["sent_again_after_success"] == 0
    assert stats["bodies_answered"] == 400 - len(failures)
    assert {"limited", "broken", "cut", "drop", "wrong_json"} <= set(stats["by_fault"])


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("broken", "500: "),
        ("cut", "the reply was cut off"),
        ("drop", "the connection broke"),
        ("wrong_json", "the reply is not JSON"),
        ("empty_choices", "the reply has no choices"),
        ("null_content", "the reply has no content"),
    ],
)
def test_what_fails_every_time_is_a_failure_after_so_many_tries(
    server, engine, tmp_path, fault, said
):
    running = server(**{f"{fault}_share": 1.0})
    opened = engine(running.url, journal=tmp_path / "j.sqlite", tries=3)
    results = list(opened.complete(conversations(4), SAMPLING))
    assert [type(r) for r in results] == [Failure] * 4
    assert all(r.reason.startswith(said) and r.reason.endswith("(3 tries)") for r in results)
    assert running.stats()["requests"] == 12


@pytest.mark.parametrize("fault", ["hang", "drip"])
def test_a_request_has_so_many_seconds_slow_drips_included(server, engine, fault):
    running = server(**{f"{fault}_share": 1.0}, drip_seconds=30.0)
    opened = engine(running.url, timeout=0.3, tries=2)
    started = time.monotonic()
    (result,) = opened.complete(conversations(1), SAMPLING)
    assert result.reason == "no whole answer within 0.3 s (2 tries)"
    assert time.monotonic() - started < 3


def test_failures_are_noted_and_asked_for_again(server, engine, tmp_path):
    rows = conversations(3)
    path = tmp_path / "j.sqlite"
    broken = engine(server(broken_share=1.0).url, journal=path, tries=1)
    assert {type(r) for r in broken.complete(rows, SAMPLING)} == {Failure}
    mended = server()
    assert {type(r) for r in engine(mended.url, journal=path).complete(rows, SAMPLING)} == {
        Completion
    }
    assert mended.stats()["requests"] == 3


def test_429_is_no_failed_try_and_its_wait_is_kept(scripted, engine):
    times = []

    def answer(number, body, headers):
        times.append(time.monotonic())
        return reply() if number == 3 else (429, {}, {"Retry-After": "0.3"})

    opened = engine(scripted(answer).url, tries=1)
    (result,) = opened.complete(conversations(1), SAMPLING)
    assert isinstance(result, Completion)
    assert all(late - early >= 0.3 for early, late in pairwise(times))
    assert opened.status()["429"] == "3"


def test_fresh_rows_go_on_while_one_waits(scripted, engine):
    def answer(number, body, headers):
        if number == 0:
            return 429, {}, {"retry-after-ms": "600"}
        return reply(body["messages"][0]["content"])

    opened = engine(scripted(answer).url, concurrency=1)
    results = list(opened.complete(conversations(20), SAMPLING))
    assert results[-1].id == "row0"
    assert len(results) == 20


@pytest.mark.parametrize(
    ("status", "said"), [(401, "check the key"), (403, "check the key"), (404, "/v1")]
)
def test_a_refused_key_or_an_unknown_model_stops_everything(scripted, engine, status, said):
    served = scripted(lambda *_: (status, {"error": {"message": "no"}}, {}))
    opened = engine(served.url, concurrency=8)
    with pytest.raises(ModelError, match=f"{status}: no; .*{said}"):
        list(opened.complete(conversations(300), SAMPLING))
    assert len(served.requests) <= 16


def test_what_arrived_before_the_endpoint_fails_is_yielded_and_kept(scripted, engine, tmp_path):
    served = scripted(lambda n, *_: reply() if n < 10 else (401, {}, {}))
    path = tmp_path / "j.sqlite"
    opened = engine(served.url, concurrency=1, journal=path)
    results, error = collected(opened.complete(conversations(30), SAMPLING))
    assert len(results) == 10
    assert isinstance(error, ModelError)
    mended = scripted(lambda *_: reply())
    list(engine(mended.url, journal=path).complete(conversations(30), SAMPLING))
    assert len(mended.requests) == 20


def test_an_exhausted_account_stops_everything(scripted, engine):
    error = {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}
    served = scripted(lambda *_: (429, error, {}))
    with pytest.raises(ModelError, match="billing"):
        list(engine(served.url).complete(conversations(5), SAMPLING))


def test_a_dead_endpoint_is_given_up_after_a_while(engine, monkeypatch):
    monkeypatch.setattr("redink.engines.endpoint.health.UNREACHABLE_SECONDS", 0.5)
    opened = engine("http://127.0.0.1:9/v1")
    with pytest.raises(ModelError, match="is the server running"):
        list(opened.complete(conversations(50), SAMPLING))


def test_a_server_that_starts_late_costs_no_tries(engine, scripted):
    first = scripted(lambda *_: reply())
    port = first.http.server_port
    first.close()
    results = engine(first.url, tries=1).complete(conversations(3), SAMPLING)
    timer = Timer(0.4, scripted, (lambda *_: reply(), port))
    timer.start()
    assert {type(r) for r in results} == {Completion}
    timer.join()


def test_the_other_name_of_the_token_limit_is_found(scripted, engine):
    def answer(number, body, headers):
        if "max_tokens" in body:
            message = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
            return 400, {"error": {"message": message, "code": "unsupported_parameter"}}, {}
        assert body["max_completion_tokens"] == 600
        return reply()

    served = scripted(answer)
    results = list(engine(served.url, tries=1, concurrency=4).complete(conversations(40), SAMPLING))
    assert {type(r) for r in results} == {Completion}
    assert len(served.requests) <= 40 + 4


def test_redirects_are_not_followed(server, engine, scripted):
    elsewhere = scripted(lambda *_: reply())
    running = server(redirect_share=1.0, redirect_to=f"{elsewhere.url}/chat/completions")
    with pytest.raises(ModelError, match="redirect"):
        list(engine(running.url).complete(conversations(3), SAMPLING))
    assert elsewhere.requests == []


def test_proxies_of_the_environment_are_not_used(scripted, engine, monkeypatch):
    proxy = scripted(lambda *_: reply())
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url.removesuffix("/v1"))
    monkeypatch.delenv("no_proxy", raising=False)
    served = scripted(lambda *_: reply())
    assert len(list(engine(served.url).complete(conversations(3), SAMPLING))) == 3
    assert proxy.requests == []
