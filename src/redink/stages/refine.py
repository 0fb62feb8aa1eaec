"""The verb `refine`: answers by strategies, or responses rewritten as their critiques say."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from redink.engines.engine import Sampling
from redink.engines.items import check as check_sampling
from redink.engines.opening import open_engine
from redink.errors import DataError, UsageError
from redink.files import write_atomically
from redink.prompts import prompt_named
from redink.records import Critique, Problem, Response, Score
from redink.refinement.desk import Desk
from redink.refinement.examples import scored_drafts
from redink.refinement.following import follow, improve
from redink.refinement.judging import Judge, Judges
from redink.refinement.models import Models
from redink.refinement.plays import play
from redink.refinement.strategy import misfit, parse_strategies
from redink.refinement.tally import arms_played, scores_of, tally
from redink.refinement.writing import Writer
from redink.reports.strategies import FILE
from redink.reports.strategy_table import print_strategies
from redink.scoring.weights import ScorerDtype, check_dtype
from redink.tables import Table


def refine(
    problems: Table[Problem] | None = None,
    *,
    critiques: Table[Critique] | None = None,
    responses: Table[Response] | None = None,
    model: str | Path = "smollm2-135m",
    orm: str | Path | None = None,
    sorm: str | Path | None = None,
    critic: str | Path | None = None,
    global_refiner: str | Path | None = None,
    local_refiner: str | Path | None = None,
    strategies: Sequence[str] = ("greedy", "majority"),
    samples: int = 8,
    temperature: float = 0.7,
    top_p: float = 0.95,
    max_tokens: int = 512,
    critique_tokens: int = 512,
    threshold: float = 0.5,
    branches: int = 2,
    oracle: bool = True,
    prompt: str = "plain",
    engine: str = "auto",
    dtype: str = "bfloat16",
    batch_size: int | None = None,
    seed: int = 0,
    step_examples: int = 4,
    scorer_dtype: ScorerDtype = "float32",
    journal: Path | None = None,
    out: Path | None = None,
) -> Table[Response] | Table[Score]:
    """Answers problems by strategies, or rewrites responses as their critiques say.

    With `problems`, every strategy answers every problem. Drafts are sampled once and shared by
    all strategies; refinements and critiques are greedy. `redink.refinement.strategy` lists the
    strategies; GLoRe's (arXiv 2402.10963) is `glore`. With `critiques` or `responses`, responses
    are rewritten `samples` times each, to filter critiques or to learn from (MathCritique, arXiv
    2411.16579).

    Args:
        problems: what is answered; or
        critiques: critiques, each of which is followed; or
        responses: responses that `critic` criticises; those that it calls wrong are rewritten.
        model: writes the drafts, and follows critiques: a name, a folder or `hf:ORG/NAME`.
        orm: scorer of whole responses (`fit` with kind orm).
        sorm: scorer of solution steps (`fit` with kind sorm).
        critic: model trained with objective `critique`.
        global_refiner: model trained with objective `refine-global`; where there is one, it
            follows the critic's critiques too, and should have learned to.
        local_refiner: model trained with objective `refine-local`.
        strategies: names, such as `majority-8`, `best-of-8:orm`, `local:sorm`.
        samples: drafts sampled for each problem; rewritings of each response.
        temperature: of these draws; above 0 with several.
        top_p: nucleus of these draws.
        max_tokens: new tokens of a draft or refinement at most.
        critique_tokens: new tokens of a critique at most.
        threshold: a step that the SORM gives a lower probability is taken for wrong.
        branches: next steps that the beam draws from each prefix that it keeps.
        oracle: whether there are arms that choose by the reference answer among what a strategy
            chose from: upper bounds, named `oracle:...`.
        prompt: how problems are put, a name in `redink.prompts`; that of the drafts in training.
        engine: `transformers`, `vllm`, or `auto`: vLLM where it is installed for this machine.
        dtype: the weights' type, `bfloat16` or `float32`.
        batch_size: completions generated at once; the engine's own choice where not given.
        seed: of the draws.
        step_examples: drafts that are kept with the scores of their steps, for the report.
        scorer_dtype: the type of the scorers' weights: `float32`, or `bfloat16` at half the memory
            and other scores, see `Scorer.load`.
        journal: SQLite file of finished completions: nothing in it is generated again.
        out: folder for `strategies.json`.

    Returns with problems the scores of every strategy, arm = strategy, n_tokens = all tokens that
    were sampled for the answer, and all whole answers as responses; else graded responses of
    origin `refine`, whose sampling holds `refines` (a response id) and `follows` (a critique id)
    or `critique` (the critic's text). Raises UsageError for unknown strategies and for models
    that they need and are not given, DataError without rows, ModelError where a model cannot be
    opened or fails.
    """
    given = {
        "problems": problems,
        "critiques": critiques,
        "responses": responses,
        "orm": orm,
        "sorm": sorm,
        "critic": critic,
        "global_refiner": global_refiner,
        "local_refiner": local_refiner,
    }
    wanted = {"strategies": strategies, "samples": samples}
    reason = misfit(wanted, [name for name, value in given.items() if value is not None])
    if reason is not None:
        raise UsageError(f"refine: {reason}")
    check_dtype(scorer_dtype, "refine: scorer_dtype")
    sampling = Sampling(temperature, top_p, max_tokens, samples, seed)
    check_sampling(sampling)
    if samples > 1 and temperature == 0:
        raise UsageError(
            f"refine: {samples} greedy drafts of a problem would be the same draft; set a "
            "temperature above 0, or samples to 1"
        )

    def open_model(name: str) -> Any:
        return open_engine(name, engine=engine, dtype=dtype, batch_size=batch_size, journal=journal)

    models = Models(
        {
            "model": model,
            "critic": critic,
            "global_refiner": global_refiner,
            "local_refiner": local_refiner,
        },
        open_model,
    )
    judges = Judges(judge_loaders(orm, sorm, critic, scorer_dtype))
    try:
        if critiques is not None:
            return follow(critiques, Writer(models), sampling)
        if responses is not None:
            return improve(responses, Writer(models), sampling, critique_tokens)
        assert problems is not None
        desk = Desk(
            {problem.id: problem for problem in problems},
            Writer(models),
            judges,
            prompt_named(prompt),
            sampling,
            critique_tokens,
            threshold,
            branches,
        )
        return refine_with(
            desk, problems, strategies, oracle=oracle, examples=step_examples, out=out
        )
    finally:
        models.close()
        judges.close()


def refine_with(
    desk: Desk,
    problems: Table[Problem],
    strategies: Sequence[str],
    *,
    oracle: bool = True,
    examples: int = 4,
    out: Path | None = None,
) -> Table[Score]:
    """`refine` on problems with models and scorers of the caller's choice."""
    if not desk.problems:
        raise DataError("refine: no problems to answer; load some into the table")
    played = [(one, play(desk, one)) for one in parse_strategies(strategies, desk.sampling.samples)]
    benchmarks = _benchmarks(problems)
    arms = arms_played(played, oracle)
    facts = {
        **tally(arms, benchmarks, desk.greedy, desk.samples),
        "samples": desk.sampling.samples,
        "temperature": desk.sampling.temperature,
        "top_p": desk.sampling.top_p,
        "examples": scored_drafts(desk, played, examples),
    }
    if out is not None:
        text = json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False)
        write_atomically(out / FILE, text.encode())
    print_strategies(facts)
    return Table(
        Score,
        tuple(scores_of(arms, benchmarks)),
        problems=desk.problems,
        responses=desk.writer.responses,
        provenance={"strategies": facts},
    )


