"""When a whole endpoint is given up: nothing answers, or nothing but refusals for too long."""

UNREACHABLE_SECONDS = 60.0
"""Without any answer while connections fail."""
PUSHED_BACK_SECONDS = 1800.0
"""Without any completion while the server pushes back."""
FAILING_SECONDS, FAILING_REQUESTS = 300.0, 100
"""Without any completion while so many requests fail for good."""


class Health:
    """What an endpoint has answered lately."""

    def __init__(self) -> None:
        self._answered = self._succeeded = 0.0
        self._failed = 0

    def start(self, now: float) -> None:
        """Work begins, or begins anew after a pause."""
        self._answered = self._succeeded = now
        self._failed = 0

    def answered(self, now: float) -> None:
        """Any HTTP answer came."""
        self._answered = now

    def succeeded(self, now: float) -> None:
        """A completion came."""
        self._answered = self._succeeded = now
        self._failed = 0

    def is_up(self, since: float) -> bool:
        """Whether anything was answered since then: a failure is the request's own if so."""
        return self._answered > since

    def unreachable(self, now: float, reason: str) -> str | None:
        """A connection failed; returns why to give up, if it is time to."""
        silent = now - self._answered
        if silent < UNREACHABLE_SECONDS:
            return None
        return f"no answer for {silent:.0f} s ({reason}); is the server running?"

    def pushed_back(self, now: float, wait: float, reason: str) -> str | None:
        """A request was pushed back for so many seconds; returns why to give up, if it is time."""
        without = now - self._succeeded
        if wait >= PUSHED_BACK_SECONDS and without > UNREACHABLE_SECONDS:
            return f"asks to wait {wait / 60:.0f} minutes ({reason})"
        if without < PUSHED_BACK_SECONDS:
            return None
        return f"nothing but push-backs for {without / 60:.0f} minutes (last: {reason})"

    def failed(self, now: float, reason: str) -> str | None:
        """A request failed for good, all tries used; returns why to give up, if it is time to."""
        self._failed += 1
        if self._failed < FAILING_REQUESTS or now - self._succeeded < FAILING_SECONDS:
            return None
        return f"{self._failed} requests in a row failed (last: {reason})"
