"""The pre-flight report: printed, and kept as `preflight.json`."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redink.files import write_atomically
from redink.progress import duration
from redink.records import Json
from redink.training.lengths import length_facts, told_places
from redink.training.outlook import Outlook, check_room, gibibytes
from redink.training.preflight import Preflight
from redink.training.spans import Span, coloured, spans

if TYPE_CHECKING:
    from rich.console import Console

REPORT = "preflight.json"
BAR = 24
"""Characters of the longest bar."""


@dataclass(frozen=True)
class Sample:
    """A row of the data, taken apart."""

    place: str
    """`shortest`, `median` or `longest`."""
    name: str
    tokens: int
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Report:
    """What a training will do, before it does it."""

    label: str
    flight: Preflight
    outlook: Outlook
    samples: tuple[Sample, ...]

    def facts(self) -> Json:
        """The report as it stands in `preflight.json`; sizes in bytes, times in seconds."""
        return {
            "label": self.label,
            "rows": self.flight.counts(),
            "lengths": length_facts([len(row.ids) for row in self.flight.rows]),
            **self.outlook.facts(),
            "samples": [asdict(sample) for sample in self.samples],
        }


def report_of(label: str, flight: Preflight, outlook: Outlook, tokenizer: Any) -> Report:
    """Puts a report together; its samples are the shortest, the median and the longest row."""
    return Report(label, flight, outlook, _samples(flight, tokenizer))


def announce(report: Report, out: Path) -> None:
    """Prints a report on standard error and writes it to `out/preflight.json`.

    Of several processes that train together the first does. Raises StorageError where the disk
    cannot hold the training.
    """
    if os.environ.get("RANK", "0") == "0":
        from rich.console import Console

        print_report(report, Console(file=sys.stderr))
        text = json.dumps(report.facts(), indent=2)
        write_atomically(out / REPORT, text.encode())
    check_room(report.outlook, out)


def print_report(report: Report, console: "Console", samples: bool = True) -> None:
    """Prints counts, lengths, outlook and, if wanted, the samples."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(report.label), title_justify="left", show_header=False)
    for name, text in _lines(report):
        table.add_row(name, Text(text))
    console.print(table)
    if not samples:
        return
    for sample in report.samples:
        title = f"{sample.place} row {sample.name}, {sample.tokens:,} tokens (loss within ⟦ ⟧)"
        console.print(Text(title, style="bold"))
        console.print(coloured(sample.spans))
        console.print()


def _lines(report: Report) -> list[tuple[str, str]]:
    counts, ahead = report.flight.counts(), report.outlook
    lines = [("rows", f"{counts['rows_in']:,} in, {counts['rows_kept']:,} kept")]
    lines += [("dropped", f"{count:,} {reason}") for reason, count in counts["dropped"].items()]
    if counts["over_length"]:
        cut = f", {counts['truncated']:,} kept with their completion cut"
        lines.append(
            ("over length", f"{counts['over_length']:,}" + cut * bool(counts["truncated"]))
        )
    share = counts["loss_tokens"] / counts["tokens"]
    lengths = length_facts([len(row.ids) for row in report.flight.rows])
    lines += [
        ("tokens", f"{counts['tokens']:,}, {counts['loss_tokens']:,} with loss ({share:.0%})"),
        ("end of turn", f"carries loss in {counts['end_of_turn_share']:.1%} of rows"),
        (
            "lengths",
            f"p50 {lengths['p50']:,}, p95 {lengths['p95']:,}, longest {lengths['longest']:,} "
            f"tokens\n{_bars(lengths['histogram'])}",
        ),
        ("steps", ahead.steps_text),
        ("time", f"about {duration(ahead.seconds)} for {ahead.tokens:,} tokens"),
        ("memory", f"{ahead.memory_text}\n{_parts(ahead)}"),
        ("disk", ahead.disk_text),
    ]
    return lines


def _parts(ahead: Outlook) -> str:
    memory, load = ahead.memory, ahead.load
    activations = "unknown" if memory.activations is None else gibibytes(memory.activations)
    return (
        f"weights {gibibytes(memory.weights)}, gradients {gibibytes(memory.gradients)}, "
        f"optimizer {gibibytes(memory.optimizer)}\nactivations {activations} "
        f"({load.rows} x {load.length:,} tokens), logits {gibibytes(memory.logits)} "
        f"({load.loss_tokens:,} tokens with loss)"
    )


def _bars(histogram: Sequence[Sequence[int]]) -> str:
    most = max(count for _, _, count in histogram)
    width = len(f"{histogram[-1][1] - 1:,}")
    return "\n".join(
        f"{low:>{width},} to {below - 1:>{width},} {'█' * -(-count * BAR // most)} {count:,}"
        for low, below, count in histogram
    )


def _samples(flight: Preflight, tokenizer: Any) -> tuple[Sample, ...]:
    places = told_places([len(row.ids) for row in flight.rows])
    return tuple(
        Sample(
            place,
            flight.names[index],
            len(flight.rows[index].ids),
            tuple(spans(flight.rows[index], tokenizer, flight.end_of_turn)),
        )
        for index, place in places.items()
    )
