"""evaluate: models × benchmarks × samples → scores."""

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from redink.engines.engine import Engine, Sampling
from redink.engines.opening import open_engine
from redink.errors import DataError, UsageError
from redink.evaluation.answers import Answer, answer_problems, score_of
from redink.evaluation.benchmarks.catalogue import benchmark_named
from redink.evaluation.judge import Case, judge_cases
from redink.evaluation.presets import preset_named
from redink.grading import Grade
from redink.models.resolve import short_name
from redink.prompts import Prompt, prompt_named
from redink.records import Problem, Response, Score
from redink.tables import Table

OpenEngine = Callable[[str], Engine]
"""Opens the engine of a model (its name or path)."""
Models = Mapping[str, str | Path] | Sequence[str | Path]
Benchmarks = Mapping[str, Table[Problem]] | Table[Problem] | Sequence[Table[Problem]]
OWN_PROMPT = "auto"
"""Stands for each benchmark's own prompt."""


def evaluate(
    models: Models,
    benchmarks: Benchmarks,
    *,
    prompt: str = "plain",
    preset: str | None = None,
    samples: int = 1,
    temperature: float | None = None,
    top_p: float = 1.0,
    max_tokens: int = 512,
    stop: Sequence[str] = (),
    seed: int = 0,
    engine: str = "auto",
    dtype: str = "bfloat16",
    batch_size: int | None = None,
    judge: str | None = None,
    journal: Path | None = None,
) -> Table[Score]:
    """Lets every model answer every problem of every benchmark, and grades the answers.

    Args:
        models: arm name → model (a name or a path); a sequence takes its names from the models.
            Trainings of one arm with several seeds are named `ARM@SEED`.
        benchmarks: benchmark name → problems.
        prompt: how problems are put, a name in `redink.prompts`; `plain` is the prompt of
            training, `auto` each benchmark's own.
        preset: `paper` takes prompt and sampling from the CFT paper; see `evaluation/presets.py`.
        samples: answers to each problem.
        temperature: 0 is greedy; not given, 0 for one sample and 0.7 for several.
        top_p: nucleus of the draws.
        max_tokens: new tokens per answer at most; an answer cut off there before it marked a
            final answer has the outcome `truncated`.
        stop: texts that end an answer, besides the prompt's and the model's own end of turn.
        seed: of the draws; greedy answers do not depend on it.
        engine: `transformers`, `vllm`, or `auto`: vLLM where it is installed for this machine.
        dtype: the weights' type, `bfloat16` or `float32`. Greedy bfloat16 text may depend on
            which answers shared a batch.
        batch_size: answers generated at once; the engine's own choice where not given.
        judge: a model asked about answers that rules cannot tell; what it decides is counted
            apart.
        journal: SQLite file of finished answers: nothing in it is generated again.

    Returns the scores by arm, benchmark, problem and sample, with the responses (origin
    `evaluate`, model = arm name) and problems they are of. Raises UsageError for clashing or
    missing names and impossible settings, DataError for an empty benchmark, ModelError where a
    model cannot be opened or fails.
    """
    if temperature is None:
        temperature = 0.0 if samples == 1 else 0.7
    sampling = Sampling(temperature, top_p, max_tokens, samples, seed, tuple(stop))
    if preset is not None:
        _check_preset(preset, prompt, sampling)
        prompt, sampling = preset_named(preset).prompt, preset_named(preset).sampling
    _check_greedy(sampling)

    def open_model(model: str) -> Engine:
        return open_engine(
            model, engine=engine, dtype=dtype, batch_size=batch_size, journal=journal
        )

    return evaluate_with(open_model, models, benchmarks, sampling, prompt=prompt, judge=judge)


