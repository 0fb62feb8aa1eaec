"""What a comparison found, and how the findings for the parts of an answer join."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Verdict:
    """What a comparison found."""

    equal: bool | None
    """None where only symbols can tell."""
    by: str = "literal"
    why: str = ""
    unsure: bool = False
    """Whether rules cannot tell, so that `equal` is a guess."""


OPEN = Verdict(None, "symbolic", "left to symbols")


def all_equal(verdicts: Iterable[Verdict]) -> Verdict:
    """All parts must be equal; the first that differs decides."""
    by, unsure, is_open = "literal", False, False
    for verdict in verdicts:
        if verdict.equal is False:
            return verdict
        is_open = is_open or verdict.equal is None
        unsure = unsure or verdict.unsure
        by = verdict.by if verdict.by != "literal" else by
    return OPEN if is_open else Verdict(True, by, "all parts equal", unsure)


def matched(gold: Sequence[T], answer: Sequence[T], one: Callable[[T, T], Verdict]) -> Verdict:
    """Whether each part of one is equal to its own part of the other, in any order.

    Equality is transitive, so taking the first equal part is never a mistake.
    """
    left, by, is_open = list(answer), "literal", False
    for part in gold:
        verdicts = []
        for index, other in enumerate(left):
            verdicts.append(one(part, other))
            if verdicts[-1].equal:
                by = verdicts[-1].by if verdicts[-1].by != "literal" else by
                del left[index]
                break
        else:
            if not any(verdict.equal is None for verdict in verdicts):
                return Verdict(False, "literal", "a value that the other has not")
            is_open = True
    return OPEN if is_open else Verdict(True, by, "all values equal")
