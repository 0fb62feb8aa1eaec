"""An endpoint is given up for what it does to everybody, not for one request's bad luck."""

from redink.engines.endpoint.health import Health


def test_silence_is_borne_for_a_minute():
    health = Health()
    health.start(100.0)
    assert health.unreachable(159.0, "refused") is None
    assert "no answer for 61 s (refused)" in (health.unreachable(161.0, "refused") or "")
    health.answered(161.0)
    assert health.unreachable(200.0, "refused") is None


def test_pushbacks_are_borne_for_half_an_hour_without_success():
    health = Health()
    health.start(0.0)
    assert health.pushed_back(1799.0, 1.0, "429: slow") is None
    assert "30 minutes (last: 429: slow)" in (health.pushed_back(1801.0, 1.0, "429: slow") or "")
    health.succeeded(1801.0)
    assert health.pushed_back(3000.0, 1.0, "429: slow") is None


def test_a_wait_of_hours_ends_it_at_once_unless_others_succeed():
    health = Health()
    health.start(0.0)
    assert health.pushed_back(10.0, 7200.0, "429: tomorrow") is None
    assert "asks to wait 120 minutes" in (health.pushed_back(70.0, 7200.0, "429: tomorrow") or "")
    health.succeeded(69.0)
    assert health.pushed_back(70.0, 7200.0, "429: tomorrow") is None


def test_many_failures_in_a_row_end_it_a_few_do_not():
    health = Health()
    health.start(0.0)
    assert [health.failed(float(n), "500") for n in range(99)] == [None] * 99
    assert health.failed(200.0, "500") is None
    assert "101 requests in a row failed (last: 500)" in (health.failed(400.0, "500") or "")
    health.succeeded(401.0)
    assert health.failed(900.0, "500") is None
