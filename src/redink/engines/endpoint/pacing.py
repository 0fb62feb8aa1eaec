"""How many requests are in flight: additive increase, multiplicative decrease, told from noise.

A server that pushes back (429, overload, time-outs) may do so because of the load, or whatever
the load is. Both look the same until the load is changed. So a decrease is a trial: if the share
of answers rises as the smaller load predicts, the decrease was right and stays; if it does not,
the share is that server's own, it becomes the baseline, and the level before is restored. While
the level still triples every round, the next round's larger load is the trial instead.
"""

import math
from dataclasses import dataclass

START, ORDINARY, START_SHARE = 16.0, 256.0, 1 / 8
"""In flight at first: what a small local server still answers within its time-out, and this share
of what a ceiling that was set above the ordinary one has more."""
FLOOR = 2.0
LOOK, SHORT_LOOK = 30, 12
"""Outcomes before a share is judged: two rounds, within these bounds."""
MARGIN = 0.05
"""A share this far above the baseline is no congestion yet."""
STEEPEST, MILDEST = 0.5, 0.85
"""Factors of one decrease."""
SURE = 3.0
"""Standard errors between two shares that are no chance."""
LEAST_RISE = 0.75
"""A trial of a larger load needs the load before to be this share of it at most."""
CLIMB, FASTER, FASTEST = 0.03, 1.3, 0.5
"""Additive increase, as a share of the level per round; faster with every quiet round."""
FIRST_RECHECK, LAST_RECHECK = 60.0, 960.0
"""Seconds for which a baseline is believed; twice as long each time it is found again."""
SHORTEST_ROUND, LONGEST_HOLD = 0.1, 30.0
"""Seconds."""
COHORT = 1.5
"""Usual answer times after which most requests of one moment have been answered."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """When a request was sent: between which decisions, and at which level."""

    turn: int
    """-1 for those that count towards none."""
    level: float


@dataclass
class _Sample:
    """Outcomes of requests sent since a decision."""

    ok: int = 0
    back: int = 0
    levels: float = 0.0

    @property
    def count(self) -> int:
        return self.ok + self.back

    @property
    def level(self) -> float:
        """The mean level at which they were sent."""
        return self.levels / self.count


@dataclass
class _Episode:
    """Congestion: what was before it, and the change of level that is on trial, if one is."""

    level: float
    threshold: float
    trial: _Sample | None = None
    """The outcomes before the change."""
    is_raised: bool = False
    """Whether the trial is of a larger load."""


class Pacing:
    """The level of requests in flight for one endpoint.

    Every request is sent with a ticket; only those sent after a decrease count towards the next
    one, so that a burst of push-backs is one episode. A request that is pushed back keeps its
    place for as long as a good answer takes (`hold`), and counts when it gives it up: else the
    free places of a server at capacity would spin through quick push-backs, and their share would
    say nothing of the load.

    Args:
        ceiling: most requests in flight.
        timeout: seconds that a request may take; the level does not grow where answers take a
            quarter of that, for a server that queues does not push back.
    """

    def __init__(self, ceiling: int, timeout: float = 600.0) -> None:
        self.ceiling = float(ceiling)
        self.floor = min(FLOOR, self.ceiling)
        asked_for = START_SHARE * max(0.0, self.ceiling - ORDINARY)
        self.level = min(START + asked_for, self.ceiling)
        self.threshold = self.ceiling
        """Below it the level triples every round; above it, it climbs."""
        self.baseline = 0.0
        """The share of push-backs that does not depend on the load."""
        self._found = 0.0
        self.seconds = 0.0
        """How long good answers take, a running mean."""
        self._timeout = timeout
        self._turn, self._sample, self._settled = 0, _Sample(), 0.0
        self._episode: _Episode | None = None
        self._climb = CLIMB
        self._silent = 0
        self._recheck, self._believed_until = FIRST_RECHECK, math.inf

    @property
    def limit(self) -> int:
        """Places for requests, at least one."""
        return max(1, int(self.level))

    def ticket(self, now: float) -> Ticket:
        """For a request that is sent now."""
        return Ticket(self._turn if now >= self._settled else -1, self.level)

    def succeeded(self, ticket: Ticket, seconds: float, now: float, *, is_full: bool) -> None:
        """A good answer that took `seconds`; `is_full` says whether the level was used."""
        self.seconds = seconds if not self.seconds else 0.95 * self.seconds + 0.05 * seconds
        self._silent = 0
        self._count(ticket, now, 1, 0)
        if is_full and not self._is_lowered() and self.seconds < self._timeout / 4:
            slow_start = self.level < self.threshold
            step = 2.0 if slow_start else max(0.25, self._climb * self.level) / self.level
            self.level = min(self.ceiling, self.level + step)

    def pushed_back(self, ticket: Ticket, now: float) -> None:
        """A 429, an overload, a time-out or a failed connection; to be told after its `hold`."""
        self._count(ticket, now, 0, 1)

    def hold(self, took: float) -> float:
        """Seconds for which the place of a request that was pushed back stays taken.

        Args:
            took: seconds from sending to being pushed back.
        """
        return max(0.0, min(LONGEST_HOLD, self._round() * 2.0 ** min(self._silent, 10)) - took)

    def _round(self) -> float:
        """Seconds from sending to the answer, usually."""
        return max(SHORTEST_ROUND, self.seconds or 0.25)

    def _count(self, ticket: Ticket, now: float, ok: int, back: int) -> None:
        if ticket.turn != self._turn:
            return
        self._sample.ok += ok
        self._sample.back += back
        self._sample.levels += ticket.level
        if now >= self._believed_until:
            self.baseline, self._believed_until = 0.0, math.inf
        if self._episode is not None and self._episode.trial is not None:
            self._conclude(self._episode, self._episode.trial, now)
        else:
            self._judge(now)

    def _is_early(self, now: float) -> bool:
        """Whether quick answers are still in the majority among those that have come."""
        return now < self._settled + min(LONGEST_HOLD, COHORT * self._round())

    def _judge(self, now: float) -> None:
        count = self._sample.count
        if count < max(SHORT_LOOK, min(LOOK, 2 * self.level)) or self._is_early(now):
            return
        share = self._sample.back / count
        spread = max(self.baseline, 0.02)
        noise = 2.5 * math.sqrt(spread * (1 - spread) / count)
        if share > self.baseline + MARGIN + noise:
            if share < 0.5 and self.level < min(self.threshold, self.ceiling):
                self._episode = _Episode(self.level, self.threshold, self._sample, is_raised=True)
                self._begin(now, 0.0)
            else:
                self._decrease(share, now)
        elif count >= max(50.0, self.level):
            if self.baseline:
                drifted = self.baseline + 0.2 * (share - self.baseline)
                self.baseline = min(self._found + MARGIN, drifted)
            self._episode = None
            self._climb = min(FASTEST, FASTER * self._climb)
            self._begin(now, 0.0)

    def _decrease(self, share: float, now: float) -> None:
        """The level may have grown while the sample came in: its own level is what it tells of."""
        sample, excess = self._sample, (share - self.baseline) / (1 - self.baseline)
        factor = min(MILDEST, max(STEEPEST, 0.95 * (1 - excess)))
        if self._episode is None:
            self._episode = _Episode(self.level, self.threshold)
        self._silent = 0 if sample.ok else self._silent + 1
        self._episode.trial, self._episode.is_raised = None, False
        self.level = max(self.floor, min(self.level, sample.level) * factor)
        self._climb = CLIMB
        # At the floor, and where nothing at all was answered, there is nothing to be learnt.
        if self.level < 0.95 * sample.level and sample.ok:
            self._episode.trial = sample
        self._begin(now, self._round())

    def _conclude(self, episode: _Episode, trial: _Sample, now: float) -> None:
        """Compares the share of answers with the one before, and with what the load predicts."""
        sample = self._sample
        answered, ratio = trial.ok / trial.count, trial.level / sample.level
        predicted = min(1.0, answered * ratio)
        gap = max(abs(predicted - answered), 1e-3)
        # Two standard errors within half of the gap, but no more than a few rounds.
        needed = 16 * max(0.01, answered * (1 - answered)) / gap**2
        enough = min(max(20.0, needed), max(20.0, 4 * self.level), 400.0)
        if sample.count < enough or self._is_early(now):
            return
        found, middle = sample.ok / sample.count, (answered + predicted) / 2
        variance = max(0.02, answered * (1 - answered))
        rise = (found - answered) / math.sqrt(variance / sample.count + variance / trial.count)
        if episode.is_raised:
            if found <= middle or ratio > LEAST_RISE:
                self._decrease(1 - found, now)
                return
            self._believe(trial, sample, now)
        elif rise < -SURE:
            # Worse in spite of the smaller load: the server itself has changed meanwhile.
            self._decrease(1 - found, now)
            return
        elif found >= middle:
            self.threshold, episode.trial = self.level, None
            if rise > SURE:
                # The load does matter: nothing of before is restored or believed any more.
                self._episode, self.baseline = None, 0.0
        else:
            # The whole episode was no congestion: what came before it is restored.
            self.level, self.threshold = episode.level, episode.threshold
            self._believe(trial, sample, now)
        self._begin(now, 0.0 if episode.is_raised else self._round())

    def _believe(self, trial: _Sample, sample: _Sample, now: float) -> None:
        """The share of push-backs is the server's own, for the time being."""
        self.baseline = (trial.back + sample.back) / (trial.count + sample.count)
        self._found, self._episode = self.baseline, None
        self._believed_until = now + self._recheck
        self._recheck = min(LAST_RECHECK, 2 * self._recheck)

    def _is_lowered(self) -> bool:
        """Whether a smaller load is on trial, which must not grow meanwhile."""
        episode = self._episode
        return episode is not None and episode.trial is not None and not episode.is_raised

    def _begin(self, now: float, settling: float) -> None:
        """From here on only what is sent from now on counts, once a new level has settled."""
        self._turn += 1
        self._settled = now + min(LONGEST_HOLD, settling)
        self._sample = _Sample()
