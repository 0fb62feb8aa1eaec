"""The pre-flight report of a scorer's training: printed, and kept as `preflight.json`."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redink.evaluation.wording import counted
from redink.files import write_atomically
from redink.progress import duration
from redink.records import Json
from redink.scoring.marks import Piece, coloured, pieces
from redink.scoring.preflight import ScorerFlight
from redink.training.lengths import length_facts, told_places
from redink.training.outlook import Outlook, check_room
from redink.training.report import REPORT

if TYPE_CHECKING:
    from rich.console import Console

SHOWN_PREFIXES = 12
"""Prefix lengths printed at most; all stand in `preflight.json`."""


@dataclass(frozen=True)
class ScorerSample:
    """A row of the data, taken apart."""

    place: str
    """`shortest`, `median` or `longest`."""
    name: str
    tokens: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class ScorerReport:
    """What a scorer's training will do, before it does it."""

    label: str
    flight: ScorerFlight
    outlook: Outlook
    samples: tuple[ScorerSample, ...]
    calibration: ScorerFlight | None = None
    waiting: str = ""
    """Why nothing is told of the calibration rows that there will be."""

    def facts(self) -> Json:
        """The report as it stands in `preflight.json`; sizes in bytes, times in seconds."""
        return {
            "label": self.label,
            "rows": self.flight.counts(),
            "prefixes": self.flight.prefixes(),
            "lengths": length_facts([len(row.ids) for row in self.flight.rows]),
            **self.outlook.facts(),
            "calibration": self.calibration.counts() if self.calibration else None,
            "samples": [asdict(sample) for sample in self.samples],
        }


def scorer_report(
    label: str,
    flight: ScorerFlight,
    outlook: Outlook,
    tokenizer: Any,
    calibration: ScorerFlight | None = None,
    waiting: str = "",
) -> ScorerReport:
    """Puts a report together; its samples are the shortest, the median and the longest row.

    Args:
        label: names the training.
        flight: what it learns from.
        outlook: what it takes.
        tokenizer: the base's.
        calibration: what its temperature is found with.
        waiting: why `calibration` is not known yet, where there will be one.
    """
    samples = _samples(flight, tokenizer)
    return ScorerReport(label, flight, outlook, samples, calibration, waiting)


def announce(report: ScorerReport, out: Path) -> None:
    """Prints a report on standard error and writes it to `out/preflight.json`.

    Raises StorageError where the disk cannot hold the training.
    """
    from rich.console import Console

    print_scorer_report(report, Console(file=sys.stderr))
    write_atomically(out / REPORT, json.dumps(report.facts(), indent=2).encode())
    check_room(report.outlook, out)


def print_scorer_report(report: ScorerReport, console: "Console", samples: bool = True) -> None:
    """Prints counts, labels, outlook and, if wanted, the samples."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(report.label), title_justify="left", show_header=False)
    for name, text in _lines(report):
        table.add_row(name, Text(text))
    console.print(table)
    for sample in report.samples if samples else ():
        title = f"{sample.place} row {sample.name}, {sample.tokens:,} tokens (labels within ⟦ ⟧)"
        console.print(Text(title, style="bold"))
        console.print(coloured(sample.pieces))
        console.print()


def _lines(report: ScorerReport) -> list[tuple[str, str]]:
    counts, ahead = report.flight.counts(), report.outlook
    lines = [("rows", f"{counts['rows_in']:,} in, {counts['rows_kept']:,} kept")]
    lines += [("dropped", f"{count:,}: {reason}") for reason, count in counts["dropped"].items()]
    lines.append(("labels", _labels(counts)))
    lines += _prefix_lines(report.flight.prefixes())
    lines += [
        ("tokens", f"{ahead.tokens:,} of all epochs"),
        ("lengths", f"p50 {counts['p50']:,}, p95 {counts['p95']:,}, longest {counts['longest']:,}"),
        ("steps", ahead.steps_text),
        ("time", f"about {duration(ahead.seconds)}"),
        ("memory", ahead.memory_text),
        ("disk", ahead.disk_text),
    ]
    if report.waiting:
        lines.append(("calibration", report.waiting))
    if report.calibration is not None:
        lines += _calibration_lines(report.calibration.counts())
    return lines


def _labels(counts: Json) -> str:
    return f"{counts['loss_tokens']:,}, of them {counts['positive_share']:.1%} right"


def _prefix_lines(prefixes: Sequence[Json]) -> list[tuple[str, str]]:
    lines = [
        (f"after {row['steps']}", f"{counted(row['labels'], 'label')}, {row['positive']:.1%} right")
        for row in prefixes[:SHOWN_PREFIXES]
    ]
    if len(prefixes) > SHOWN_PREFIXES:
        lines.append(("later", f"up to {prefixes[-1]['steps']} steps: see {REPORT}"))
    return lines


def _calibration_lines(counts: Json) -> list[tuple[str, str]]:
    rows = f"{counts['rows_in']:,} rows in, {counts['rows_kept']:,} kept; labels: {_labels(counts)}"
    dropped = [("", f"{count:,} dropped: {why}") for why, count in counts["dropped"].items()]
    return [("calibration", rows), *dropped]


def _samples(flight: ScorerFlight, tokenizer: Any) -> tuple[ScorerSample, ...]:
    places = told_places([len(row.ids) for row in flight.rows])
    return tuple(
        ScorerSample(
            place,
            flight.names[index],
            len(flight.rows[index].ids),
            tuple(pieces(flight.rows[index], tokenizer)),
        )
        for index, place in places.items()
    )
