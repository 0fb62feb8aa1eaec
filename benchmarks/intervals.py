"""How often do 95 % intervals hold the truth? The coverage behind docs/science/statistics.md.

    python -m benchmarks.intervals [--part one|pooled|seeds|accuracy|power] [--trials 2000]

Problems are drawn from a population whose ease is logistic-normal, two arms (or two trainings of
one) answer them, and each interval is computed and held against the population's difference,
known from two million problems. Prints a table per part and, last, one line of JSON.
"""

import argparse
import json
import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import NormalDist
from typing import Any

import numpy as np

from benchmarks.population import Population, draw
from redink.evaluation.statistics.bootstrap import Stratum, bootstrap_interval, estimate, variance
from redink.evaluation.statistics.interval import (
    Z95,
    Interval,
    mcnemar_exact,
    newcombe_paired,
    wilson,
    wilson_effective,
)
from redink.evaluation.statistics.power import problems_needed

RESAMPLES = 2_000
"""Of each interval in a trial; the product uses 10,000, which moves no coverage by 0.1 point."""
CASES = ((0.1, 0.0), (0.1, 0.05), (0.5, 0.0), (0.5, 0.02), (0.5, 0.1))
"""Accuracy of the baseline and the arm's difference to it, on one benchmark."""
Array = np.ndarray[Any, Any]
Method = Callable[[Sequence[Stratum]], tuple[float, float]]


def one_stratum(
    population: Population, n: int, samples: int, generator: np.random.Generator
) -> list[Stratum]:
    """Two arms on one benchmark."""
    return [draw(generator, population, n, samples)]


def one_arm(
    population: Population, n: int, samples: int, generator: np.random.Generator
) -> list[Stratum]:
    """The baseline alone."""
    return [Stratum(draw(generator, population, n, samples).second)]


def ours(strata: Sequence[Stratum]) -> tuple[float, float]:
    """The bootstrap that redink shows; the identical outcomes that it cannot judge by Newcombe."""
    interval = bootstrap_interval(strata, RESAMPLES)
    return newcombe(strata) if interval is None else (interval.low, interval.high)


def percentile(strata: Sequence[Stratum]) -> tuple[float, float]:
    """The plain percentile bootstrap (problems, and seeds where there are several)."""
    draws = plain_draws(strata)
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), float(high)


def plain_draws(strata: Sequence[Stratum]) -> Array:
    """Bootstrap draws without any correction for few units."""
    generator = np.random.default_rng(5)
    total = np.zeros(RESAMPLES)
    for stratum in strata:
        values = np.array([*stratum.first, *stratum.second])
        columns, counts = np.unique(values, axis=1, return_counts=True)
        drawn = generator.multinomial(stratum.n, counts / stratum.n, size=RESAMPLES)
        means = drawn @ columns.T / stratum.n
        one = len(stratum.first)
        for side, sign in ((means[:, :one], 1), (means[:, one:], -1)):
            picks = generator.integers(0, side.shape[1], side.shape)
            total += sign * stratum.weight * np.take_along_axis(side, picks, axis=1).mean(axis=1)
    return total


def bca(strata: Sequence[Stratum]) -> tuple[float, float]:
    """Efron's bias-corrected and accelerated bootstrap (one stratum)."""
    values = np.subtract(strata[0].first[0], strata[0].second[0])
    draws, centred = plain_draws(strata), values - values.mean()
    square = float((centred**2).sum())
    if square == 0:
        return newcombe(strata)
    below = (draws < values.mean()).mean() + (draws == values.mean()).mean() / 2
    normal = NormalDist()
    bias = normal.inv_cdf(min(max(float(below), 1e-6), 1 - 1e-6))
    acceleration = float((centred**3).sum()) / (6 * square**1.5)
    ends = []
    for z in (-Z95, Z95):
        moved = bias + (bias + z) / (1 - acceleration * (bias + z))
        ends.append(float(np.quantile(draws, normal.cdf(moved))))
    return ends[0], ends[1]


def normal(strata: Sequence[Stratum]) -> tuple[float, float]:
    """Mean and 1.96 standard errors over problems."""
    half = Z95 * math.sqrt(variance(strata).total)
    return estimate(strata) - half, estimate(strata) + half


def newcombe(strata: Sequence[Stratum]) -> tuple[float, float]:
    """Newcombe's paired interval on the pooled problems (one sample, one seed)."""
    first = np.concatenate([s.first[0] for s in strata])
    second = np.concatenate([s.second[0] for s in strata])
    interval = _newcombe(first, second)
    return interval.low, interval.high


