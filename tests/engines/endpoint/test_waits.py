"""Servers are believed when they say how long to wait, in whatever form they say it."""

from email.utils import formatdate

import pytest

from redink.engines.endpoint.rates import Announced, Cap, Rates
from redink.engines.endpoint.waits import backoff, retry_after, span


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": formatdate(1000.0 + 90, usegmt=True)}, 90.0),
        ({"retry-after": formatdate(1000.0 - 90, usegmt=True)}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({}, None),
    ],
)
def test_retry_after_in_every_form(headers, seconds):
    assert retry_after(headers, 1000.0) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("12ms", 0.012),
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("1h2m3.5s", 3723.5),
        ("20", 20.0),
        ("2000000060", 60.0),
        ("2000000060000", 60.0),
        ("later", None),
        ("1s!", None),
        ("", None),
        (None, None),
    ],
)
def test_spans_in_every_form(text, seconds):
    found = span(text, 2_000_000_000.0)
    assert found is seconds if seconds is None else found == pytest.approx(seconds)


def test_waits_grow_and_are_spread():
    assert 0 < backoff(1) <= backoff(1) * 2
    assert max(backoff(50) for _ in range(100)) <= 30
    assert len({backoff(3) for _ in range(20)}) == 20


def test_a_cap_lets_through_its_rate():
    cap, now, sent = Cap(600), 100.0, 0
    while now < 160.0:
        wait = cap.wait(now)
        if wait:
            now += wait + 1e-9
        else:
            cap.take(1)
            sent += 1
    assert 595 <= sent <= 605


def test_what_exceeds_a_cap_of_tokens_is_paid_before_anything_follows():
    rates = Rates(tpm=6000)
    assert rates.wait(10.0) == 0
    rates.take(500)
    assert rates.wait(10.0) == pytest.approx(5.0)
    rates.settle(500, 200)
    assert rates.wait(10.0) == pytest.approx(2.0)


def heard(announced, *, left, reset, limit=None, now=0.0):
    announced.heard(announced.sent, left, reset, limit, now)


def test_nothing_is_sent_beyond_what_a_server_says_is_left():
    announced = Announced()
    assert announced.wait(0.0) == 0
    heard(announced, left=2, reset=10)
    announced.sent += 2
    assert announced.wait(1.0) == 9.0
    assert announced.wait(10.0) == 0


def test_what_is_left_grows_back_as_a_bucket_fills():
    announced = Announced()
    heard(announced, left=0, reset=60, limit=60)
    assert announced.wait(0.0) == pytest.approx(1.0)
    assert announced.wait(1.5) == 0
    announced.sent += 1
    assert announced.wait(1.5) == pytest.approx(0.5)


def test_late_answers_to_early_requests_say_nothing_new():
    announced = Announced()
    announced.sent = 10
    announced.heard(10, 0, 30, None, 0.0)
    announced.heard(3, 100, 30, None, 1.0)
    assert announced.wait(2.0) == 28.0


@pytest.mark.parametrize(
    "numbers",
    [{"left": -1, "reset": 5}, {"left": 0, "reset": 0}, {"left": 0, "reset": 5, "limit": -1}],
)
def test_headers_that_mean_nothing_are_ignored(numbers):
    announced = Announced()
    heard(announced, **numbers)
    assert announced.wait(0.0) == 0


def test_headers_of_both_forms_are_read():
    for names in (
        ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
        ("x-ratelimit-remaining", "x-ratelimit-reset"),
        ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ):
        rates = Rates()
        marks = rates.take(10)
        rates.heard(marks, dict(zip(names, ("0", "3s"), strict=True)), 5.0, 0.0)
        assert rates.wait(6.0) == pytest.approx(2.0)
