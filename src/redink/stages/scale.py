"""scale: models × benchmarks × thinking budgets → scores."""

import gc
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from redink.engines.engine import Sampling
from redink.engines.items import check as check_sampling
from redink.engines.opening import open_engine
from redink.errors import UsageError
from redink.evaluation.answers import Answer, score_of
from redink.files import write_atomically
from redink.records import Problem, Response, Score
from redink.reports.scaling_table import print_scaling
from redink.scaling.answers import Scaler
from redink.scaling.budgets import Budget, arm_at, budgets_of
from redink.scaling.closing import closing_for
from redink.scaling.figures import FILE, scaling_facts
from redink.stages.evaluate import (
    Benchmarks,
    Models,
    OpenEngine,
    evaluation_prompt,
    name_benchmarks,
    name_models,
)
from redink.tables import Table
from redink.teachers.llm import address_of, close_engines
from redink.training.result import kept_steps


def scale(
    models: Models,
    benchmarks: Benchmarks,
    *,
    budgets: Sequence[Budget] = ("1x", "2x", "4x"),
    unit: int = 128,
    prompt: str = "plain",
    samples: int = 1,
    temperature: float | None = None,
    top_p: float = 1.0,
    closing: str | None = None,
    answer_tokens: int = 32,
    along: bool = False,
    seed: int = 0,
    engine: str = "auto",
    dtype: str = "bfloat16",
    batch_size: int | None = None,
    journal: Path | None = None,
    out: Path | None = None,
) -> Table[Score]:
    """Measures accuracy against the thinking budget (T1, arXiv 2501.11651).

    Each answer is sampled once, up to the largest budget, and cut off at each smaller one. Where it
    had not ended and not stated its answer by then, in a box or behind `####`, the model is asked:
    it goes on with its own text behind a closing phrase, greedily.

    Args:
        models: name → model (a name or a path) that runs in this machine; a sequence takes its
            names from the models. Trainings of one model with several seeds are named `NAME@SEED`.
        benchmarks: benchmark name → problems.
        budgets: tokens of thinking at most: numbers, or multiples of `unit` such as `2x`.
        unit: tokens of `1x`.
        prompt: how problems are put, a name in `redink.prompts`; `plain` is the prompt of
            training, `auto` each benchmark's own.
        samples: answers to each problem.
        temperature: 0 is greedy; not given, 0 for one sample and 0.7 for several.
        top_p: nucleus of the draws.
        closing: the words that ask for an answer; not given, those of the form that the prompt
            asks for (`redink.scaling.closing`).
        answer_tokens: new tokens of an answer that is asked for, at most; they come on top of the
            budget.
        along: whether the models of steps on the way that a `reinforce` stage kept (`keep_steps`)
            are measured too: `policy/16` is `policy` after 16 steps.
        seed: of the draws.
        engine: `transformers`, `vllm`, or `auto`: vLLM where it is installed for this machine.
        dtype: the weights' type, `bfloat16` or `float32`.
        batch_size: answers generated at once; the engine's own choice where not given.
        journal: SQLite file of finished completions: nothing in it is generated again.
        out: folder for `scaling.json`.

    Returns the scores, each model at each budget being an arm of its own: `cft` at 256 tokens is
    `cft:256` (its seed 1 `cft:256@1`), so that `compare` pairs any two of them. `n_tokens` counts
    the thinking as cut off and the answer that was asked for. Raises UsageError for impossible
    settings and for models behind a server, which answers a message in place of going on with it;
    DataError for an empty benchmark, ModelError where a model cannot be opened or fails.
    """
    if temperature is None:
        temperature = 0.0 if samples == 1 else 0.7
    sampling = Sampling(temperature, top_p, 1, samples, seed)
    check_sampling(sampling)
    if samples > 1 and temperature == 0:
        raise UsageError(
            f"samples: {samples} greedy answers to a problem would be the same answer; set a "
            "temperature above 0, or samples to 1"
        )
    if answer_tokens < 1:
        raise UsageError(f"scale: answer_tokens is {answer_tokens}; give 1 or more")
    for model in name_models(models).values():
        if address_of(str(model)) is not None:
            raise UsageError(
                f"scale: {model} is behind a server, which answers a message in place of going on "
                "with it; name a model that runs in this machine"
            )

    def open_model(model: str) -> Any:
        return open_engine(
            model, engine=engine, dtype=dtype, batch_size=batch_size, journal=journal
        )

    return scale_with(
        open_model,
        models_along(models) if along else models,
        benchmarks,
        sampling,
        budgets_of(budgets, unit),
        prompt=prompt,
        closing=closing,
        answer_tokens=answer_tokens,
        out=out,
    )


def models_along(models: Models) -> dict[str, str | Path]:
    """Each model behind the models of the steps that its training kept: name → model.

    Raises UsageError where none kept any.
    """
    named = name_models(models)
    found: dict[str, str | Path] = {}
    for name, model in named.items():
        arm, mark, seed = name.rpartition("@")
        before = (arm, mark + seed) if mark and arm and seed.isdecimal() else (name, "")
        found |= {f"{before[0]}/{s}{before[1]}": p for s, p in kept_steps(Path(model)).items()}
        found[name] = model
    if len(found) == len(named):
        raise UsageError(
            f"scale: along: none of the models ({', '.join(named)}) kept steps of its training; "
            "name some in its reinforce stage, as in keep_steps: [16, 32]"
        )
    return found


def scale_with(
    open_model: OpenEngine,
    models: Models,
    benchmarks: Benchmarks,
    sampling: Sampling,
    budgets: tuple[int, ...],
    *,
    prompt: str = "plain",
    closing: str | None = None,
    answer_tokens: int = 32,
    out: Path | None = None,
) -> Table[Score]:
    """`scale` with the engines of the caller's choice."""
    arms, sets = name_models(models), name_benchmarks(benchmarks)
    prompts = {name: evaluation_prompt(prompt, table) for name, table in sets.items()}
    closings = {name: closing or closing_for(prompts[name]) for name in sets}
    found: list[tuple[str, str, int, Answer]] = []
    problems: dict[str, Problem] = {}
    for arm, model in arms.items():
        engine = open_model(str(model))
        for benchmark, table in sets.items():
            distinct = {problem.id: problem for problem in table}
            problems |= distinct
            scaler = Scaler(
                engine, prompts[benchmark], sampling, budgets, closings[benchmark], answer_tokens
            )
            answers = scaler.answers(list(distinct.values()), arm, f"{arm} on {benchmark}")
            found += [(arm, benchmark, one.budget, one.answer) for one in answers]
        close_engines([engine])
        # Two models at once would double the memory of the run.
        del engine
        gc.collect()
    settings = {"closings": closings, "answer_tokens": answer_tokens}
    return _table(found, problems, list(arms), budgets, settings, out)


def _table(
    found: Sequence[tuple[str, str, int, Answer]],
    problems: Mapping[str, Problem],
    models: Sequence[str],
    budgets: tuple[int, ...],
    settings: Mapping[str, Any],
    out: Path | None,
) -> Table[Score]:
    scores = tuple(
        score_of(answer, arm_at(arm, budget), benchmark) for arm, benchmark, budget, answer in found
    )
    responses: dict[str, Response] = {a.response.id: a.response for _, _, _, a in found}
    facts = scaling_facts(scores, responses, models, budgets, settings)
    if out is not None:
        text = json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False)
        write_atomically(out / FILE, text.encode())
    print_scaling(facts)
    return Table(
        Score, scores, problems=problems, responses=responses, provenance={"scaling": facts}
    )