def combined(strata: Sequence[Stratum]) -> tuple[float, float]:
    """Newcombe's interval per benchmark, combined by square-and-add (Zou and Donner 2008)."""
    below = above = 0.0
    for stratum in strata:
        first, second = np.array(stratum.first[0]), np.array(stratum.second[0])
        interval, middle = _newcombe(first, second), float((first - second).mean())
        below += (stratum.weight * (middle - interval.low)) ** 2
        above += (stratum.weight * (interval.high - middle)) ** 2
    return estimate(strata) - math.sqrt(below), estimate(strata) + math.sqrt(above)


def _newcombe(first: Array, second: Array) -> Interval:
    solved_one, solved_two = first > 0.5, second > 0.5
    return newcombe_paired(
        int((solved_one & solved_two).sum()),
        int((solved_one & ~solved_two).sum()),
        int((~solved_one & solved_two).sum()),
        int((~solved_one & ~solved_two).sum()),
    )


def coverage(
    name: str,
    methods: dict[str, Method],
    evaluation: Callable[[np.random.Generator], Sequence[Stratum]],
    truth: float,
    trials: int,
) -> list[dict[str, object]]:
    """Coverage in per cent and mean width in points of each method; prints as it goes."""
    generator = np.random.default_rng(20_26)
    held, width = dict.fromkeys(methods, 0), dict.fromkeys(methods, 0.0)
    for _ in range(trials):
        strata = evaluation(generator)
        for label, method in methods.items():
            low, high = method(strata)
            held[label] += low <= truth <= high
            width[label] += high - low
    rows = [
        {
            "case": name,
            "method": label,
            "coverage": round(100 * held[label] / trials, 1),
            "width": round(100 * width[label] / trials, 1),
        }
        for label in methods
    ]
    shown = "  ".join(f"{r['method']} {r['coverage']} ({r['width']})" for r in rows)
    print(f"{name:44} {shown}", flush=True)
    return rows


def part_one(trials: int) -> list[dict[str, object]]:
    """Two arms on one benchmark."""
    print("one benchmark: coverage % (mean width in points)")
    rows = []
    for samples in (1, 4):
        for n in (30, 200, 1000):
            for accuracy, difference in CASES:
                population = Population(accuracy, difference)
                methods: dict[str, Method] = {
                    "percentile": percentile, "BCa": bca, "stretched": ours, "normal": normal,
                }  # fmt: skip
                if samples == 1:
                    methods["Newcombe"] = newcombe
                name = f"n={n} samples={samples} accuracy={accuracy} difference={difference}"
                one = partial(one_stratum, population, n, samples)
                rows += coverage(name, methods, one, difference, trials)
    return rows


def part_pooled(trials: int) -> list[dict[str, object]]:
    """Three benchmarks of unlike size and difficulty, pooled and macro-averaged."""
    print("three benchmarks of 30, 200 and 1000 problems, accuracies 0.1, 0.5, 0.8")
    rows = []
    sizes, accuracies = (30, 200, 1000), (0.1, 0.5, 0.8)
    for samples in (1, 4):
        by_size = [n / sum(sizes) for n in sizes]
        for kind, weights in (("pooled", by_size), ("macro", [1 / 3] * 3)):
            for difference in (0.0, 0.03):
                populations = [Population(a, difference) for a in accuracies]

                def evaluation(
                    generator: np.random.Generator,
                    populations: list[Population] = populations,
                    weights: list[float] = weights,
                    samples: int = samples,
                ) -> list[Stratum]:
                    blocks = []
                    for p, n, weight in zip(populations, sizes, weights, strict=True):
                        drawn = draw(generator, p, n, samples)
                        blocks.append(Stratum(drawn.first, drawn.second, weight))
                    return blocks

                methods: dict[str, Method] = {"percentile": percentile, "stretched": ours}
                if samples == 1:
                    methods["combined"] = combined
                    if kind == "pooled":
                        methods["Newcombe"] = newcombe
                name = f"{kind} samples={samples} difference={difference}"
                rows += coverage(name, methods, evaluation, difference, trials)
    return rows


