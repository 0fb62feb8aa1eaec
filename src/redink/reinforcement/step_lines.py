"""What the logs tell of a step."""

from collections.abc import Mapping, Sequence

from redink.records import Json
from redink.reinforcement.collecting import Collected
from redink.reinforcement.rollouts import LoggedRollout, logged
from redink.reinforcement.rows import Row


def lines_of(
    rows: Sequence[Row], collected: Collected, step: int, model: str
) -> list[LoggedRollout]:
    """The lines of a step's rollouts: those trained on by problem, then the others.

    Args:
        rows: trained on, with what the training found.
        collected: all that the step drew.
        step: from 1.
        model: the student's name.
    """
    trained = [
        logged(
            sample.drawn,
            sample.marked,
            step,
            model,
            advantage=row.advantage,
            kl=row.mean_divergence,
            entropy=row.entropy,
        )
        for row, sample in zip(rows, collected.samples, strict=True)
    ]
    others = [logged(one.drawn, one.marked, step, model) for one in collected.others]
    return trained + others


def figures_beside(rows: Sequence[Row], collected: Collected, seconds: Mapping[str, float]) -> Json:
    """What a step's line says besides `figures_of`.

    `skipped`: share of the problems drawn for that were all right or all wrong and not trained on;
    `sampler_gap`: mean over rollouts of how far a token's mean log-probability by the copy that
    drew it is from the policy's, in nats; `seconds_by_part`; where tokens are weighed, `importance`
    (their mean weight) and `capped` (the share whose weight the cap holds), means over rollouts.
    """
    gaps = [
        abs(row.logprob - sum(row.drawn.logprobs) / len(row.drawn.logprobs))
        for row in rows
        if row.logprob is not None and row.drawn.logprobs
    ]
    parts = {
        "sampling": collected.sampling_seconds,
        "marking": collected.marking_seconds,
        **seconds,
    }
    weights = [row.importance for row in rows if row.importance is not None]
    capped = [row.capped for row in rows if row.capped is not None]
    weighed = {"importance": _mean(weights), "capped": _mean(capped)} if weights else {}
    return {
        "skipped": collected.skipped / collected.drawn if collected.drawn else 0.0,
        "problems_drawn": collected.drawn,
        "sampler_gap": _mean(gaps) if gaps else None,
        **weighed,
        "seconds_by_part": {name: round(value, 3) for name, value in parts.items()},
    }


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
