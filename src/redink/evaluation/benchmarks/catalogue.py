"""Every benchmark by name."""

import difflib
from functools import cache
from pathlib import Path

from redink.errors import UsageError
from redink.evaluation.benchmarks import (
    aime24,
    aime25,
    amc23,
    asdiv,
    gpqa_diamond,
    gsm8k,
    gym,
    math,
    math_500,
    mawps,
    minerva_math,
    mmlu_pro,
    olympiadbench,
    svamp,
    theoremqa,
)
from redink.evaluation.benchmarks.benchmark import Benchmark, Item
from redink.evaluation.benchmarks.row import RawRow
from redink.problems.columns import problem_of

MARK = "benchmark:"
"""What stands before a benchmark's name where it must not be taken for a path."""
_MODULES = (math_500, math, gsm8k, minerva_math, olympiadbench, aime24, aime25, amc23, theoremqa,
            gpqa_diamond, mmlu_pro, svamp, asdiv, mawps, gym)  # fmt: skip


@cache
def catalogue() -> dict[str, Benchmark]:
    """Every benchmark by name, `gym:*` last."""
    return {module.BENCHMARK.name: module.BENCHMARK for module in _MODULES}


def benchmark_named(name: str) -> Benchmark:
    """A benchmark by name, with or without `benchmark:` before it.

    Any generator's name (`gym:chain_sum`) gives `gym:*`. Raises UsageError for an unknown name,
    with the nearest one.
    """
    bare = name.removeprefix(MARK)
    known = catalogue()
    if bare in known:
        return known[bare]
    if bare.startswith("gym:"):
        return known["gym:*"]
    spelled = bare.lower().replace("_", "-")
    close = difflib.get_close_matches(spelled, known, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}? " if close else ""
    raise UsageError(f"benchmark {bare!r} is unknown; {hint}redink benchmarks lists them")


def is_benchmark(source: str) -> bool:
    """Whether a source names a benchmark of the catalogue; a file of that name goes first."""
    return source.startswith(MARK) or (source in catalogue() and not Path(source).is_file())


def subset_of(first: str, second: str) -> str | None:
    """Why two benchmarks share problems by their making, or None.

    The names may carry `benchmark:`; the order does not matter.
    """
    known = catalogue()
    one, other = first.removeprefix(MARK), second.removeprefix(MARK)
    if one == other and one in known:
        return f"both are {one}"
    for part, whole in ((one, other), (other, one)):
        if part in known and known[part].subset_of == whole:
            return f"{part} is a subset of {whole}"
    return None


def file_benchmark(path: str | Path, question: str, answer: str) -> Benchmark:
    """A benchmark of one's own: a file, and which columns hold question and answer."""
    columns = {"question": question, "answer": answer}

    def read(row: RawRow, seed: int) -> Item:
        problem = problem_of(row.fields, columns, row.where)
        return Item(problem.question, problem.answer, problem.solution, problem.subject,
                    problem.level)  # fmt: skip

    return Benchmark(
        name=Path(path).stem,
        about=f"{path}, columns {question} and {answer}",
        source=str(path),
        licence="not stated",
        read=read,
        path=Path(path),
    )
