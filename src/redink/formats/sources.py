"""Where problems come from, and under which licence."""

from collections import Counter
from collections.abc import Iterable

from redink.errors import UsageError
from redink.formats.public import public_name
from redink.records import Problem

NOT_STATED = "not stated"


def sources_of(problems: Iterable[Problem]) -> list[tuple[str, int, str]]:
    """Each source with how many problems are from it and its licence, the largest first."""
    counts = Counter(problem.source for problem in problems)
    named: Counter[tuple[str, str]] = Counter()
    for source, count in counts.items():
        named[public_name(source), licence_of(source)] += count
    ordered = sorted(named.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(name, count, licence) for (name, licence), count in ordered]


def licence_of(source: str) -> str:
    """The licence of a source in the catalogue of benchmarks; `not stated` for others."""
    from redink.evaluation.benchmarks import MARK, benchmark_named, catalogue

    if not source.startswith((MARK, "gym:")) and source not in catalogue():
        return NOT_STATED
    try:
        return benchmark_named(source).licence
    except UsageError:
        return NOT_STATED
