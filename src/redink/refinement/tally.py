"""What strategies came to: accuracy, tokens, drafts harmed and fixed, and the vote beside them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from redink.evaluation.metrics import POOLED
from redink.evaluation.sheet import NOT_COUNTED
from redink.evaluation.statistics.interval import wilson
from redink.evaluation.statistics.passes import mean_and_error
from redink.records import Score
from redink.refinement.curve import Curve, mean_of
from redink.refinement.plays import Picks
from redink.refinement.strategy import ORACLE, Strategy
from redink.refinement.tried import Tried

Played = Sequence[tuple[Strategy, Picks]]


def arms_played(played: Played, oracle: bool) -> list[tuple[str, Strategy, Picks]]:
    """The strategies under their names, then the oracles of what they chose from, each once."""
    arms = [(strategy.name, strategy, picks) for strategy, picks in played]
    pools: dict[str, tuple[str, Strategy, Picks]] = {}
    for strategy, picks in played:
        if oracle and strategy.answers > 1 and strategy.pool not in pools:
            best = {key: pick.oracle() for key, pick in picks.items()}
            pools[strategy.pool] = (ORACLE + strategy.pool, strategy, best)
    return [*arms, *pools.values()]


def scores_of(
    arms: Sequence[tuple[str, Strategy, Picks]], benchmarks: Mapping[str, Sequence[str]]
) -> list[Score]:
    """A score of each arm for each problem of each benchmark.

    Args:
        arms: from `arms_played`.
        benchmarks: name → problem ids.
    """
    return [
        picks[key].score(arm, benchmark)
        for arm, _, picks in arms
        for benchmark, keys in benchmarks.items()
        for key in keys
    ]


def tally(
    arms: Sequence[tuple[str, Strategy, Picks]],
    benchmarks: Mapping[str, Sequence[str]],
    greedy: Mapping[str, Tried],
    samples: Mapping[str, Sequence[Tried]],
) -> dict[str, Any]:
    """Everything that tables and the report show, as plain JSON values.

    Args:
        arms: from `arms_played`.
        benchmarks: name → problem ids; of several there are rows of all problems together too.
        greedy: problem id → its greedy draft.
        samples: problem id → its sampled drafts.
    """
    rows: list[dict[str, Any]] = []
    curves: dict[str, Any] = {}
    sets = dict(benchmarks)
    if len(sets) > 1:
        sets[POOLED] = [key for keys in benchmarks.values() for key in keys]
    for benchmark, all_keys in sets.items():
        keys = [key for key in all_keys if greedy[key].response.outcome not in NOT_COUNTED]
        if not keys:
            continue
        curve = Curve({key: samples[key] for key in keys})
        curves[benchmark] = [_point(curve, n) for n in range(1, curve.samples + 1)]
        rows += [
            {"benchmark": benchmark, **_row(arm, strategy, picks, keys, greedy, curve)}
            for arm, strategy, picks in arms
        ]
    return {"strategies": rows, "majority": curves}


def _row(
    arm: str,
    strategy: Strategy,
    picks: Picks,
    keys: Sequence[str],
    greedy: Mapping[str, Tried],
    curve: Curve,
) -> dict[str, Any]:
    right = {key: picks[key].chosen.is_right for key in keys}
    before = {key: greedy[key].is_right for key in keys}
    tokens, error = mean_and_error([picks[key].tokens for key in keys])
    interval = wilson(sum(right.values()), len(keys))
    n = min(strategy.answers, curve.samples)
    return {
        "name": arm,
        "oracle": arm.startswith(ORACLE),
        "problems": len(keys),
        "right": sum(right.values()),
        "accuracy": sum(right.values()) / len(keys),
        "interval": [interval.low, interval.high],
        "tokens": tokens,
        "tokens_error": _finite(error),
        "harmed": sum(before[key] and not right[key] for key in keys),
        "fixed": sum(right[key] and not before[key] for key in keys),
        "drafts_right": sum(before.values()),
        "answers": strategy.answers,
        "vote_of": n,
        "blind": _mean({key: picks[key].blind for key in keys}),
        "blind_text": _mean({key: picks[key].blind_text for key in keys}),
        "majority": _mean(curve.votes(n)),
        "passes": _mean(curve.passes(n)),
        "at_equal_tokens": _at_equal_tokens(right, tokens, curve),
    }


def _at_equal_tokens(right: Mapping[str, bool], tokens: float, curve: Curve) -> Any:
    """The vote that takes as many tokens, and the arm's paired difference to it."""
    votes, passes = curve.at_tokens(tokens, "votes"), curve.at_tokens(tokens, "passes")
    if votes is None or passes is None:
        return None
    difference = mean_of([right[key] - votes[key] for key in right])
    return {
        "drafts": max(1.0, tokens / curve.tokens) if curve.tokens else 1.0,
        "majority": _mean(votes),
        "passes": _mean(passes),
        "difference": difference.value,
        "interval": [_finite(difference.low), _finite(difference.high)],
    }


def _point(curve: Curve, n: int) -> dict[str, float]:
    return {
        "drafts": n,
        "tokens": n * curve.tokens,
        "majority": _mean(curve.votes(n)),
        "passes": _mean(curve.passes(n)),
    }


def _mean(values: Mapping[str, float]) -> float:
    return math.fsum(values.values()) / len(values)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
