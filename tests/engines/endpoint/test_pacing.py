"""The level of requests in flight finds a server's capacity and is not fooled by noise.

Servers and client run on a simulated clock: no request is made, no second is waited.
"""

import heapq
import random

import pytest

from redink.engines.endpoint.pacing import Pacing


class Simulation:
    """A client that has `rows` requests and a server that answers after `latency` seconds.

    `is_limited(active, now)` says whether a request is pushed back; `limited_seconds` is how long
    that takes (0: at once).
    """

    def __init__(self, pacing, is_limited, *, latency=1.0, limited_seconds=0.0, seed=0):
        self.pacing, self.is_limited = pacing, is_limited
        self.latency, self.limited_seconds = latency, limited_seconds
        self.random = random.Random(seed)
        self.now, self.active, self.held, self.flying = 0.0, 0, 0, 0
        self.limited, self.levels = 0, []
        self._events, self._count = [], 0

    def _at(self, when, action):
        self._count += 1
        heapq.heappush(self._events, (when, self._count, action))

    def run(self, rows):
        self.left, self.done, self.rows = rows, 0, rows
        self._pump()
        while self.done < rows:
            self.now, _, action = heapq.heappop(self._events)
            action()
            self.levels.append((self.now, self.pacing.level))
            self._pump()
        return self.now

    def _pump(self):
        while self.left and self.flying + self.held < self.pacing.limit:
            self.left -= 1
            self.flying += 1
            ticket, sent = self.pacing.ticket(self.now), self.now
            if self.is_limited(self.active, self.now):
                took = self.limited_seconds
                self._at(self.now + took, lambda t=ticket, s=sent: self._limited(t, s))
            else:
                self.active += 1
                took = self.latency * self.random.uniform(0.5, 1.5)
                self._at(self.now + took, lambda t=ticket, s=sent: self._answered(t, s))

    def _answered(self, ticket, sent):
        is_full = self.flying + self.held >= 0.8 * self.pacing.level
        self.active -= 1
        self.flying -= 1
        self.done += 1
        self.pacing.succeeded(ticket, self.now - sent, self.now, is_full=is_full)

    def _limited(self, ticket, sent):
        self.flying -= 1
        self.limited += 1
        self.left += 1
        self.held += 1
        self._at(self.now + self.pacing.hold(self.now - sent), lambda: self._let_go(ticket))

    def _let_go(self, ticket):
        self.held -= 1
        self.pacing.pushed_back(ticket, self.now)

    def mean_level(self, share=0.5):
        """The mean level over the last `share` of the time."""
        late = [level for now, level in self.levels if now >= self.now * (1 - share)]
        return sum(late) / len(late)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("limited_seconds", [0.0, 1.0])
def test_random_pushbacks_cost_their_own_time_and_no_more(seed, limited_seconds):
    draw = random.Random(seed)
    pacing = Pacing(256)
    simulation = Simulation(
        pacing,
        lambda active, now: draw.random() < 0.2,
        limited_seconds=limited_seconds,
        seed=seed,
    )
    seconds = simulation.run(10_000)
    assert seconds < 1.5 * 10_000 / 0.8 / 256
    assert simulation.mean_level() > 0.9 * 256


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("share", [0.1, 0.35, 0.5])
def test_any_share_of_random_pushbacks_becomes_the_baseline(seed, share):
    draw = random.Random(seed)
    pacing = Pacing(128)
    simulation = Simulation(pacing, lambda active, now: draw.random() < share, limited_seconds=1)
    simulation.run(6_000)
    assert simulation.mean_level() > 0.8 * 128
    assert pacing.baseline == pytest.approx(share, abs=0.1)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("capacity", "ceiling"), [(5, 256), (40, 1024), (300, 1024)])
def test_the_level_settles_near_the_capacity_of_a_server(seed, capacity, ceiling):
    pacing = Pacing(ceiling)
    simulation = Simulation(pacing, lambda active, now: active >= capacity, seed=seed)
    rows = max(2_000, 60 * capacity)
    seconds = simulation.run(rows)
    assert 0.75 * capacity < simulation.mean_level() < 1.35 * capacity
    assert seconds < 1.5 * rows / capacity
    assert simulation.limited < 0.35 * rows


@pytest.mark.parametrize("seed", range(4))
def test_capacity_is_found_beneath_random_pushbacks(seed):
    draw = random.Random(seed)
    pacing = Pacing(1024)
    simulation = Simulation(
        pacing, lambda active, now: active >= 100 or draw.random() < 0.2, seed=seed
    )
    seconds = simulation.run(8_000)
    assert 70 < simulation.mean_level() < 200
    assert seconds < 1.6 * 8_000 / 100


def test_a_level_follows_a_capacity_that_falls_and_rises_again():
    pacing = Pacing(512)

    def capacity(now):
        return 50 if 60 < now < 120 else 200

    simulation = Simulation(pacing, lambda active, now: active >= capacity(now))
    simulation.run(26_000)
    middle = [level for now, level in simulation.levels if 90 < now < 120]
    late = [level for now, level in simulation.levels if now > simulation.now - 20]
    assert sum(middle) / len(middle) < 80
    assert sum(late) / len(late) > 150


def test_one_burst_of_pushbacks_is_one_decrease():
    pacing = Pacing(100)
    pacing.level = 100.0
    ticket = pacing.ticket(0.0)
    for _ in range(20):
        pacing.succeeded(ticket, 1.0, 0.0, is_full=False)
    for _ in range(100):
        pacing.pushed_back(ticket, 2.0)
    assert 50 <= pacing.level <= 85


def test_the_level_has_a_floor_and_comes_back_after_an_outage():
    pacing = Pacing(200)
    pacing.level = 200.0
    is_out = True
    simulation = Simulation(pacing, lambda active, now: is_out and now < 30)
    simulation.run(5_000)
    assert min(level for _, level in simulation.levels) >= 2
    assert simulation.mean_level(0.2) > 150


def test_the_level_does_not_grow_where_answers_take_long():
    pacing = Pacing(256, timeout=100.0)
    for _ in range(500):
        pacing.succeeded(pacing.ticket(0.0), 40.0, 0.0, is_full=True)
    assert pacing.level < 20
