"""The orders that wait: fresh ones, those to be sent again at once, and those that must wait."""

import heapq
from collections import deque

from redink.engines.endpoint.order import Order


class Queues:
    """What is to be sent next; an order that must wait does not hold up fresh ones."""

    def __init__(self) -> None:
        self._fresh: deque[Order] = deque()
        self._ready: deque[Order] = deque()
        self._later: list[tuple[float, int, Order]] = []
        self._count = 0

    def add(self, order: Order) -> None:
        """A fresh order, behind all others."""
        self._fresh.append(order)

    def put_back(self, order: Order) -> None:
        """An order that comes next."""
        self._ready.appendleft(order)

    def delay(self, order: Order, due: float) -> None:
        """An order that is not sent before `due`, in the loop's seconds."""
        self._count += 1
        heapq.heappush(self._later, (due, self._count, order))

    def next(self, now: float) -> Order | None:
        """The order to be sent now: those that had to wait come before fresh ones."""
        while self._later and self._later[0][0] <= now:
            self._ready.append(heapq.heappop(self._later)[2])
        if self._ready:
            return self._ready.popleft()
        return self._fresh.popleft() if self._fresh else None

    def next_due(self) -> float | None:
        """When the next order that waits is due."""
        return self._later[0][0] if self._later else None

    def clear(self) -> None:
        """Forgets all orders."""
        self._fresh.clear()
        self._ready.clear()
        self._later.clear()

    def __len__(self) -> int:
        return len(self._fresh) + len(self._ready) + len(self._later)
