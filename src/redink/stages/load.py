"""`load`: problems from a generator, a benchmark, a file, or the hub."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from redink.errors import DataError, UsageError
from redink.evaluation.benchmarks import MARK, Benchmark, benchmark_named, is_benchmark, rows_of
from redink.formats.importing import import_rows
from redink.grading import grade_many
from redink.problems.columns import FIELDS, problem_of, response_of
from redink.problems.files import hub_rows, read_rows
from redink.problems.gym import gym_problems
from redink.problems.splits import SPLITS
from redink.records import Problem, Response
from redink.tables import Dropped, Table, drop, problem_table, response_table


def load(
    source: str,
    *,
    n: int | None = None,
    seed: int = 0,
    split: str | None = None,
    columns: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
    exclude: Table[Problem] | Sequence[Table[Problem]] | None = None,
    data: str | None = None,
    format: str | None = None,
    kind: Literal["critiques", "responses", "problems", "labels"] = "critiques",
    skip_bad: bool = False,
) -> Table[Any]:
    """Loads problems; with a `response` column mapped, responses to them.

    Args:
        source: `gym:NAME` (a reasoning-gym generator), a benchmark's name (`math-500`, or
            `benchmark:math-500` where a file has that name), a path to a JSONL, JSON, CSV or
            Parquet file, or `hf:ORG/NAME` (`hf:ORG/NAME:CONFIG` for one of its configurations).
        n: How many problems at most, the first ones; all where not given (a generator needs it).
        seed: Seed of a generator, and of the order of options in multiple choice; problems of
            files, benchmarks and hub sets keep their order.
        split: `train` (default), `validation`, `test` or `all` of a generator, decided by each
            problem's content, so that splits never overlap; the hub set's own split (default
            `train`); `test` (default) or, where there is one, `train` of a benchmark; unused for
            files.
        columns: Which column holds `question`, `answer`, `solution`, `subject`, `level`,
            `response`; common names are found without it.
        options: Options of the generator, such as `{max_terms: 4}`.
        exclude: Problems that must not appear; the excluded are kept aside with the reason.
        data: File of a benchmark, or a folder that holds it; looked at before the folder that
            REDINK_DATA names and before the hub.
        format: That of a training set of another tool (`cft`, `one-shot-cft`, `alpaca`,
            `sharegpt`, `trl`, `openai`, `parquet`, `hub`) or of labelled solution steps
            (`processbench`, `math-shepherd`, ...); its rows are loaded as they are.
        kind: What a set in such a format holds; `labels` for one of labelled solution steps.
        skip_bad: Whether rows in such a format that cannot be used are kept aside instead of
            stopping the load.

    Returns:
        A table of problems (or responses), without repeated ones. Responses are graded where
        there is a reference answer; a set of responses may do without.

    Raises:
        UsageError: An unknown source, split or column field.
        DataError: A file or row that cannot be used; the message names both.
    """
    if n is not None and n < 1:
        raise UsageError(f"n: {n} problems cannot be loaded; give a number of at least 1")
    if format is not None:
        if exclude is not None or options or data is not None:
            raise UsageError(
                "exclude, options, data: do not go with format; leave rows out with select"
            )
        return import_rows(
            source,
            format,
            kind=kind,
            columns=columns,
            skip_bad=skip_bad,
            n=n,
            split=split or "train",
        )
    unknown = set(columns or {}) - set(FIELDS)
    if unknown:
        raise UsageError(f"columns: unknown {', '.join(sorted(unknown))}; use {', '.join(FIELDS)}")
    banned = _ids(exclude)
    source = source.removeprefix(MARK) if source.startswith(MARK + "gym:") else source
    if is_benchmark(source) and not source.startswith("gym:"):
        _check_benchmark_settings(source, columns, options)
        return _from_benchmark(benchmark_named(source), n, seed, split, data, banned)
    if data is not None:
        raise UsageError(f"data: only a benchmark has it, and {source!r} is none; leave it away")
    if source.startswith("gym:"):
        return _from_gym(source[4:], n, seed, split or "train", dict(options or {}), banned)
    rows, where = _rows(source, split or "train")
    return _from_rows(rows, where, n, dict(columns or {}), banned)


def _ids(exclude: Table[Problem] | Sequence[Table[Problem]] | None) -> set[str]:
    if exclude is None:
        return set()
    tables = [exclude] if isinstance(exclude, Table) else exclude
    return {key for table in tables for key in table.problems}


def _from_gym(
    name: str, n: int | None, seed: int, split: str, options: dict[str, Any], banned: set[str]
) -> Table[Problem]:
    if n is None:
        raise UsageError(f"gym:{name} never ends: give n, the number of problems")
    if split not in (*SPLITS, "all"):
        raise UsageError(f"split: {split!r} is unknown; use {', '.join(SPLITS)} or all")
    rows: list[Problem] = []
    dropped: list[Dropped] = []
    for item in gym_problems(name, seed=seed, split=split, options=options):
        if isinstance(item, tuple):
            dropped.append(drop(*item))
        elif item.id in banned:
            dropped.append(drop(item, "among the excluded problems"))
        else:
            rows.append(item)
            if len(rows) == n:
                return problem_table(rows, dropped)
    raise DataError(
        f"gym:{name}: only {len(rows)} different problems in split {split!r} with these options, "
        f"{n} were asked for; lower n or widen the options"
    )


def _check_benchmark_settings(source: str, columns: Any, options: Any) -> None:
    for name, value in (("columns", columns), ("options", options)):
        if value:
            raise UsageError(
                f"{name}: benchmark {source!r} knows its own format; leave {name} away, or name "
                "the file itself as source"
            )


def _from_benchmark(
    benchmark: Benchmark,
    n: int | None,
    seed: int,
    split: str | None,
    data: str | None,
    banned: set[str],
) -> Table[Problem]:
    rows: dict[str, Problem] = {}
    dropped: list[Dropped] = []
    for where, row in rows_of(benchmark, data, benchmark.split(split)):
        item = benchmark.problem(row, where, seed)
        problem, reason = item if isinstance(item, tuple) else (item, None)
        if reason is None and problem.id in banned:
            reason = "among the excluded problems"
        elif reason is None and problem.id in rows:
            reason = "repeated"
        if reason:
            dropped.append(drop(problem, reason))
            continue
        rows[problem.id] = problem
        if len(rows) == n:
            break
    return problem_table(list(rows.values()), dropped)


def _rows(source: str, split: str) -> tuple[Iterable[tuple[int, Any]], str]:
    if source.startswith("hf:"):
        name, _, config = source[3:].partition(":")
        if not name.strip("/"):
            raise UsageError("source: hf: needs a name, as in hf:ORG/NAME")
        return hub_rows(name, split, config or None), source
    if not Path(source).exists() and "/" not in source.partition(":")[0]:
        if ":" in source:
            raise UsageError(
                f"source: {source!r} is unknown; use gym:NAME, hf:ORG/NAME, the name of a "
                "benchmark or the path of a file"
            )
        if not Path(source).suffix:
            benchmark_named(source)
    return read_rows(Path(source)), source


def _from_rows(
    rows: Iterable[tuple[int, Any]],
    where: str,
    n: int | None,
    columns: dict[str, str],
    banned: set[str],
) -> Table[Any]:
    problems: dict[str, Problem] = {}
    responses: dict[str, Response] = {}
    dropped: list[Dropped] = []
    for problem, response in _parsed(rows, where, columns):
        if problem.id in banned:
            dropped.append(drop(response or problem, "among the excluded problems"))
            continue
        repeated = response.id in responses if response else problem.id in problems
        if repeated:
            dropped.append(drop(response or problem, "repeated"))
            continue
        problems.setdefault(problem.id, problem)
        if response:
            responses[response.id] = response
        if n is not None and len(responses or problems) == n:
            break
    if "response" in columns:
        return response_table(_graded(list(responses.values()), problems), problems, dropped)
    return problem_table(list(problems.values()), dropped)


def _graded(responses: list[Response], problems: Mapping[str, Problem]) -> list[Response]:
    """Responses with their outcome, where their problem has a reference answer."""
    known = [response for response in responses if problems[response.problem_id].answer]
    grades = grade_many([(r.text, problems[r.problem_id], None) for r in known])
    outcomes = {
        response.id: replace(response, answer=grade.extracted, outcome=grade.outcome)
        for response, grade in zip(known, grades, strict=True)
    }
    return [outcomes.get(response.id, response) for response in responses]


def _parsed(
    rows: Iterable[tuple[int, Any]], where: str, columns: dict[str, str]
) -> Iterator[tuple[Problem, Response | None]]:
    for number, row in rows:
        here = f"{where}, row {number}"
        problem = problem_of(row, columns, here)
        response = response_of(row, columns, problem, here) if "response" in columns else None
        yield problem, response
