"""Which problems and which of their samples are trained on."""

from collections.abc import Sequence

from redink.rewards import Marked


def is_settled(group: Sequence[Marked]) -> bool:
    """Whether a problem's samples teach nothing: all right, all wrong, or fewer than two scorable.

    DAPO's dynamic sampling (arXiv 2503.14476, section 3.2) draws other problems in their place.
    """
    scorable = [one for one in group if one.is_scorable]
    right = sum(one.outcome == "correct" for one in scorable)
    return len(scorable) < 2 or right in (0, len(scorable))


def most_varied(rewards: Sequence[float | None], count: int) -> list[int]:
    """The samples of a problem whose rewards vary most: max-variance down-sampling.

    PODS (arXiv 2504.13818, section 3.2): the `count` of greatest variance are the highest few and
    the lowest few, so that only the number of the high ones has to be tried.

    Args:
        rewards: of the problem's samples; None where one cannot be scored: these are taken only
            where the others are too few.
        count: samples to take, no more than there are.

    Returns their indices, in order. Of equal choices the one with more high rewards, and of equal
    rewards the earlier samples.
    """
    known = [(reward, index) for index, reward in enumerate(rewards) if reward is not None]
    unknown = [index for index, reward in enumerate(rewards) if reward is None]
    if len(known) <= count:
        return sorted([index for _, index in known] + unknown[: count - len(known)])
    found = [_ends(known, high, count) for high in range(count, -1, -1)]
    best = max(found, key=lambda chosen: _spread([reward for reward, _ in chosen]))
    return sorted(index for _, index in best)


def _ends(known: Sequence[tuple[float, int]], high: int, count: int) -> list[tuple[float, int]]:
    """The `high` highest rewards with their indices, and of the rest the lowest, `count` in all."""
    highest = sorted(known, key=lambda pair: (-pair[0], pair[1]))[:high]
    lowest = sorted(pair for pair in known if pair not in highest)[: count - high]
    return highest + lowest


def _spread(rewards: Sequence[float]) -> float:
    """Sum of squared distances from the mean, rounded so that equal choices are equal."""
    mean = sum(rewards) / len(rewards)
    return round(sum((reward - mean) ** 2 for reward in rewards), 12)
