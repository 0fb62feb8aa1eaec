"""Comparing arms with a baseline arm over the same problems."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from redink.errors import UsageError
from redink.evaluation.difference import PairedDifference, paired_difference
from redink.evaluation.results import Results, rows_of, sheets_of, summarise
from redink.evaluation.seeds import arm_of
from redink.records import Score


@dataclass(frozen=True)
class Comparison(Results):
    """Every arm on every benchmark, and against the baseline."""

    baseline: str
    differences: tuple[PairedDifference, ...]

    def difference(self, arm: str, benchmark: str) -> PairedDifference | None:
        """The arm's difference to the baseline.

        None for the baseline itself, and where one of the two has no answers on the benchmark.
        """
        found = (d for d in self.differences if (d.arm, d.benchmark) == (arm, benchmark))
        return next(found, None)


def compare_arms(
    scores: Sequence[Score], baseline: str, title: str = "", *, marks: Sequence[str] = ()
) -> Comparison:
    """Compares every arm with `baseline`.

    Args:
        scores: of one evaluation, or of several put together: only problems that all arms of a
            benchmark answered are used, and the notes say so where that leaves some out.
        baseline: an arm's name, without a seed. Models named ARM@SEED are trainings of one arm.
        title: heading of tables and report.
        marks: what every table must say.

    Raises UsageError for an unknown baseline, DataError where there are no scores or a score
    stands twice.
    """
    sheets = sheets_of(scores)
    results = summarise(sheets, title, marks)
    if baseline not in results.arms:
        single = arm_of(baseline) in results.arms
        reason = "is one training of several" if single else "is not among the arms"
        raise UsageError(f"baseline {baseline!r} {reason}; name one of: {', '.join(results.arms)}")
    rows = rows_of(sheets)
    return Comparison(
        **{field.name: getattr(results, field.name) for field in dataclasses.fields(Results)},
        baseline=baseline,
        differences=tuple(
            paired_difference(arm, baseline, chosen, row)
            for row, chosen in rows.items()
            for arm in results.arms
            if arm != baseline and all({arm, baseline} <= set(sheet.arms) for sheet in chosen)
        ),
    )
