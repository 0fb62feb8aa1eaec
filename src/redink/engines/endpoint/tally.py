"""What an endpoint's engine is doing, for a line of progress."""

import time
from collections import deque
from collections.abc import Mapping, Sized

from redink.engines.endpoint.pacing import Pacing

WINDOW_SECONDS = 10


class Tally:
    """Counts of one endpoint; written in its event loop, read from anywhere."""

    def __init__(self, pacing: Pacing, in_flight: Sized) -> None:
        self._pacing, self._in_flight = pacing, in_flight
        self._recent: deque[tuple[int, int]] = deque(maxlen=WINDOW_SECONDS + 1)
        self.completions = 0
        self.pushed_back = 0
        """429s."""
        self.failed_tries = 0
        """Tries that failed otherwise; most of them are made good by the next."""
        self.by_length = 0
        """Completions whose tokens were counted by their length, for want of the server's usage."""

    def done(self) -> None:
        """One more completion."""
        self.completions += 1
        second = int(time.monotonic())
        if self._recent and self._recent[-1][0] == second:
            self._recent[-1] = (second, self._recent[-1][1] + 1)
        else:
            self._recent.append((second, 1))

    def status(self) -> Mapping[str, str]:
        """In flight and at most, completions a second, push-backs and failed tries so far."""
        now = int(time.monotonic())
        full = [n for second, n in list(self._recent) if now - WINDOW_SECONDS <= second < now]
        seconds = [s for s, _ in list(self._recent) if now - WINDOW_SECONDS <= s < now]
        rate = sum(full) / max(1, now - min(seconds)) if seconds else 0.0
        figures = {
            "in flight": f"{len(self._in_flight)}/{self._pacing.limit}",
            "req/s": f"{rate:.1f}",
            "429": str(self.pushed_back),
        }
        if self.failed_tries:
            figures["retries"] = str(self.failed_tries)
        if self.by_length:
            figures["counted by length"] = str(self.by_length)
        return figures
