"""The answers of every arm to the problems that all of them answered, benchmark by benchmark."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from redink.errors import DataError
from redink.evaluation.seeds import by_arm
from redink.evaluation.statistics.bootstrap import Stratum
from redink.evaluation.wording import counted, listed
from redink.records import Outcome, Score

NOT_COUNTED: frozenset[Outcome] = frozenset({"gold_unparsable", "ungraded"})
"""Outcomes that say nothing about the model: such answers are left out, and counted openly."""
Cells = dict[str, dict[str, list[Score]]]
"""Model → problem id → its samples."""


@dataclass(frozen=True)
class Sheet:
    """One benchmark: the same problems for every arm that has answers there."""

    benchmark: str
    arms: Mapping[str, tuple[str, ...]]
    """Arm → its trainings' model names, for arms with answers here."""
    cells: Mapping[str, Mapping[str, Sequence[Score]]]
    """Model → problem id → samples; every model has the same problems, in the same order."""
    notes: tuple[str, ...] = ()
    """What was left out, in plain words."""

    @cached_property
    def problems(self) -> tuple[str, ...]:
        """Problems that count: in every arm, with at least one graded sample and a readable
        reference answer."""
        cells = list(self.cells.values())
        return tuple(
            key for key in (cells[0] if cells else ()) if all(_counts(c[key]) for c in cells)
        )

    def graded(self, model: str, problem: str) -> list[Score]:
        """The samples of a problem that were graded."""
        return [s for s in self.cells[model][problem] if s.outcome not in NOT_COUNTED]

    def graded_by(self, arm: str) -> list[list[list[Score]]]:
        """The graded samples of an arm: problem by training."""
        return [[self.graded(m, problem) for m in self.arms[arm]] for problem in self.problems]

    def shares(self, arm: str) -> list[list[float]]:
        """Share of right samples, training by problem."""
        return [
            [_share(self.graded(model, problem)) for problem in self.problems]
            for model in self.arms[arm]
        ]

    def samples(self, arm: str) -> int:
        """Samples per problem: the most that every training of the arm has for some problem."""
        models = self.arms[arm]
        return min(max((len(c) for c in self.cells[m].values()), default=0) for m in models)

    def scores(self, arm: str) -> list[Score]:
        """Every answer of an arm here, those that do not count included."""
        cells = [self.cells[model] for model in self.arms[arm]]
        return [score for cell in cells for samples in cell.values() for score in samples]

    def is_single(self, arm: str) -> bool:
        """Whether the arm is one training with one answer per problem."""
        (model, *others) = self.arms[arm]
        return not others and all(len(self.graded(model, key)) == 1 for key in self.problems)


def sheets(scores: Sequence[Score]) -> list[Sheet]:
    """The sheets of every benchmark, in order of appearance.

    Problems that not all arms answered are left out, and the sheet's notes say so; an arm without
    any answer on a benchmark is not on its sheet. Raises DataError where a score stands twice.
    """
    _check_unique(scores)
    found: dict[str, Cells] = {}
    for score in scores:
        cells = found.setdefault(score.benchmark, {})
        cells.setdefault(score.model, {}).setdefault(score.problem_id, []).append(score)
    return [_sheet(benchmark, cells) for benchmark, cells in found.items()]


def strata(
    chosen: Sequence[Sheet], arm: str, baseline: str | None = None, *, equal: bool = False
) -> list[Stratum]:
    """The shares of right samples of an arm, and of the baseline, on several benchmarks.

    Benchmarks weigh by their problems, or the same each where `equal`; those on which no problem
    counts are left out.
    """
    used = [sheet for sheet in chosen if sheet.problems]
    total = sum(len(sheet.problems) for sheet in used)
    return [
        Stratum(
            sheet.shares(arm),
            sheet.shares(baseline) if baseline is not None else (),
            1 / len(used) if equal else len(sheet.problems) / total,
        )
        for sheet in used
    ]


def _sheet(benchmark: str, cells: Cells) -> Sheet:
    arms = by_arm(cells)
    union = dict.fromkeys(key for problems in cells.values() for key in problems)
    shared = [key for key in union if all(key in problems for problems in cells.values())]
    notes = []
    if len(shared) < len(union):
        sizes = listed([f"{model} {len(problems)}" for model, problems in cells.items()])
        notes.append(
            f"{benchmark}: the arms answered different problems ({sizes}); "
            f"only the {len(shared)} that all share are used"
        )
    kept = {model: {key: cells[model][key] for key in shared} for model in cells}
    sheet = Sheet(benchmark, arms, kept)
    return Sheet(benchmark, arms, kept, (*notes, *_left_out(sheet, shared), *_uneven(sheet)))


def _left_out(sheet: Sheet, shared: Sequence[str]) -> list[str]:
    cells = list(sheet.cells.values())
    unreadable = sum(any(_is_unreadable(cell[key]) for cell in cells) for key in shared)
    ungraded = len(shared) - len(sheet.problems) - unreadable
    notes = []
    if unreadable:
        notes.append(
            f"{sheet.benchmark}: {counted(unreadable, 'problem')} whose reference answer cannot "
            "be read left out"
        )
    if ungraded:
        notes.append(
            f"{sheet.benchmark}: {counted(ungraded, 'problem')} without a graded answer of every "
            "arm left out"
        )
    return notes


def _uneven(sheet: Sheet) -> list[str]:
    samples = {arm: sheet.samples(arm) for arm in sheet.arms}
    if len(set(samples.values())) < 2:
        return []
    shown = listed([f"{arm} {number}" for arm, number in samples.items()])
    return [f"{sheet.benchmark}: the arms have different numbers of answers per problem ({shown})"]


def _counts(samples: Sequence[Score]) -> bool:
    graded = any(score.outcome not in NOT_COUNTED for score in samples)
    return graded and not _is_unreadable(samples)


def _is_unreadable(samples: Sequence[Score]) -> bool:
    # One answer may match such a reference as text while the others cannot be compared with it:
    # counting that one alone would count the problem only where it was solved.
    return any(score.outcome == "gold_unparsable" for score in samples)


def _share(samples: Sequence[Score]) -> float:
    return sum(score.outcome == "correct" for score in samples) / len(samples)


def _check_unique(scores: Sequence[Score]) -> None:
    seen = set()
    for score in scores:
        key = (score.model, score.benchmark, score.problem_id, score.sample)
        if key in seen:
            raise DataError(
                f"arm {score.model!r} has two scores for problem {score.problem_id} of "
                f"{score.benchmark!r}, sample {score.sample}; evaluate each arm once, or give "
                "arms of different runs different names"
            )
        seen.add(key)
