"""compare: scores → paired differences with intervals, and the report."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from redink.evaluation.comparison import Comparison, compare_arms
from redink.files import write_atomically
from redink.records import Critique, Score
from redink.reports import comparison_facts, marks_of, print_comparison, read_trainings
from redink.reports.formats import write_report
from redink.reports.material import material_of
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
        facts = comparison_facts(comparison, trained)
        text = json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False)
        write_atomically(out / "comparison.json", text.encode())
        material = material_of(comparison, scores, critiques, trained, run_facts)
        write_report(material, out / "report.html", "html")
    return comparison
