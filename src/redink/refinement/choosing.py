"""Choosing among answers to one problem: by votes, by scores, by both."""

from collections.abc import Sequence

from redink.evaluation.answers import score_of
from redink.evaluation.majority import ballot
from redink.refinement.tried import Tried


def answer_classes(tried: Sequence[Tried]) -> list[str | None]:
    """What each answer votes for, as `redink.evaluation.majority.ballot` has it; None for answers
    that do not vote."""
    classes: list[str | None] = []
    for number, one in enumerate(tried):
        vote = next(iter(ballot([score_of(one.answer, "", "")])), None)
        # The ballot numbers answers without a text of their own by their place in it.
        classes.append(f"sample {number}" if vote == "sample 0" else vote)
    return classes


def most_votes(tried: Sequence[Tried], weights: Sequence[float] | None = None) -> Tried:
    """The first answer of the class with the most votes; of tied ones the class that came first.

    Args:
        tried: answers in the order in which they were drawn, one or more.
        weights: what each vote weighs; 1 each where not given.

    Where no answer votes, the first one is taken.
    """
    classes = answer_classes(tried)
    totals: dict[str, float] = {}
    for place, name in enumerate(classes):
        if name is not None:
            totals[name] = totals.get(name, 0.0) + (1.0 if weights is None else weights[place])
    if not totals:
        return tried[0]
    return tried[classes.index(max(totals, key=lambda name: totals[name]))]


def highest(tried: Sequence[Tried], values: Sequence[float]) -> Tried:
    """The answer with the highest value; of equal ones the first."""
    return tried[max(range(len(tried)), key=lambda place: values[place])]