def judge_loaders(
    orm: str | Path | None,
    sorm: str | Path | None,
    critic: str | Path | None,
    dtype: ScorerDtype = "float32",
) -> dict[str, Callable[[], Judge]]:
    """How each scorer that is there is loaded."""

    def scorer(folder: str | Path, kind: str) -> Judge:
        from redink.scoring.scorer import Scorer, require_kind

        return require_kind(Scorer.load(folder, dtype=dtype), kind, kind)

    def verdicts(name: str | Path) -> Judge:
        from redink.scoring.critic import CriticScorer

        return CriticScorer.load(name, dtype=dtype)

    loaders: dict[str, Callable[[], Judge]] = {}
    for kind, folder in (("orm", orm), ("sorm", sorm)):
        if folder is not None:
            loaders[kind] = partial(scorer, folder, kind)
    if critic is not None:
        loaders["critic"] = partial(verdicts, critic)
    return loaders


def _benchmarks(problems: Table[Problem]) -> Mapping[str, list[str]]:
    """Benchmark name → problem ids: a table's stage, else each problem's source."""
    stage = problems.provenance.get("stage")
    found: dict[str, list[str]] = {}
    for key, problem in {problem.id: problem for problem in problems}.items():
        found.setdefault(str(stage or problem.source or "benchmark"), []).append(key)
    return found
