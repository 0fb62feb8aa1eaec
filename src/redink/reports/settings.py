"""With what a run was made, and how the report's figures are."""

from collections.abc import Iterator, Mapping
from typing import Any

from redink.evaluation.comparison import Comparison
from redink.reports.blocks import Block, Cell, Column, Details, Grid
from redink.visible import clipped, one_line

LONGEST_RECIPE = 60_000
"""Characters of a recipe that are shown."""


def setting_blocks(facts: Mapping[str, Any], run: str = "") -> Iterator[Block]:
    """Versions, hardware, seeds and the recipe of one run, as `run.json` tells them.

    Args:
        facts: what `run.json` holds.
        run: stands before each title, where there are several runs.
    """
    before = f"{run}: " if run else ""
    for name in ("versions", "hardware", "seeds"):
        values = facts.get(name)
        if isinstance(values, Mapping) and values:
            texts = [(one_line(str(key)), one_line(str(value))) for key, value in values.items()]
            rows = tuple((Cell(key), Cell(value)) for key, value in texts)
            columns = (Column(name.removesuffix("s"), prose=True), Column("value", prose=True))
            title = f"{before}{name}" if run else name.capitalize()
            yield Grid(title, columns, rows)
    text = facts.get("recipe_text")
    if text:
        name = one_line(str(facts.get("recipe") or ""))
        summary = f"{before}The recipe {name}".rstrip()
        yield Details(summary, text=clipped(str(text), LONGEST_RECIPE))


def method_block(comparison: Comparison) -> Details:
    """How accuracies, intervals and tests are computed."""
    return Details(
        "How the figures are made",
        (_grading(comparison), _accuracy(comparison), _difference(comparison)),
    )


def _grading(comparison: Comparison) -> str:
    judge = ""
    if any(row.judged for row in comparison.metrics):
        judge = ", or where the judge, an LLM, said so (counted as “judged”)"
    return (
        "An answer is right when its final answer equals the reference answer as text, as an exact "
        f"number or symbolically{judge}. Answers that name no final answer, are cut off or outlast "
        "the grader count as not right; problems whose reference answer cannot be read are left "
        "out. Only problems that every arm answered are used."
    )


def _accuracy(comparison: Comparison) -> str:
    seeds = " and its training seeds" if comparison.has_seeds else ""
    text = (
        "Accuracy is avg@k: the share of right answers, averaged over an arm’s samples of a "
        f"problem{seeds}, then over problems; its standard error is clustered by problem. Its "
        "interval is Wilson’s score interval, for averages at the effective sample size."
    )
    if comparison.has_samples:
        text += (
            " pass@k is the unbiased estimate of Chen et al. 2021 (arXiv 2107.03374, equation 1), "
            "problems with fewer than k graded samples left out and counted. maj@k is whether the "
            "most frequent answer is right; right answers are one class, wrong ones are classed by "
            "their text, a tie counts by the share of right ones among the tied, answers that name "
            "nothing do not vote."
        )
    return text


def _difference(comparison: Comparison) -> str:
    last = comparison.benchmarks[-1]
    if len(comparison.benchmarks) == 1:
        which = f"“{last}” is the only benchmark"
    else:
        which = f"“{last}” counts every problem the same"
        if "average of benchmarks" in comparison.benchmarks:
            which += "; “average of benchmarks” counts every benchmark the same"
    seeds = ", and over training seeds" if comparison.has_seeds else ""
    return (
        f"{which}. The interval of a paired difference is Newcombe’s for paired proportions "
        "(Statistics in Medicine 17, 1998, method 10) where each arm is one training with one "
        "answer per problem; else a bootstrap of 10,000 resamples over problems within their "
        f"benchmark{seeds}. McNemar’s p is the exact two-sided one; with several samples or seeds "
        "p comes from random sign flips of the problems’ differences. “Won” and “lost” count the "
        "problems on which the arm, or the baseline, did better. “Shown from” is the smallest "
        "difference that these problems would show in 4 of 5 evaluations; “problems needed” is how "
        "many the observed difference would take, where it is not shown (Connor 1987)."
    )