def part_seeds(trials: int) -> list[dict[str, object]]:
    """Arms trained several times: the truth is the mean over all trainings."""
    print("several trainings: log-odds of a training shift by a normal of s.d. 0.15 (or 0.4)")
    rows = []
    for spread in (0.15, 0.4):
        for seeds in ((2, 2), (3, 3), (5, 5), (1, 3)):
            for n in (200, 1000):
                population = Population(0.5, 0.0)

                def evaluation(
                    generator: np.random.Generator,
                    seeds: tuple[int, int] = seeds,
                    n: int = n,
                    spread: float = spread,
                    population: Population = population,
                ) -> list[Stratum]:
                    # One training alone stands for itself: no interval can cover its chance.
                    first, second = (
                        generator.normal(0.0, spread, s) if s > 1 else np.zeros(1) for s in seeds
                    )
                    return [draw(generator, population, n, 1, (first, second))]

                methods: dict[str, Method] = {
                    "problems only": problems_only,
                    "percentile": percentile,
                    "stretched": ours,
                }
                name = f"s.d. {spread} seeds={seeds[0]}+{seeds[1]} n={n}"
                rows += coverage(name, methods, evaluation, 0.0, trials)
    return rows


def problems_only(strata: Sequence[Stratum]) -> tuple[float, float]:
    """What an interval that resamples problems alone says."""
    half = Z95 * math.sqrt(variance(strata).problems)
    return estimate(strata) - half, estimate(strata) + half


def part_accuracy(trials: int) -> list[dict[str, object]]:
    """One arm alone."""
    print("accuracy of one arm: coverage % (mean width in points)")

    def effective(strata: Sequence[Stratum]) -> tuple[float, float]:
        spread = variance(strata)
        n = sum(s.n for s in strata)
        interval = wilson_effective(estimate(strata), spread.total, n, spread.freedom)
        return interval.low, interval.high

    def plain_wilson(strata: Sequence[Stratum]) -> tuple[float, float]:
        interval = wilson(round(sum(strata[0].first[0])), strata[0].n)
        return interval.low, interval.high

    def boot(strata: Sequence[Stratum]) -> tuple[float, float]:
        interval = bootstrap_interval(strata, RESAMPLES)
        return (estimate(strata),) * 2 if interval is None else (interval.low, interval.high)

    rows = []
    for samples in (1, 8):
        for n in (30, 200, 1000):
            for accuracy in (0.03, 0.1, 0.5, 0.9):
                population = Population(accuracy, 0.0)
                methods: dict[str, Method] = {"stretched": boot, "Wilson effective": effective}
                if samples == 1:
                    methods["Wilson"] = plain_wilson
                name = f"n={n} samples={samples} accuracy={accuracy}"
                alone = partial(one_arm, population, n, samples)
                rows += coverage(name, methods, alone, accuracy, trials)
    return rows


def part_power(trials: int) -> list[dict[str, object]]:
    """Is a difference shown in 4 of 5 evaluations of the size that `problems_needed` names?"""
    print("power at the number of problems that is named")
    rows: list[dict[str, object]] = []
    for samples in (1, 4):
        for accuracy, difference in ((0.5, 0.02), (0.5, 0.05), (0.5, 0.1), (0.1, 0.05)):
            population = Population(accuracy, difference)
            generator = np.random.default_rng(3)
            large = draw(generator, population, 400_000, samples)
            values = np.subtract(large.first[0], large.second[0])
            n = problems_needed(difference, float((values**2).mean()))
            assert n is not None
            shown = exact = 0
            for _ in range(trials):
                stratum = draw(generator, population, n, samples)
                low, high = (newcombe if samples == 1 else ours)([stratum])
                shown += low > 0 or high < 0
                signs = np.sign(np.subtract(stratum.first[0], stratum.second[0]))
                p = mcnemar_exact(int((signs > 0).sum()), int((signs < 0).sum()))
                exact += p < 0.05
            row: dict[str, object] = {
                "case": f"samples={samples} accuracy={accuracy} difference={difference}",
                "n": n,
                "shown": round(100 * shown / trials, 1),
            }
            if samples == 1:
                row["exact"] = round(100 * exact / trials, 1)
            print(row, flush=True)
            rows.append(row)
    return rows


PARTS = {
    "one": part_one,
    "pooled": part_pooled,
    "seeds": part_seeds,
    "accuracy": part_accuracy,
    "power": part_power,
}


def main() -> None:
    """Runs the parts asked for."""
    parser = argparse.ArgumentParser(description="Coverage of the intervals of redink.")
    parser.add_argument("--part", choices=[*PARTS], action="append", help="all if not given")
    parser.add_argument("--trials", type=int, default=2000, help="evaluations per case")
    parser.add_argument("--data", help="taken and ignored: the populations are simulated")
    chosen = parser.parse_args()
    found: dict[str, object] = {}
    for part in chosen.part or PARTS:
        start = time.monotonic()
        found[part] = PARTS[part](chosen.trials)
        print(f"({time.monotonic() - start:.0f} s)\n", flush=True)
    print(json.dumps({"trials": chosen.trials, **found}))


if __name__ == "__main__":
    main()
