"""Every arm's figures on every benchmark."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redink.errors import DataError
from redink.evaluation.metrics import MACRO, POOLED, ArmMetrics, measure
from redink.evaluation.seeds import by_arm
from redink.evaluation.sheet import Sheet, sheets
from redink.evaluation.wording import listed
from redink.records import Score


@dataclass(frozen=True)
class Results:
    """Every arm on every benchmark."""

    title: str
    arms: tuple[str, ...]
    benchmarks: tuple[str, ...]
    """In order. With several, the rows over all of them come last: `MACRO` where benchmarks have
    different sizes (else it is the pooled row), then `POOLED`."""
    headline: str
    """The benchmark that conclusions are drawn on: the pooled row, or the only one."""
    metrics: tuple[ArmMetrics, ...]
    n_seeds: Mapping[str, int]
    """Arm → its trainings."""
    notes: tuple[str, ...]
    """What was left out, and what is not alike, in plain words."""
    marks: tuple[str, ...]
    """What every table must say: that validation overlaps a benchmark, say."""

    def of(self, arm: str, benchmark: str) -> ArmMetrics:
        """The metrics of one arm on one benchmark; raises KeyError where it has none."""
        found = self.find(arm, benchmark)
        if found is None:
            raise KeyError((arm, benchmark))
        return found

    def find(self, arm: str, benchmark: str) -> ArmMetrics | None:
        """The metrics of one arm on one benchmark; None where it has no answers there."""
        found = (m for m in self.metrics if (m.model, m.benchmark) == (arm, benchmark))
        return next(found, None)

    def rows(self, benchmark: str) -> list[ArmMetrics]:
        """The metrics of every arm with answers on a benchmark, in the order of the arms."""
        found = [self.find(arm, benchmark) for arm in self.arms]
        return [row for row in found if row is not None]

    @property
    def has_samples(self) -> bool:
        """Whether some arm has several answers per problem."""
        return any(row.samples > 1 for row in self.metrics)

    @property
    def has_seeds(self) -> bool:
        """Whether some arm was trained several times."""
        return any(number > 1 for number in self.n_seeds.values())

    def to_json(self) -> dict[str, Any]:
        """A JSON-able dictionary; undefined numbers become null."""
        found: dict[str, Any] = _plain(dataclasses.asdict(self))
        return found


def measure_arms(scores: Sequence[Score], title: str = "", marks: Sequence[str] = ()) -> Results:
    """The figures of every arm; models named ARM@SEED are trainings of one arm.

    Raises DataError where there are no scores or a score stands twice.
    """
    return summarise(sheets_of(scores), title, marks)


def sheets_of(scores: Sequence[Score]) -> list[Sheet]:
    """The sheets of scores that there must be."""
    if not scores:
        raise DataError("there are no scores to compare; run evaluate on at least one model")
    return sheets(scores)


def summarise(found: Sequence[Sheet], title: str, marks: Sequence[str]) -> Results:
    """The figures of sheets."""
    arms = by_arm(model for sheet in found for model in sheet.cells)
    rows = rows_of(found)
    return Results(
        title=title,
        arms=tuple(arms),
        benchmarks=tuple(rows),
        headline=headline_of(found),
        metrics=tuple(
            measure(arm, chosen, row)
            for row, chosen in rows.items()
            for arm in arms
            if all(arm in sheet.arms for sheet in chosen)
        ),
        n_seeds={arm: len(models) for arm, models in arms.items()},
        notes=tuple(_notes(found)),
        marks=tuple(marks),
    )


def rows_of(found: Sequence[Sheet]) -> dict[str, list[Sheet]]:
    """Name of a row → the sheets that go into it."""
    rows = {sheet.benchmark: [sheet] for sheet in found}
    common = common_sheets(found)
    if len(common) > 1:
        if len({len(sheet.problems) for sheet in common}) > 1:
            rows[MACRO] = common
        rows[POOLED] = common
    return rows


def common_sheets(found: Sequence[Sheet]) -> list[Sheet]:
    """The benchmarks on which every training of every arm has answers, and some problem counts."""
    models = {model for sheet in found for model in sheet.cells}
    return [sheet for sheet in found if set(sheet.cells) == models and sheet.problems]


def headline_of(found: Sequence[Sheet]) -> str:
    """The pooled row, else the benchmark that all arms have, else the first."""
    common = common_sheets(found)
    if len(common) > 1:
        return POOLED
    return (common or list(found))[0].benchmark


def _notes(found: Sequence[Sheet]) -> list[str]:
    notes = [note for sheet in found for note in sheet.notes]
    models = dict.fromkeys(model for sheet in found for model in sheet.cells)
    for sheet in found:
        absent = [model for model in models if model not in sheet.cells]
        if absent:
            notes.append(
                f"{sheet.benchmark}: no answers of {listed(absent)}; "
                "the rows over all benchmarks leave it out"
            )
    return notes


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
