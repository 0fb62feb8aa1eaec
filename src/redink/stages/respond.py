"""respond: a model samples solutions to problems."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from redink.engines.engine import Engine, Failure, Sampling
from redink.errors import DataError, ModelError, UsageError
from redink.evaluation.answers import Answer, gather_answers
from redink.grading.notation import canonical
from redink.grading.number import read_number
from redink.labelling.midway import FromStep, respond_midway
from redink.prompts import prompt_named
from redink.records import Problem, Response
from redink.tables import Dropped, Table, drop, response_table
from redink.teachers.llm import address_of, close_engines, open_models, price_for, teacher_name

NO_REPLY = "no response: "
"""Begins the reason of a response that is missing because its request failed."""


def respond(
    problems: Table[Problem] | Table[Response],
    *,
    model: str | Path = "smollm2-135m",
    prompt: str = "plain",
    samples: int = 1,
    temperature: float = 0.7,
    top_p: float = 0.95,
    max_tokens: int = 512,
    dedup: Literal["final_answer"] | None = None,
    engine: str = "auto",
    dtype: str = "bfloat16",
    batch_size: int | None = None,
    seed: int = 0,
    concurrency: int | None = None,
    rpm: float | None = None,
    tpm: float | None = None,
    timeout: float | None = None,
    prices: Mapping[str, Sequence[float]] | Path | str | None = None,
    max_cost: float | None = None,
    max_tokens_total: int | None = None,
    journal: Path | None = None,
    from_step: FromStep | None = None,
) -> Table[Response]:
    """Samples solutions to every problem and grades them.

    Args:
        problems: what is asked; of a table of responses, the problems that they answer.
        model: `smollm2-135m`, a model folder, `hf:ORG/NAME`, `endpoint:MODEL@URL` or
            `batch:MODEL@URL`.
        prompt: how problems are put, a name in `redink.prompts`; `plain` is that of training.
        samples: responses to each problem.
        temperature: 0 is greedy.
        top_p: nucleus of the draws.
        max_tokens: new tokens per response at most; `finish` says `length` where they ran out.
        dedup: `final_answer` keeps the first response of each distinct final answer to a problem:
            right answers are one, others are told apart as numbers or, failing that, as texts.
        engine: `transformers`, `vllm`, or `auto`: vLLM where it is installed for this machine.
        dtype: the weights' type, `bfloat16` or `float32`.
        batch_size: responses generated at once; the engine's own choice where not given.
        seed: of the draws.
        concurrency: an endpoint's requests in flight at most.
        rpm: an endpoint's requests a minute at most.
        tpm: an endpoint's tokens a minute at most.
        timeout: seconds for one request to an endpoint.
        prices: `{MODEL: [prompt, completion]}` in US dollars per million tokens, or a file of it.
        max_cost: US dollars to spend at most.
        max_tokens_total: prompt and completion tokens to spend at most.
        journal: SQLite file of finished responses: nothing in it is generated again.
        from_step: of a table of responses, keep the right ones up to a solution step and sample the
            rest: the number of the first sampled step, 0-based, or `random`, drawn for each
            response. Flawed responses whose beginning is right, where the temperature is raised.

    Returns graded responses, origin `respond`, by problem and sample; `dropped` holds those that
    `dedup` left out and, as their problem, those whose request failed. Raises DataError without
    problems, ModelError where the model cannot be opened or fails, or more than half of the
    requests do, BudgetError at a limit of cost or tokens.
    """
    if not len(problems):
        raise DataError("respond: no problems to answer; load some into the table")
    name = str(model)
    opened = open_models(
        [name],
        engine=engine,
        dtype=dtype,
        batch_size=batch_size,
        journal=journal,
        remote={"concurrency": concurrency, "rpm": rpm, "tpm": tpm, "timeout": timeout},
        prices=prices,
        max_cost=max_cost,
        max_tokens_total=max_tokens_total,
    )
    is_remote = address_of(name) is not None
    distinct = dict(problems.problems)
    if from_step is not None:
        drawn = Sampling(temperature, top_p, max_tokens, samples, seed)
        answers, dropped = _midway(opened[name], problems, drawn, prompt, from_step, name)
        close_engines(opened.values())
        kept, twins = _distinct(answers) if dedup else (answers, [])
        return response_table([a.response for a in kept], distinct, [*twins, *dropped])
    gathered = gather_answers(
        opened[name],
        list(distinct.values()),
        Sampling(temperature, top_p, max_tokens, samples, seed),
        prompt_named(prompt),
        origin="respond",
        model=teacher_name(model),
        label="respond",
        price=price_for(name, prices) if is_remote else None,
        max_tokens_total=None if is_remote else max_tokens_total,
    )
    close_engines(opened.values())
    failed = [_dropped(distinct[failure.id], failure) for failure in gathered.missing]
    if len(failed) > len(gathered.answers):
        raise ModelError(
            f"respond: {len(failed)} of {len(failed) + len(gathered.answers)} requests failed, the "
            f"first with: {gathered.missing[0].reason}; look at the model and run the same command "
            "again: what is done is kept"
        )
    rows, repeated = _distinct(gathered.answers) if dedup else (gathered.answers, [])
    return response_table([answer.response for answer in rows], distinct, [*repeated, *failed])


def _midway(
    engine: Engine,
    responses: Table[Any],
    sampling: Sampling,
    prompt: str,
    from_step: FromStep,
    name: str,
) -> tuple[list[Answer], list[Dropped]]:
    if responses.kind is not Response:
        raise UsageError("respond: from_step goes on from responses; give it a table of responses")
    if address_of(name) is not None:
        raise UsageError(
            f"respond: {name} is behind a server, which answers a message in place of going on "
            "with it; with from_step name a model that runs in this machine"
        )
    return respond_midway(
        engine, responses, sampling, prompt_named(prompt), from_step, model=teacher_name(name)
    )


def _dropped(problem: Problem, failure: Failure) -> Dropped:
    reason = failure.reason or "the engine gave none"
    item = drop(problem, f"{NO_REPLY}{reason}")
    return Dropped(item.id, item.reason, {**item.record, "sample": failure.sample})


def _distinct(answers: Sequence[Answer]) -> tuple[list[Answer], list[Dropped]]:
    kept: list[Answer] = []
    repeated: list[Dropped] = []
    seen: set[tuple[str, object]] = set()
    for answer in answers:
        key = (answer.response.problem_id, _answer_key(answer.response))
        if key in seen:
            repeated.append(drop(answer.response, "repeated final answer"))
        else:
            seen.add(key)
            kept.append(answer)
    return kept, repeated


def _answer_key(response: Response) -> object:
    """What a final answer is known by; a response without one by its whole text."""
    if response.outcome == "correct":
        return "correct"
    if response.answer is None:
        return ("text", response.text)
    number = read_number(response.answer)
    if number is None:
        return ("answer", canonical(response.answer))
    size = number.unit.size if number.unit else 1
    return ("number", number.value * size, number.unit and number.unit.kind)
