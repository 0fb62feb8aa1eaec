"""The local test server does what it is told, and counts it."""

import asyncio
import http.client
import json
import time

import aiohttp
import pytest

from benchmarks.endpoint_replies import Options, Replies, attempt_draws, identify
from benchmarks.endpoint_server import body_hash, parsed, start_server


def ask(server, text="hello", *, headers=None, timeout=10.0):
    """One request on a connection of its own: status, headers and body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout)
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": text}]})
    connection.request("POST", "/v1/chat/completions", body, headers or {})
    answer = connection.getresponse()
    try:
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def test_reply_depends_on_the_body_alone():
    with start_server(seed=1) as first, start_server(seed=2) as second:
        one, other = ask(first)[2], ask(second)[2]
        assert one == other == ask(first)[2] != ask(first, "goodbye")[2]
    reply = json.loads(one)
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hello"}]}).encode()
    text = reply["choices"][0]["message"]["content"]
    assert body_hash(body) in text
    assert text.endswith(("Conclusion: right [END]", "Conclusion: wrong [END]"))
    assert reply["choices"][0]["finish_reason"] == "stop"
    assert reply["usage"]["total_tokens"] > 400
    assert 2000 < len(one) < 2400


def test_both_verdicts_occur():
    drawn = [identify(str(n).encode(), 0).verdict for n in range(1000)]
    assert 400 < drawn.count("right") < 600


def test_statistics_tell_what_was_sent_again_after_success():
    with start_server() as server:
        for text in ("a", "b", "a", "a"):
            assert ask(server, text)[0] == 200
        counts = server.stats()
        assert (counts["requests"], counts["bodies"], counts["answered"]) == (4, 2, 4)
        assert counts["sent_again_after_success"] == 2
        assert len(counts["sent_again"]) == 1
        server.reset()
        assert server.stats()["requests"] == 0


def test_a_retry_meets_a_fault_of_its_own_and_the_same_in_every_run():
    seen = []
    for _ in range(2):
        with start_server(limited_share=0.5, retry_after=1.5, seed=3) as server:
            answers = [ask(server, f"row {n}") for n in range(20) for _ in range(3)]
        seen.append([status for status, _, _ in answers])
        limited = [headers for status, headers, _ in answers if status == 429]
        assert {headers["Retry-After"] for headers in limited} == {"1.5"}
    assert seen[0] == seen[1]
    assert {tuple(seen[0][n : n + 3]) for n in range(0, 60, 3)} > {(429, 200, 200), (200, 429, 200)}


@pytest.mark.parametrize(
    ("share", "found"),
    [
        ("limited", "429"),
        ("broken", "500"),
        ("redirect", "302"),
        ("empty_choices", "[]"),
        ("null_content", "null"),
    ],
)
def test_each_fault_is_what_its_name_says(share, found):
    with start_server(**{f"{share}_share": 1.0}) as server:
        status, headers, body = ask(server)
        counts = server.stats()
    if share == "empty_choices":
        assert json.loads(body)["choices"] == []
    elif share == "null_content":
        assert json.loads(body)["choices"][0]["message"]["content"] is None
    else:
        assert str(status) == found
    if share == "redirect":
        assert headers["Location"] == Options.redirect_to
    assert counts["by_fault"] == {share: 1}
    assert counts["answered"] == 0


def test_spoiled_bodies_are_not_counted_as_answers():
    with start_server(cut_share=1.0) as server:
        with pytest.raises(http.client.IncompleteRead):
            ask(server)
        assert server.stats()["answered"] == 0
    with start_server(wrong_json_share=1.0) as server:
        body = ask(server)[2]
        with pytest.raises(json.JSONDecodeError):
            json.loads(body)
        assert server.stats()["answered"] == 0
    with start_server(drop_share=1.0) as server, pytest.raises(http.client.RemoteDisconnected):
        ask(server)


def test_hanging_requests_are_counted_until_the_client_leaves():
    with start_server(hang_share=1.0) as server:
        with pytest.raises(TimeoutError):
            ask(server, timeout=0.2)
        time.sleep(0.05)
        counts = server.stats()
    assert (counts["abandoned"], counts["in_flight"], counts["peak_in_flight"]) == (1, 0, 1)


def test_drips_take_their_time_and_count():
    with start_server(drip_share=1.0, drip_seconds=0.3) as server:
        started = time.monotonic()
        assert json.loads(ask(server)[2])["choices"]
        assert time.monotonic() - started >= 0.29
        assert server.stats()["answered"] == 1


def test_a_rate_is_kept_and_told_in_headers():
    with start_server(rpm=600, burst=3) as server:
        answers = [ask(server, str(n)) for n in range(5)]
    assert [status for status, _, _ in answers[:3]] == [200, 200, 200]
    assert answers[-1][0] == 429
    assert answers[0][1]["x-ratelimit-limit-requests"] == "600"
    assert answers[0][1]["x-ratelimit-remaining-requests"] == "2"
    assert 0 < float(answers[-1][1]["Retry-After"]) <= 0.1


def test_finish_reasons_belong_to_the_body():
    with start_server(length_share=0.3, filter_share=0.3, usage=False) as server:
        bodies = [json.loads(ask(server, str(n))[2]) for n in range(60)]
    ends = [body["choices"][0]["finish_reason"] for body in bodies]
    assert set(ends) == {"stop", "length", "content_filter"}
    for body, end in zip(bodies, ends, strict=True):
        content = body["choices"][0]["message"]["content"]
        assert (content is None) == (end == "content_filter")
        assert ("Conclusion" in (content or "")) == (end == "stop")
        assert "usage" not in body


def test_a_wrong_key_is_turned_away():
    with start_server(api_key="Secret-1") as server:
        assert ask(server)[0] == 401
        assert ask(server, headers={"Authorization": "Bearer Secret-1"})[0] == 200


def test_many_connections_are_served_at_once_and_beyond_capacity_refused():
    async def burst(url, count):
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:

            async def one(number):
                body = {"messages": [{"role": "user", "content": f"{number} " + "x" * 50_000}]}
                async with session.post(f"{url}/chat/completions", json=body) as answer:
                    return answer.status, await answer.json()

            return await asyncio.gather(*map(one, range(count)))

    with start_server(latency=(3.0, 3.0), capacity=400) as server:
        answers = asyncio.run(burst(server.url, 500))
        counts = server.stats()
    statuses = [status for status, _ in answers]
    assert (statuses.count(200), statuses.count(429)) == (400, 100)
    assert counts["peak_in_flight"] == 400
    assert counts["peak_connections"] >= 500
    assert counts["server_cpu_seconds"] < 2


def test_flags_are_the_fields_of_the_options():
    given = vars(parsed(["--latency", "0.5", "1.5", "--retry-after", "2", "--no-usage"]))
    assert (tuple(given["latency"]), given["retry_after"], given["usage"]) == ((0.5, 1.5), 2, False)
    with pytest.raises(ValueError, match="no option lag"), start_server(lag=1):
        pass


def test_shares_above_one_are_refused_and_draws_are_even():
    with pytest.raises(ValueError, match="more than 1"):
        Replies(Options(limited_share=0.6, broken_share=0.6))
    drawn = [attempt_draws("name", attempt, 0)[1] for attempt in range(2000)]
    assert 0.17 < sum(draw < 0.2 for draw in drawn) / len(drawn) < 0.23
