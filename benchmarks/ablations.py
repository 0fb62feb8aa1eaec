"""The table of docs/science/ablations.md, from a run of the recipe `ablations`.

    python -m benchmarks.ablations runs/ablations-1a2b3c4d

Prints each arm's accuracy and paired difference to the baseline, on the problems like those of
training, on longer ones and on word problems, and as its last line the same as JSON.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from redink.evaluation.comparison import Comparison, compare_arms
from redink.finished import joined_scores
from redink.records import Score

GROUPS = {
    "in distribution": ("heldout-legs", "heldout-sums"),
    "longer": ("longer-legs",),
    "word problems": ("word-problems",),
}
"""What is shown in a column, and the benchmarks that it pools."""


def compared(scores: Sequence[Score], baseline: str) -> dict[str, Comparison]:
    """Each group's comparison."""
    return {
        group: compare_arms([score for score in scores if score.benchmark in names], baseline)
        for group, names in GROUPS.items()
    }


def cell(found: Comparison, arm: str) -> dict[str, float | int | None]:
    """One arm's figures in one group, shares between 0 and 1."""
    metrics, difference = found.of(arm, found.headline), found.difference(arm, found.headline)
    return {
        "accuracy": metrics.accuracy,
        "low": metrics.interval.low,
        "high": metrics.interval.high,
        "problems": metrics.n_problems,
        "trainings": found.n_seeds[arm],
        "difference": difference.difference if difference else None,
        "difference_low": difference.interval.low if difference else None,
        "difference_high": difference.interval.high if difference else None,
        "p": difference.p if difference else None,
    }


def row(arm: str, cells: Sequence[dict[str, float | int | None]]) -> str:
    """One arm as a line of a Markdown table."""
    texts = [f"`{arm}`", str(cells[0]["trainings"])]
    for one in cells:
        texts.append(f"{_share(one['accuracy'])} ({_share(one['low'])} to {_share(one['high'])})")
        texts.append(
            "baseline"
            if one["difference"] is None
            else f"{_points(one['difference'])} ({_points(one['difference_low'])} to "
            f"{_points(one['difference_high'])})"
        )
    return f"| {' | '.join(texts)} |"


def _share(value: float | int | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"


def _points(value: float | int | None) -> str:
    return "" if value is None else f"{100 * value:+.1f}".replace("-", "−")


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("run", type=Path, help="folder of a finished run")
    parser.add_argument("--baseline", default="sft")
    given = parser.parse_args()
    groups = compared(joined_scores([given.run]).rows, given.baseline)
    arms = next(iter(groups.values())).arms
    heads = [text for group in groups for text in (f"{group}, %", f"over {given.baseline}, points")]
    print(f"| arm | trainings | {' | '.join(heads)} |")
    print(f"|{'---|' * (2 + len(heads))}")
    figures = {arm: {name: cell(one, arm) for name, one in groups.items()} for arm in arms}
    for arm in arms:
        print(row(arm, list(figures[arm].values())))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
