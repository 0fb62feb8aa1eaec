"""evaluate: models × benchmarks → scores."""

import gc
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from redink.engines.engine import Engine, Sampling
from redink.errors import DataError, UsageError
from redink.evaluation.answers import answer_benchmark
from redink.records import Problem, Response, Score
from redink.tables import Table

OpenEngine = Callable[[str, Path | None], Engine]
"""Opens the engine of a model (its name or path) with a journal file."""


def evaluate(
    models: Mapping[str, str | Path] | Sequence[str | Path],
    benchmarks: Mapping[str, Table[Problem]] | Table[Problem] | Sequence[Table[Problem]],
    *,
    max_tokens: int = 512,
    batch_size: int = 64,
    dtype: str = "bfloat16",
    seed: int = 0,
    out: Path | None = None,
) -> Table[Score]:
    """Lets every model answer every problem of every benchmark greedily, and grades the answers.

    Args:
        models: arm name → model (a name or a path); a sequence takes its names from the models.
        benchmarks: benchmark name → problems.
        max_tokens: new tokens per answer at most; an answer cut off there before it marked a
            final answer has the outcome `truncated`.
        batch_size: answers generated at once.
        dtype: the weights' type, `bfloat16` or `float32`.
        seed: recorded with each response; greedy answers do not depend on it.
        out: folder of the journals, so that an interrupted evaluation goes on where it stopped.

    Returns the scores by arm, benchmark and problem, with the responses (origin `evaluate`, model
    = arm name) and problems they are of. Raises UsageError for clashing or missing names,
    DataError for an empty benchmark, ModelError where a model cannot be opened or fails.
    """

    def open_engine(model: str, journal: Path | None) -> Engine:
        from redink.engines.opening import open_engine as open_model

        return open_model(model, dtype=dtype, batch_size=batch_size, journal=journal)

    sampling = Sampling(temperature=0.0, max_tokens=max_tokens, seed=seed)
    return evaluate_with(open_engine, models, benchmarks, sampling, out)


def evaluate_with(
    open_engine: OpenEngine,
    models: Mapping[str, str | Path] | Sequence[str | Path],
    benchmarks: Mapping[str, Table[Problem]] | Table[Problem] | Sequence[Table[Problem]],
    sampling: Sampling,
    out: Path | None = None,
) -> Table[Score]:
    """`evaluate` with the engines of the caller's choice."""
    arms, sets = name_models(models), name_benchmarks(benchmarks)
    scores: list[Score] = []
    responses: dict[str, Response] = {}
    problems: dict[str, Problem] = {}
    for arm, model in arms.items():
        journal = out / f"answers-{_file_name(arm)}.sqlite" if out else None
        engine = open_engine(str(model), journal)
        for benchmark, table in sets.items():
            distinct = {problem.id: problem for problem in table}
            problems |= distinct
            answers = answer_benchmark(engine, arm, benchmark, list(distinct.values()), sampling)
            scores.extend(answers.scores)
            responses |= {response.id: response for response in answers.responses}
        # Two models at once would double the memory of the run.
        del engine
        gc.collect()
    return Table(Score, tuple(scores), problems=problems, responses=responses)


def name_models(
    models: Mapping[str, str | Path] | Sequence[str | Path],
) -> dict[str, str | Path]:
    """Arm name → model; a model's folder gives its name, `…/cft/model` is called `cft`."""
    if isinstance(models, str | Path):
        models = [models]
    if isinstance(models, Mapping):
        named = dict(models)
    else:
        named = {_model_name(str(model)): model for model in models}
    if not named:
        raise UsageError("no model to evaluate; name at least one")
    if len(named) < len(models):
        raise UsageError(
            f"two of the models would have the same name ({', '.join(map(str, models))}); "
            "give each a name of its own"
        )
    return named


def name_benchmarks(
    benchmarks: Mapping[str, Table[Problem]] | Table[Problem] | Sequence[Table[Problem]],
) -> dict[str, Table[Problem]]:
    """Benchmark name → problems; a table is called after its stage, else its problems' source."""
    if isinstance(benchmarks, Mapping):
        named = dict(benchmarks)
    else:
        tables = [benchmarks] if isinstance(benchmarks, Table) else list(benchmarks)
        named = {}
        for table in tables:
            name = _benchmark_name(table)
            if name in named:
                name = f"{name}-{len(named) + 1}"
            named[name] = table
    if not named:
        raise UsageError("no benchmark to evaluate on; name at least one")
    for name, table in named.items():
        if not len(table):
            raise DataError(f"benchmark {name!r} has no problems; load some into it")
    return named


def _model_name(model: str) -> str:
    parts = [part for part in Path(model).parts if part not in ("/", ".")]
    if len(parts) > 1 and parts[-1] == "model":
        return parts[-2]
    return parts[-1] if parts else model


def _benchmark_name(table: Table[Problem]) -> str:
    stage = table.provenance.get("stage")
    source = table[0].source if len(table) else ""
    return str(stage or source or "benchmark")


def _file_name(arm: str) -> str:
    return re.sub(r"[^\w.+-]", "_", arm)
