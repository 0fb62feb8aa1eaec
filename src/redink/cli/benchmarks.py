"""`redink benchmarks`: which benchmarks there are, and where their data is."""

from pathlib import Path

from rich.console import Console
from rich.table import Table as Grid

from redink.evaluation.benchmarks import (
    Benchmark,
    benchmark_named,
    catalogue,
    find,
    places,
)
from redink.evaluation.benchmarks.benchmark import SUFFIXES

WIDTH = 120
"""Characters to a line where the output is no terminal."""
NOT_HERE = "not here"


def list_benchmarks(data: str | None = None) -> None:
    """One line for each benchmark.

    Args:
        data: File or folder that is looked at before REDINK_DATA and the hub.
    """
    grid = Grid(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for name in ("name", "problems", "answers", "prompt", "licence", "source", "found"):
        grid.add_column(name, overflow="fold", no_wrap=name in ("name", "problems", "prompt"))
    grid.columns[1].justify = "right"
    folders: dict[str, None] = {}
    for benchmark in catalogue().values():
        found, folder = _found(benchmark, data)
        folders |= {folder: None} if folder else {}
        grid.add_row(
            benchmark.name,
            f"{benchmark.size:,}" if benchmark.size else "unlimited",
            benchmark.answers,
            benchmark.prompt,
            benchmark.licence.partition(" (")[0].partition(";")[0],
            benchmark.hub.name if benchmark.hub else "reasoning-gym generators",
            found,
        )
    console = Console()
    if not console.is_terminal:
        console.width = max(console.width, WIDTH)
    console.print(grid)
    _explain(list(folders))


def _explain(folders: list[str]) -> None:
    print()
    for folder in folders:
        print(f"files in: {folder}")
    print("hub: fetched on first use, which needs the network")
    print(f"{NOT_HERE}: set REDINK_DATA, or give --data, to a folder with the file")
    print("One in full, with its file names: redink benchmarks --show NAME")


def show_benchmark(name: str, data: str | None = None) -> None:
    """One benchmark in full, with where its data is looked for.

    Raises UsageError for an unknown name.
    """
    benchmark = benchmark_named(name)
    grid = Grid(box=None, show_header=False, padding=(0, 2, 0, 0))
    for field, value in _facts(benchmark):
        grid.add_row(field, value)
    if benchmark.hub:
        for number, place in enumerate(places(benchmark, data)):
            grid.add_row("" if number else "looked for in", place)
    found, folder = _found(benchmark, data)
    grid.add_row("found", str(Path(folder) / found) if folder else found)
    Console().print(grid)


def _facts(benchmark: Benchmark) -> list[tuple[str, str]]:
    stems = dict.fromkeys(name.rpartition(".")[0] for name in benchmark.file_names())
    hub = benchmark.hub
    facts = [
        ("name", benchmark.name),
        ("about", benchmark.about),
        ("problems", f"{benchmark.size:,}" if benchmark.size else "unlimited"),
        ("answers", benchmark.answers),
        ("prompt", benchmark.prompt),
        ("source", benchmark.source),
        ("licence", benchmark.licence),
        ("subset of", benchmark.subset_of or ""),
        ("mind", benchmark.trap),
    ]
    if hub:
        configs = ", ".join(config for config in hub.configs if config)
        facts += [
            ("hub", hub.name + (f" ({configs})" if configs else "") + f", split {hub.split}"),
            ("gated", "yes: accept its conditions on the hub first" if hub.gated else ""),
            ("training split", "yes: split: train" if hub.train else ""),
            ("file names", f"{', '.join(stems)}, with {' '.join(SUFFIXES)}"),
        ]
    return [(field, value) for field, value in facts if value]


def _found(benchmark: Benchmark, data: str | None) -> tuple[str, str | None]:
    """What is found of a benchmark, and the folder that it is in."""
    if benchmark.hub is None:
        return "made here", None
    place = find(benchmark, data)
    if place is None:
        return NOT_HERE, None
    if place.path:
        return place.path.name, str(place.path.parent)
    return "hub (fetched before)" if place.cached else "hub", None
