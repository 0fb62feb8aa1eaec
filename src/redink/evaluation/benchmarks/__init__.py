"""The benchmarks, one small file each, and where their data is found."""

from redink.evaluation.benchmarks.benchmark import Benchmark
from redink.evaluation.benchmarks.catalogue import (
    MARK,
    benchmark_named,
    catalogue,
    file_benchmark,
    is_benchmark,
    subset_of,
)
from redink.evaluation.benchmarks.finding import Place, benchmark_file, find, places, rows_of

__all__ = [
    "MARK",
    "Benchmark",
    "Place",
    "benchmark_file",
    "benchmark_named",
    "catalogue",
    "file_benchmark",
    "find",
    "is_benchmark",
    "places",
    "rows_of",
    "subset_of",
]
