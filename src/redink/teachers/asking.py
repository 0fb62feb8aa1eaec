"""Asking teachers for critiques, all at once or until enough of them pass; what is asked and
what came of it."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from redink.engines.engine import Failure
from redink.errors import DataError, ModelError
from redink.progress import Progress, progress
from redink.records import Critique
from redink.tables import Dropped, drop
from redink.teachers.keeping import Keep
from redink.teachers.mixture import Critic, Pair, critiques_by

NO_REPLY = "no critique: "
"""Begins the reason of a response that is dropped because its request failed."""
NOT_NEEDED = "not needed: enough passed before it"
SHOWN_SECONDS = 0.1
"""Between two states of the live line: drawing it for each of 20,000 replies takes seconds."""
ENOUGH_TO_JUDGE = 20
"""Requests after which an endpoint that fails most of them is not asked for more."""


@dataclass
class Asking:
    """Which critiques were asked for and what came."""

    critics: Mapping[str, Critic]
    shares: Mapping[str, float]
    seed: int
    critiques: dict[str, Critique] = field(default_factory=dict)
    """By response id."""
    failures: dict[str, str] = field(default_factory=dict)
    """Reasons by response id."""

    def ask(self, pairs: Sequence[Pair], bar: Progress) -> None:
        """Asks for the critiques of responses; shows how it goes."""
        line = _Line(bar)
        for done in critiques_by(self.critics, self.shares, self.seed, pairs):
            if isinstance(done, Failure):
                self.failures[done.id] = done.reason
            else:
                self.critiques[done.response_id] = done
            line.saw(done)
        line.show()

    def check(self, least: int = 1) -> None:
        """Raises ModelError where no request, or fewer than half of them, came to a critique."""
        failed, asked = len(self.failures), len(self.failures) + len(self.critiques)
        if failed and asked >= least and (not self.critiques or failed > asked / 2):
            reason = next(iter(self.failures.values()))
            raise ModelError(
                f"critique: {failed} of {asked} requests failed, the first with: {reason}; look at "
                "the teacher and run the same command again: what is done is kept"
            )


@dataclass(frozen=True)
class Sifted:
    """Critiques that passed, in the order of their responses, and what did not."""

    kept: tuple[Critique, ...]
    dropped: tuple[Dropped, ...]


def ask_all(asking: Asking, pairs: Sequence[Pair], keep: Keep) -> Sifted:
    """Critiques of all responses, those that pass `keep` kept.

    Raises ModelError where more than half of the requests failed.
    """
    with progress("critique", len(pairs), "responses") as bar:
        asking.ask(pairs, bar)
    asking.check()
    return sift(asking, pairs, keep)


def ask_until(asking: Asking, pairs: Sequence[Pair], keep: Keep, accept: int) -> Sifted:
    """The first `accept` critiques that pass, in the order of the responses.

    Responses are asked about in portions, each estimated from the share that has passed so far:
    which critiques are kept depends on the replies alone, never on the order in which they come.

    Raises DataError where the responses run out before, ModelError where more than half of the
    requests failed.
    """
    asked, passed = 0, 0
    with progress("critique", None, f"responses of {len(pairs)}") as bar:
        while passed < accept and asked < len(pairs):
            part = pairs[asked : asked + portion(accept - passed, asked, passed)]
            asking.ask(part, bar)
            asked += len(part)
            asking.check(least=ENOUGH_TO_JUDGE)
            passed += len(sift(asking, part, keep).kept)
            bar.advance(0, accepted=f"{passed}/{accept}")
    asking.check()
    if passed < accept:
        raise DataError(
            f"critique: {passed} of {len(pairs)} responses passed, accept wants {accept}"
            f"{_failed(asking)}; loosen keep, lower accept or give more responses: what was asked "
            "for is in the journal and is not asked for again"
        )
    return sift(asking, pairs, keep, accept)


def portion(missing: int, asked: int, passed: int) -> int:
    """How many responses to ask about next.

    At first as many as are missing; then as many as the share that has passed lets expect, a
    tenth more so that a round more is rarely needed; twice what was asked where none has passed.
    """
    if not asked:
        return missing
    if not passed:
        return max(missing, 2 * asked)
    return math.ceil(1.1 * missing * asked / passed)


def sift(asking: Asking, pairs: Sequence[Pair], keep: Keep, accept: int | None = None) -> Sifted:
    """Sorts what came: the critiques that pass, the others with the reason."""
    kept: list[Critique] = []
    dropped: list[Dropped] = []
    for _, response in pairs:
        critique = asking.critiques.get(response.id)
        if accept is not None and len(kept) == accept:
            dropped.append(drop(response, NOT_NEEDED))
        elif critique is None:
            reason = asking.failures.get(response.id, "the teacher gave no reply")
            dropped.append(drop(response, f"{NO_REPLY}{reason}"))
        elif why := keep.why_not(critique):
            dropped.append(drop(critique, why))
        else:
            kept.append(critique)
    return Sifted(tuple(kept), tuple(dropped))


def _failed(asking: Asking) -> str:
    return f", and {len(asking.failures)} requests failed" if asking.failures else ""


class _Line:
    """The figures beside the count: agreement, failures, rate, tokens, cost."""

    def __init__(self, bar: Progress) -> None:
        self.bar = bar
        self.shown = time.monotonic()
        self.pending = self.failed = self.judged = self.agreed = self.tokens = 0
        self.cost: float | None = None
        self.seen = 0

    def saw(self, done: Critique | Failure) -> None:
        """Counts a reply; shows the line now and then."""
        self.pending += 1
        if isinstance(done, Failure):
            self.failed += 1
        else:
            self.seen += 1
            self.agreed += done.agrees is True
            self.tokens += (done.prompt_tokens or 0) + (done.completion_tokens or 0)
            if done.cost:
                self.cost = (self.cost or 0.0) + done.cost
        if time.monotonic() - self.shown >= SHOWN_SECONDS:
            self.show()

    def show(self) -> None:
        """Shows the figures."""
        self.shown = time.monotonic()
        figures = {"agree": f"{self.agreed / max(1, self.seen):.1%}"}
        if self.failed:
            figures["failed"] = str(self.failed)
        if self.tokens:
            took = max(self.shown - self.bar.started, 1e-6)
            figures["rate"] = f"{(self.bar.done + self.pending) / took:.1f}/s"
            figures["tokens"] = f"{self.tokens:,}"
        if self.cost is not None:
            figures["cost"] = f"${self.cost:.2f}"
        self.bar.figures.update(figures)
        self.bar.advance(self.pending)
        self.pending = 0
