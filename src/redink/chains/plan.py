"""Which attempts make up a chain: wrong ones from the furthest to the nearest, then a right one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal, get_args

from redink.errors import UsageError
from redink.records import Critique, Problem, Response
from redink.tables import Dropped, Table, drop

Order = Literal["nearing", "random"]
ORDERS: tuple[Order, ...] = get_args(Order)
_TRIES = 8
"""Draws for one more chain of a problem before there is taken to be none."""


@dataclass(frozen=True)
class Attempt:
    """A wrong response with its critique."""

    response: Response
    critique: Critique
    step: int | None
    """0-based solution step that is wrong first; None where nobody names it."""


Place = Callable[[Problem, Response, Critique], int | str | None]
"""From a wrong response to its first wrong step, None where nobody names it; or to why it cannot be
part of a chain."""
Fit = Callable[[Problem, Response], bool]
"""Whether a right response can be the end of a chain."""


@dataclass(frozen=True)
class Draft:
    """What one chain is made of."""

    problem: Problem
    wrong: tuple[Attempt, ...]
    """In the order in which they are told."""
    right: Response | None
    """The right attempt; None for the reference solution."""
    number: int
    """0-based place among the chains of its problem."""

    @property
    def solution(self) -> str:
        """The text of the right attempt."""
        return self.right.text if self.right is not None else self.problem.solution or ""

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from other chains of its problem."""
        used = [attempt.response.id for attempt in self.wrong]
        return (self.right.id if self.right else "", *used)


@dataclass
class Attempts:
    """What there is of one problem."""

    problem: Problem
    wrong: list[Attempt] = field(default_factory=list)
    right: list[Response] = field(default_factory=list)
    unfit: list[str] = field(default_factory=list)
    """Why responses cannot be told."""


@dataclass(frozen=True)
class Choosing:
    """How attempts are chosen."""

    least: int = 1
    """Wrong attempts of a chain at least."""
    most: int = 2
    order: Order = "nearing"
    per_problem: int = 1
    seed: int = 0

    @classmethod
    def of(cls, attempts: Sequence[int], order: str, per_problem: int, seed: int) -> "Choosing":
        """The settings as a recipe writes them; raises UsageError for impossible ones."""
        if len(attempts) != 2 or not 0 <= attempts[0] <= attempts[1] or not attempts[1]:
            raise UsageError(
                f"chain: attempts is {list(attempts)}; give the least and the most wrong attempts "
                "of a chain, as in [1, 2]"
            )
        if order not in ORDERS:
            raise UsageError(f"chain: order {order!r} is unknown; use {' or '.join(ORDERS)}")
        if per_problem < 1:
            raise UsageError(f"chain: per_problem is {per_problem}; give 1 or more")
        return cls(attempts[0], attempts[1], "nearing" if order == "nearing" else "random",
                   per_problem, seed)  # fmt: skip


def gather(critiques: Table[Critique], place: Place, fit: Fit) -> list[Attempts]:
    """What there is of each problem, in the order of the critiques.

    A response counts as wrong where the grader and the critique say so, as right where the grader
    does and no critique contradicts; one that they disagree about is no part of a chain.
    """
    found: dict[str, Attempts] = {}
    seen: set[str] = set()
    for critique in critiques:
        response = critiques.responses[critique.response_id]
        problem = critiques.problems[response.problem_id]
        mine = found.setdefault(problem.id, Attempts(problem))
        if response.id in seen:
            continue
        if response.outcome == "correct" and critique.verdict != "wrong":
            seen.add(response.id)
            if fit(problem, response):
                mine.right.append(response)
        elif response.outcome == "wrong" and critique.verdict == "wrong":
            seen.add(response.id)
            step = place(problem, response, critique)
            if isinstance(step, str):
                mine.unfit.append(step)
            else:
                mine.wrong.append(Attempt(response, critique, step))
    return list(found.values())


def drafts(
    gathered: Sequence[Attempts], choosing: Choosing, ends: Callable[[Problem], bool]
) -> tuple[list[Draft], list[Dropped]]:
    """The chains to be written, and the problems that none comes of, with the reason.

    Args:
        gathered: from `gather`.
        choosing: how attempts are chosen.
        ends: whether a problem's reference solution can be the end of a chain.
    """
    made: list[Draft] = []
    dropped: list[Dropped] = []
    for mine in gathered:
        if not mine.right and not ends(mine.problem):
            dropped.append(drop(mine.problem, "no right attempt and no reference solution to tell"))
            continue
        own = list(_drafts(mine, choosing))
        if not own:
            dropped.append(drop(mine.problem, _too_few(mine, choosing)))
        made += own
    return made, dropped


def _drafts(mine: Attempts, choosing: Choosing) -> Iterator[Draft]:
    groups = _groups(mine.wrong, choosing.order)
    most = min(choosing.most, len(groups))
    if most < choosing.least:
        return
    seen: set[tuple[str, ...]] = set()
    for number in range(choosing.per_problem):
        for turn in range(_TRIES):
            random = Random(f"{choosing.seed}:{mine.problem.id}:{number}:{turn}")
            chosen = random.sample(sorted(groups), random.randint(choosing.least, most))
            wrong = [random.choice(groups[key]) for key in chosen]
            if choosing.order == "nearing":
                wrong.sort(key=lambda attempt: -1 if attempt.step is None else attempt.step)
            right = random.choice(mine.right) if mine.right else None
            draft = Draft(mine.problem, tuple(wrong), right, number)
            if draft.key not in seen:
                seen.add(draft.key)
                yield draft
                break


def _groups(wrong: Sequence[Attempt], order: Order) -> Mapping[str, list[Attempt]]:
    """Attempts of which a chain may tell one each.

    Who nears the answer gets further each time: of those that fail at the same step there is one.
    Those whose step nobody names come first, in the order in which they are drawn.
    """
    groups: dict[str, list[Attempt]] = {}
    for attempt in wrong:
        known = order == "nearing" and attempt.step is not None
        key = f"step {attempt.step:06}" if known else f"text {attempt.response.text}"
        groups.setdefault(key, []).append(attempt)
    return groups


def _too_few(mine: Attempts, choosing: Choosing) -> str:
    groups = len(_groups(mine.wrong, choosing.order))
    why = f"{groups} wrong attempts to tell, attempts wants {choosing.least}"
    if choosing.order == "nearing" and len(mine.wrong) > groups:
        why += " that fail at different steps"
    reason = max(set(mine.unfit), key=lambda one: (mine.unfit.count(one), one), default="")
    return f"{why} ({reason})" if reason else why
