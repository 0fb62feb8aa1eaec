"""Where a benchmark's data is: a file or folder that was named, REDINK_DATA, or the hub."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from redink.errors import DataError
from redink.evaluation.benchmarks.benchmark import SUFFIXES, Benchmark, Hub
from redink.evaluation.benchmarks.catalogue import benchmark_named
from redink.problems.files import hub_rows, read_rows

DATA_VARIABLE = "REDINK_DATA"
"""Environment variable that names the folder of benchmark files."""


@dataclass(frozen=True)
class Place:
    """Where the problems of a benchmark are."""

    kind: Literal["file", "folder", "hub"]
    """`folder` is a copy of the hub's data set."""
    path: Path | None = None
    cached: bool = False
    """Whether a hub set has been fetched before."""

    def __str__(self) -> str:
        return str(self.path) if self.path else "hub"


def find(benchmark: Benchmark, data: str | None = None, split: str = "test") -> Place | None:
    """Where the benchmark's problems are, without loading them; None where nowhere.

    Args:
        benchmark: Which one.
        data: A file or folder that is looked at first.
        split: `test` or `train`.

    Raises:
        DataError: `data` does not exist.
    """
    if benchmark.path:
        return Place("file", benchmark.path)
    if data is not None and not Path(data).expanduser().exists():
        raise DataError(f"data {data!r}: no such file or folder; check the path")
    for folder in _folders(data):
        if folder.is_file():
            return Place("file", folder)
        if place := _inside(folder, benchmark, split):
            return place
    if benchmark.hub is None:
        return None
    cached = _is_cached(benchmark.hub)
    return Place("hub", cached=cached) if cached or not _offline() else None


def benchmark_file(name: str, data: str | None = None, split: str | None = None) -> Path | None:
    """The file that `load` would read for a benchmark of this name, None where it reads none.

    Raises UsageError for an unknown name or split, DataError where `data` does not exist.
    """
    benchmark = benchmark_named(name)
    place = find(benchmark, data, benchmark.split(split))
    return place.path if place and place.kind == "file" else None


def places(benchmark: Benchmark, data: str | None = None, split: str = "test") -> list[str]:
    """Every place where its data is looked for, in words."""
    folder = os.environ.get(DATA_VARIABLE)
    missing = "" if folder and Path(folder).expanduser().exists() else ", no such folder"
    lines = [
        f"{data} (given)" if data else "data (not given)",
        f"{folder} ({DATA_VARIABLE}{missing})" if folder else f"{DATA_VARIABLE} (not set)",
    ]
    if hub := benchmark.hub:
        gate = ", whose conditions must be accepted there first" if hub.gated else ""
        lines.append(f"hub: hf:{hub.name}{gate}")
    return lines


def rows_of(
    benchmark: Benchmark, data: str | None = None, split: str = "test"
) -> Iterator[tuple[str, Any]]:
    """Yields (file and row number, raw row) of a benchmark.

    Raises DataError naming every place looked for where its data is in none.
    """
    place = find(benchmark, data, split)
    if place is None:
        raise DataError(_not_found(benchmark, data, split, "the hub is switched off"))
    if place.kind == "file" and place.path:
        for number, row in read_rows(place.path):
            yield f"{place.path}, row {number}", row
        return
    hub = benchmark.hub
    assert hub is not None
    name = str(place.path) if place.path else hub.name
    for config in hub.configs:
        try:
            rows = hub_rows(name, _hub_split(hub, split), config)
        except DataError as error:
            raise DataError(_not_found(benchmark, data, split, str(error))) from None
        where = f"hf:{name}" + (f":{config}" if config else "")
        for number, row in rows:
            yield f"{where}, row {number}", row


def _folders(data: str | None) -> Iterator[Path]:
    for name in (data, os.environ.get(DATA_VARIABLE)):
        if name:
            yield Path(name).expanduser()


def _inside(folder: Path, benchmark: Benchmark, split: str) -> Place | None:
    """A file of the benchmark in `folder`, or a copy of its hub set in it or being it."""
    for name in benchmark.file_names(split):
        if (folder / name).is_file():
            return Place("file", folder / name)
    if benchmark.hub is None:
        return None
    basename = benchmark.hub.name.rpartition("/")[2]
    names = (benchmark.name, benchmark.name.replace("-", "_"), basename, benchmark.hub.name)
    for candidate in (*(folder / name for name in names), folder):
        if candidate.is_dir() and (candidate != folder or folder.name in names):
            return Place("folder", candidate)
    return None


def _hub_split(hub: Hub, split: str) -> str:
    return hub.train if split == "train" and hub.train else hub.split


def _offline() -> bool:
    names = ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE")
    return any(os.environ.get(name, "").upper() in ("1", "ON", "YES", "TRUE") for name in names)


def _is_cached(hub: Hub) -> bool:
    """Whether the hub's cache on this machine holds the set."""
    home = Path(os.environ.get("HF_HOME", "~/.cache/huggingface")).expanduser()
    prepared = Path(os.environ.get("HF_DATASETS_CACHE", home / "datasets"))
    downloads = Path(os.environ.get("HF_HUB_CACHE", home / "hub"))
    organisation, _, name = hub.name.partition("/")
    return (prepared / f"{organisation}___{name.lower()}").is_dir() or (
        downloads / f"datasets--{organisation}--{name}"
    ).is_dir()


def _not_found(benchmark: Benchmark, data: str | None, split: str, why: str) -> str:
    stems = dict.fromkeys(name.rpartition(".")[0] for name in benchmark.file_names(split))
    files = f"{' or '.join(stems)} ({' '.join(SUFFIXES)})"
    return (
        f"benchmark {benchmark.name!r}: its {split} problems were not found. Looked in "
        f"{'; '.join(places(benchmark, data, split))} ({why}). Put a file named {files} into a "
        f"folder and name the folder or the file with --data, data: or {DATA_VARIABLE}"
    )
