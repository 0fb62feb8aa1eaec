"""Several teachers at once, each with its share of the responses."""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from redink.engines.engine import Failure
from redink.errors import DataError, UsageError
from redink.records import Critique, Problem, Response
from redink.teachers.teacher import Teacher

Pair = tuple[Problem, Response]


class Critic(Protocol):
    """Writes critiques of many responses, in any order."""

    remote: bool
    """Whether it works elsewhere, so that several of them can be waited for at a time."""

    def critiques(self, pairs: Sequence[Pair]) -> Iterator[Critique | Failure]:
        """Yields each response's critique, or why there is none; a Failure's id is the
        response's."""
        ...


class SymbolicCritic:
    """The symbolic teacher over many responses."""

    remote = False

    def __init__(self, teacher: Teacher) -> None:
        self.teacher = teacher

    def critiques(self, pairs: Sequence[Pair]) -> Iterator[Critique | Failure]:
        """Yields each response's critique, in order.

        Raises DataError where a problem has no reference solution.
        """
        for problem, response in pairs:
            if not (problem.solution or "").strip():
                raise DataError(
                    f"critique: problem {problem.id} has no reference solution, which the symbolic "
                    "teacher needs; load problems with solutions, or select those that have one"
                )
            yield self.teacher.critique(problem, response)


def shares_of(teacher: str | Mapping[str, float]) -> dict[str, float]:
    """Teachers' shares, which come to 1 together.

    Raises UsageError for shares that are none.
    """
    if isinstance(teacher, str):
        return {teacher: 1.0}
    if not teacher or not all(0 < share < math.inf for share in teacher.values()):
        raise UsageError(
            "critique: each teacher's share must be above 0, as in {symbolic: 0.5, NAME: 0.5}"
        )
    total = sum(teacher.values())
    return {name: share / total for name, share in teacher.items()}


def assigned(response_id: str, shares: Mapping[str, float], seed: int) -> str:
    """The teacher that marks a response: the same one whatever other responses there are.

    Weighted rendezvous hashing: each teacher draws from the content of seed, response and its own
    name, and the best draw wins, so that a further teacher takes rows over and moves no other.
    """

    def draw(name: str) -> float:
        content = f"{seed}\0{response_id}\0{_stable(name)}".encode()
        number = int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big")
        return -math.log((number + 1) / (2**64 + 1)) / shares[name]

    return min(sorted(shares), key=draw) if len(shares) > 1 else next(iter(shares))


def critiques_by(
    critics: Mapping[str, Critic], shares: Mapping[str, float], seed: int, pairs: Sequence[Pair]
) -> Iterator[Critique | Failure]:
    """The critiques of all teachers for their shares of the responses, in any order."""
    parts: dict[str, list[Pair]] = {name: [] for name in critics}
    for pair in pairs:
        parts[assigned(pair[1].id, shares, seed)].append(pair)
    remote = [critics[n].critiques(part) for n, part in parts.items() if part and critics[n].remote]
    # Engines of endpoints work in threads of their own: taking turns keeps all of them busy.
    try:
        yield from _in_turn(remote)
        for name, part in parts.items():
            if part and not critics[name].remote:
                yield from critics[name].critiques(part)
    finally:
        for iterator in remote:
            close = getattr(iterator, "close", None)
            if close is not None:
                close()


def _in_turn(iterators: Sequence[Iterator[Critique | Failure]]) -> Iterator[Critique | Failure]:
    left = list(iterators)
    while left:
        for iterator in list(left):
            try:
                yield next(iterator)
            except StopIteration:
                left.remove(iterator)


def _stable(name: str) -> str:
    """A name without the URL: another address of a model moves no row."""
    return name.rpartition("@http")[0] if "@http" in name else name
