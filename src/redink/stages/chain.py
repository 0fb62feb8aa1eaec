"""The verb `chain`: critiques to responses that try, find what is wrong, try again and check."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from redink.chains.merging import Merger
from redink.chains.plan import Choosing, Draft, Order, drafts, gather
from redink.chains.rows import chain_rows
from redink.chains.thinking import Thinker, Told
from redink.engines.engine import Sampling
from redink.engines.items import check as check_sampling
from redink.errors import DataError, ModelError, UsageError
from redink.progress import progress
from redink.records import Critique, Response
from redink.tables import Dropped, Table, drop, response_table
from redink.teachers.llm import address_of, close_engines, open_models, price_for, teacher_name

SYMBOLIC = "symbolic"


def chain(
    critiques: Table[Critique],
    *,
    teacher: str = SYMBOLIC,
    attempts: Sequence[int] = (1, 2),
    order: Order = "nearing",
    check: bool = True,
    resume: float = 0.5,
    per_problem: int = 1,
    seed: int = 0,
    temperature: float = 0.3,
    top_p: float = 0.95,
    max_tokens: int = 3200,
    engine: str = "auto",
    dtype: str = "bfloat16",
    batch_size: int | None = None,
    concurrency: int | None = None,
    rpm: float | None = None,
    tpm: float | None = None,
    timeout: float | None = None,
    prices: Mapping[str, Sequence[float]] | Path | str | None = None,
    max_cost: float | None = None,
    max_tokens_total: int | None = None,
    journal: Path | None = None,
) -> Table[Response]:
    """Merges several attempts at a problem, with what is wrong in them, into one chain.

    attempt → what is wrong with it → next attempt → … → the right solution → a check → the answer:
    the start that T1 gives to reinforcement learning (arXiv 2501.11651). What comes of
    it is learned with `finetune` and `objective: imitate`.

    Args:
        critiques: with their responses, wrong ones and right ones, and these responses' problems.
            A wrong response is told where its critique calls it wrong too; the right solution is
            one of the right responses, or the reference solution where there is none.
        teacher: `symbolic` (no model, no cost: needs reference solutions with calculations, and
            finds the mistakes anew in them), `endpoint:MODEL@URL`, `batch:MODEL@URL`, or a model of
            this machine, which merges and rewrites.
        attempts: wrong attempts before the right one, [least, most]; how many is drawn, as far as
            there are so many. With [0, N] some chains are right at once.
        order: `nearing`: each attempt goes wrong at a later step than the one before it, those
            whose step no critique names before all others; `random`.
        check: whether the answer is checked before it is stated.
        resume: of the symbolic teacher: share of the mistakes from which the next attempt goes on
            where the lines before it stand, in place of starting over; 0 to 1.
        per_problem: chains of a problem at most.
        seed: of the choice of attempts, the wording and a model's draws.
        temperature: of a model's chains.
        top_p: nucleus of the draws.
        max_tokens: new tokens of a chain at most.
        engine: what runs a model of this machine: `transformers`, `vllm` or `auto`; `journal` asks
            for nothing and takes what the journal holds of a model behind a server.
        dtype: the weights' type there, `bfloat16` or `float32`.
        batch_size: chains generated at once there.
        concurrency: an endpoint's requests in flight at most.
        rpm: an endpoint's requests a minute at most.
        tpm: an endpoint's tokens a minute at most.
        timeout: seconds for one request to an endpoint.
        prices: `{MODEL: [prompt, completion]}` in US dollars per million tokens, or a file of it.
        max_cost: US dollars to spend at most.
        max_tokens_total: prompt and completion tokens to spend at most.
        journal: SQLite file of finished completions: nothing in it is asked for again.

    Returns:
        Graded responses of origin `chain`, by problem; their sampling holds the ids of the
        `attempts` and `critiques` told. Chains with a wrong answer stay, with their outcome.
        `dropped` holds the problems that no chain comes of, with the reason.

    Raises:
        UsageError: for impossible settings.
        DataError: where there are no critiques, one refers to a missing row, or no chain comes of
            any problem.
        ModelError: where the teacher cannot be had, or more than half of the requests failed.
        BudgetError: at a limit of cost or tokens; the journal keeps what is done.
    """
    if not 0 <= resume <= 1:
        raise UsageError(f"chain: resume is {resume}; give a share from 0 to 1")
    choosing = Choosing.of(attempts, order, per_problem, seed)
    _check_rows(critiques)
    if teacher == SYMBOLIC:
        thinker = Thinker(check, resume, seed)
        chosen, dropped = drafts(
            gather(critiques, thinker.place, thinker.fit), choosing, thinker.ends
        )
        _check_some(chosen, dropped)
        written = _think(thinker, chosen)
        settings = {"check": check, "seed": seed}
        rows = chain_rows(written, model=SYMBOLIC, settings=settings)
        return response_table(rows, critiques.problems, dropped)
    sampling = Sampling(temperature, top_p, max_tokens, seed=seed)
    check_sampling(sampling)
    opened = open_models(
        [teacher],
        engine=engine,
        dtype=dtype,
        batch_size=batch_size,
        journal=journal,
        remote={"concurrency": concurrency, "rpm": rpm, "tpm": tpm, "timeout": timeout},
        prices=prices,
        max_cost=max_cost,
        max_tokens_total=max_tokens_total,
    )
    is_remote = address_of(teacher) is not None
    merger = Merger(
        opened[teacher],
        sampling,
        check=check,
        price=price_for(teacher, prices) if is_remote else None,
        max_tokens_total=None if is_remote else max_tokens_total,
    )
    try:
        return chain_with(merger, critiques, choosing, model=teacher_name(teacher))
    finally:
        close_engines(opened.values())


def chain_with(
    merger: Merger, critiques: Table[Critique], choosing: Choosing, *, model: str
) -> Table[Response]:
    """`chain` by a language model of the caller's choice."""
    chosen, dropped = drafts(gather(critiques, merger.place, merger.fit), choosing, merger.ends)
    _check_some(chosen, dropped)
    told: dict[tuple[str, int], Told] = {}
    failed: list[str] = []
    for draft, text in merger.write_all(chosen):
        if isinstance(text, Told):
            told[draft.problem.id, draft.number] = text
        else:
            failed.append(text)
            dropped.append(drop(draft.problem, text))
    if len(failed) > len(told):
        raise ModelError(
            f"chain: {len(failed)} of {len(chosen)} requests failed, the first with: {failed[0]}; "
            "look at the teacher and run the same command again: what is done is kept"
        )
    written = [
        (draft, told[draft.problem.id, draft.number])
        for draft in chosen
        if (draft.problem.id, draft.number) in told
    ]
    sampling = merger.sampling
    settings = {
        "check": merger.check,
        "seed": sampling.seed,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
        "engine": merger.engine.name.partition(":")[0],
    }
    rows = chain_rows(written, model=model, settings=settings)
    return response_table(rows, critiques.problems, dropped)


def _think(thinker: Thinker, chosen: Sequence[Draft]) -> list[tuple[Draft, Told]]:
    written = []
    with progress("chain", len(chosen), "chains") as bar:
        for draft in chosen:
            written.append((draft, thinker.write(draft)))
            bar.advance()
    return written


def _check_rows(critiques: Table[Critique]) -> None:
    if not len(critiques):
        raise DataError("chain: no critiques to tell; load some into the table")
    for critique in critiques:
        response = critiques.responses.get(critique.response_id)
        if response is None or response.problem_id not in critiques.problems:
            raise DataError(
                f"chain: critique {critique.id}: its response or problem is not in the table; make "
                "the critiques again"
            )


def _check_some(chosen: Sequence[Draft], dropped: Sequence[Dropped]) -> None:
    if not chosen:
        why = dropped[0].reason if dropped else "no response is told wrong or right"
        raise DataError(
            f"chain: no chain comes of any of {len(dropped)} problems, the first: {why}; give "
            "wrong responses with critiques that agree, and problems with reference solutions"
        )
