"""Rates: the caller's caps per minute, and what a server's headers say is left."""

from collections.abc import Mapping

from redink.engines.endpoint.waits import span

BURST_SECONDS = 0.2
"""A cap lets through at once what it grants in so long."""
LONGEST_WAIT = 300.0
"""Seconds that a header may stop all sending for."""


class Cap:
    """So many units a minute; what exceeds it is owed, and nothing goes before that is paid."""

    def __init__(self, per_minute: float) -> None:
        self._rate = per_minute / 60
        self._most = max(1.0, self._rate * BURST_SECONDS)
        self._level, self._at = 1.0, 0.0

    def wait(self, now: float) -> float:
        """Seconds until something may be sent."""
        self._refill(now)
        return max(0.0, 1.0 - self._level) / self._rate if self._level < 1.0 else 0.0

    def take(self, units: float) -> None:
        """Counts what was sent; negative units give back what was taken too much."""
        self._level -= units

    def _refill(self, now: float) -> None:
        elapsed = max(0.0, now - self._at) if self._at else 0.0
        self._level = min(self._most, self._level + elapsed * self._rate)
        self._at = now


class Announced:
    """What a server said is left of a rate, less what was sent since.

    Where it names the limit too, what is left grows as a bucket fills, no faster than that limit in
    a minute; the rest comes back at the reset.
    """

    def __init__(self) -> None:
        self.sent = 0.0
        """Units sent so far; a request keeps the sum after its own as its mark."""
        self._left = self._rate = self._at = self._until = self._sent_then = 0.0
        self._newest = -1.0

    def heard(
        self, mark: float, left: float, reset: float, limit: float | None, now: float
    ) -> None:
        """A reply's headers to the request with this mark; older requests' replies are stale."""
        if mark < self._newest or left < 0 or reset <= 0 or (limit is not None and limit <= 0):
            return
        self._newest, self._at, self._sent_then = mark, now, mark
        self._left = left
        self._rate = 0.0
        if limit is not None and limit > left:
            self._rate = min((limit - left) / reset, limit / 60)
        self._until = now + min(reset, LONGEST_WAIT)

    def wait(self, now: float) -> float:
        """Seconds until something may be sent."""
        if now >= self._until:
            return 0.0
        left = self._left - (self.sent - self._sent_then) + self._rate * (now - self._at)
        if left >= 1.0:
            return 0.0
        rest = self._until - now
        return min(rest, (1.0 - left) / self._rate) if self._rate else rest


class Rates:
    """All rates of one endpoint.

    Args:
        rpm: requests a minute at most.
        tpm: prompt and completion tokens a minute at most.
    """

    def __init__(self, rpm: float | None = None, tpm: float | None = None) -> None:
        self._requests, self._tokens = rpm and Cap(rpm), tpm and Cap(tpm)
        self._announced = {"requests": Announced(), "tokens": Announced()}

    def wait(self, now: float) -> float:
        """Seconds until the next request may be sent; 0 for now."""
        waits = [announced.wait(now) for announced in self._announced.values()]
        waits += [cap.wait(now) for cap in (self._requests, self._tokens) if cap]
        return max(waits)

    def take(self, tokens: float) -> tuple[float, float]:
        """Counts a request that is sent now with so many expected tokens; returns its marks."""
        if self._requests:
            self._requests.take(1)
        if self._tokens:
            self._tokens.take(tokens)
        requests, counted = self._announced["requests"], self._announced["tokens"]
        requests.sent += 1
        counted.sent += tokens
        return requests.sent, counted.sent

    def settle(self, expected: float, used: float) -> None:
        """Corrects the expected tokens of a request to those that it used."""
        if self._tokens:
            self._tokens.take(used - expected)

    def heard(
        self, marks: tuple[float, float], headers: Mapping[str, str], now: float, wall: float
    ) -> None:
        """Takes note of a reply's `x-ratelimit-*` headers."""
        for mark, (kind, announced) in zip(marks, self._announced.items(), strict=True):
            tails = (f"-{kind}", "") if kind == "requests" else (f"-{kind}",)
            for tail in tails:
                left = span(headers.get(f"x-ratelimit-remaining{tail}"), 0.0)
                reset = span(headers.get(f"x-ratelimit-reset{tail}"), wall)
                if left is not None and reset is not None:
                    limit = span(headers.get(f"x-ratelimit-limit{tail}"), 0.0)
                    announced.heard(mark, left, reset, limit, now)
                    break
