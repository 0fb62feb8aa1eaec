"""The arithmetic of K: how often labels by continuations say the wrong thing.

Labels by continuations tell whether the student recovers, not whether a step is right. Both
mistakes follow from the share of continuations that come to the right answer.
"""

from math import comb


def reached(rate: float, samples: int, least: int = 1) -> float:
    """The chance that at least `least` of `samples` continuations come to the right answer.

    Args:
        rate: chance of one continuation, 0 to 1; they are drawn independently.
    """
    short = sum(
        comb(samples, right) * rate**right * (1 - rate) ** (samples - right)
        for right in range(least)
    )
    return max(0.0, 1.0 - short)


def missed(rate: float, samples: int, least: int = 1) -> float:
    """The chance that a right prefix, from which the student succeeds at `rate`, is labelled
    wrong."""
    return 1.0 - reached(rate, samples, least)


def rescued(rate: float, samples: int, least: int = 1) -> float:
    """The chance that a wrong step, from which the student recovers at `rate`, is labelled
    right."""
    return reached(rate, samples, least)