def evaluate_with(
    open_model: OpenEngine,
    models: Models,
    benchmarks: Benchmarks,
    sampling: Sampling,
    *,
    prompt: str = "plain",
    judge: str | None = None,
) -> Table[Score]:
    """`evaluate` with the engines of the caller's choice."""
    arms, sets = name_models(models), name_benchmarks(benchmarks)
    prompts = {name: evaluation_prompt(prompt, table) for name, table in sets.items()}
    found: list[tuple[str, str, Answer]] = []
    problems: dict[str, Problem] = {}
    for arm, model in arms.items():
        engine = open_model(str(model))
        for benchmark, table in sets.items():
            distinct = {problem.id: problem for problem in table}
            problems |= distinct
            answers = answer_problems(
                engine,
                list(distinct.values()),
                sampling,
                prompts[benchmark],
                origin="evaluate",
                model=arm,
                label=f"{arm} on {benchmark}",
            )
            found += [(arm, benchmark, answer) for answer in answers]
        _close(engine)
        # Two models at once would double the memory of the run.
        del engine
        gc.collect()
    if judge is not None:
        found = _judged(open_model(judge), found, problems)
    return _score_table(found, problems)


def _score_table(
    found: Sequence[tuple[str, str, Answer]], problems: Mapping[str, Problem]
) -> Table[Score]:
    scores = tuple(score_of(answer, arm, benchmark) for arm, benchmark, answer in found)
    responses: dict[str, Response] = {a.response.id: a.response for _, _, a in found}
    return Table(Score, scores, problems=problems, responses=responses)


def _judged(
    engine: Engine, found: Sequence[tuple[str, str, Answer]], problems: Mapping[str, Problem]
) -> list[tuple[str, str, Answer]]:
    cases = [Case(problems[a.response.problem_id], a.grade) for _, _, a in found]
    grades = judge_cases(engine, cases)
    _close(engine)
    return [
        (arm, benchmark, regraded(answer, grade))
        for (arm, benchmark, answer), grade in zip(found, grades, strict=True)
    ]


def regraded(answer: Answer, grade: Grade) -> Answer:
    """An answer under another grade."""
    response = replace(answer.response, answer=grade.extracted, outcome=grade.outcome)
    return Answer(response, grade, answer.sample)


def evaluation_prompt(name: str, table: Table[Problem]) -> Prompt:
    """The prompt of that name; with `auto` the one that all the table's problems come with."""
    if name != OWN_PROMPT:
        return prompt_named(name)
    sources = {problem.source for problem in table}
    kind, _, benchmark = sources.pop().partition(":") if len(sources) == 1 else ("", "", "")
    return prompt_named(benchmark_named(benchmark).prompt if kind == "benchmark" else "plain")


def _check_preset(name: str, prompt: str, sampling: Sampling) -> None:
    plain = Sampling()
    changed = [
        setting
        for setting in ("temperature", "top_p", "max_tokens", "samples", "seed", "stop")
        if getattr(sampling, setting) != getattr(plain, setting)
    ]
    changed += ["prompt"] if prompt not in ("plain", OWN_PROMPT) else []
    if changed:
        raise UsageError(
            f"preset {name!r} fixes prompt and sampling, but {', '.join(changed)} is set too; "
            "leave out one of the two"
        )


def _check_greedy(sampling: Sampling) -> None:
    if sampling.samples > 1 and sampling.temperature == 0:
        raise UsageError(
            f"samples: {sampling.samples} greedy answers to a problem would be the same answer; "
            "set a temperature above 0, or samples to 1"
        )


def _close(engine: Engine) -> None:
    """Frees what an engine holds, where it has something to free."""
    close = getattr(engine, "close", None)
    if close is not None:
        close()


def name_models(
    models: Mapping[str, str | Path] | Sequence[str | Path],
) -> dict[str, str | Path]:
    """Arm name → model; a model's folder gives its name, `…/cft/model` is called `cft`."""
    if isinstance(models, str | Path):
        models = [models]
    if isinstance(models, Mapping):
        named = dict(models)
    else:
        named = {short_name(str(model)): model for model in models}
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


def _benchmark_name(table: Table[Problem]) -> str:
    stage = table.provenance.get("stage")
    source = table[0].source if len(table) else ""
    return str(stage or source or "benchmark")
