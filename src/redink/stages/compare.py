"""compare: scores → paired differences with intervals, and the report."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from redink.evaluation.comparison import Comparison, compare_arms
from redink.evaluation.conclusion import caveat, conclusions
from redink.files import write_atomically
from redink.records import Critique, Score
from redink.reports import Training, marks_of, print_comparison, read_trainings, render_page
from redink.tables import Table


def compare(
    scores: Table[Score],
    *,
    baseline: str,
    title: str = "",
    critiques: Table[Critique] | None = None,
    trainings: Mapping[str, Path] | None = None,
    run_facts: Mapping[str, Any] | None = None,
    out: Path | None = None,
) -> Comparison:
    """Compares every arm with a baseline arm over the same problems, and reports it.

    Prints tables and one plain sentence per arm; with `out` also writes `comparison.json` and
    the self-contained `report.html` there. Marks in the scores' provenance (that validation
    overlaps a benchmark, say) stand at every table.

    Args:
        scores: what `evaluate` returned.
        baseline: the arm that the others are compared with, named without a training seed.
        title: heading of the report.
        critiques: a table from which worked examples are shown.
        trainings: arm name → its `training.json`.
        run_facts: recipe, stages, versions, hardware and seeds of the run, as far as known.
        out: folder for the files.

    Raises UsageError for a baseline that is no arm, DataError for scores or training records
    that cannot be used, StorageError where a file cannot be written.
    """
    comparison = compare_arms(scores.rows, baseline, title, marks=marks_of(scores))
    trained = read_trainings(trainings)
    print_comparison(comparison, trained)
    if out is not None:
        facts = _facts(comparison, trained)
        text = json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False)
        write_atomically(out / "comparison.json", text.encode())
        page = render_page(comparison, scores, critiques, trained, run_facts)
        write_atomically(out / "report.html", page.encode())
    return comparison


def _facts(comparison: Comparison, trained: Mapping[str, Training]) -> dict[str, Any]:
    """What `comparison.json` holds."""
    return {
        **comparison.to_json(),
        "conclusions": conclusions(comparison),
        "caveat": caveat(comparison),
        "trainings": {
            arm: {
                "examples": training.examples,
                "tokens": training.tokens,
                "loss_tokens": training.loss_tokens,
                "seconds": training.seconds,
            }
            for arm, training in trained.items()
        },
    }
