"""Responses that leave a right response midway: flawed solutions whose beginning is right.

After AutoMathCritique's location-aware flawed responses (arXiv 2411.16579, section 3.1): the first
solution steps of a right response are kept and the rest is sampled, at a raised temperature.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from redink.engines.engine import Engine, Sampling
from redink.errors import UsageError
from redink.evaluation.answers import Answer
from redink.labelling.continuing import Continuer, continued_response, sampling_settings
from redink.labelling.prefix import Prefix
from redink.progress import progress
from redink.prompts import Prompt
from redink.records import Response
from redink.steps import solution_steps
from redink.tables import Dropped, Table, drop
from redink.training.rendering import plain_solution

FromStep = int | Literal["random"]


@dataclass(frozen=True)
class Departure:
    """Where a response is left."""

    response: Response
    prefix: Prefix
    steps: int
    """Solution steps kept; so the first sampled one, 0-based."""


def respond_midway(
    engine: Engine,
    responses: Table[Response],
    sampling: Sampling,
    prompt: Prompt,
    from_step: FromStep,
    *,
    model: str,
) -> tuple[list[Answer], list[Dropped]]:
    """Samples each right response anew from a solution step on, and grades what comes of it.

    Args:
        engine: what writes the rest.
        responses: those with the right answer are gone on from.
        sampling: of the rest; its seed draws the steps too.
        prompt: how problems are put.
        from_step: the first solution step that is sampled, 0-based and above 0; `random` draws one
            for each response. The line that states the final answer is never the first one.
        model: the model's name.

    Returns answers by response, then sample, origin `respond`, with `prefix_of` and `steps` in
    their `sampling`; and the responses that nothing was sampled from, with the reason.
    """
    if from_step != "random" and from_step < 1:
        raise UsageError(f"respond: from_step is {from_step}; give 1 or more, or random")
    dropped: list[Dropped] = []
    departures: list[Departure] = []
    with progress("respond", 0, "answers") as bar:
        continuer = Continuer(engine, sampling, prompt, bar)
        for response in responses:
            departure = _departure(response, responses, from_step, sampling.seed, continuer)
            if isinstance(departure, Departure):
                departures.append(departure)
            else:
                dropped.append(drop(response, departure))
        answers = _answers(continuer, departures, model)
    return answers, dropped


def _departure(
    response: Response,
    table: Table[Response],
    from_step: FromStep,
    seed: int,
    continuer: Continuer,
) -> Departure | str:
    """Where a response is left, or why it is not."""
    if response.outcome != "correct":
        return "not right, so none of it is kept"
    text = plain_solution(response.text)
    steps = solution_steps(text)
    worked = sum(not step.is_final for step in steps)
    place = 1 if from_step == "random" else from_step
    if worked <= place:
        return "too few solution steps"
    if from_step == "random":
        place = Random(f"{seed}:{response.id}").randrange(1, worked)
    prefix = continuer.prefix(table.problems[response.problem_id], text, steps, place - 1)
    return continuer.unfit(prefix) or Departure(response, prefix, place)


def _answers(continuer: Continuer, departures: Sequence[Departure], model: str) -> list[Answer]:
    settings = sampling_settings(continuer.sampling, continuer.prompt, continuer.engine)
    found = continuer.continuations(departure.prefix for departure in departures)
    return [
        Answer(
            continued_response(
                continuation,
                origin="respond",
                model=model,
                settings=settings,
                prefix_of=departure.response.id,
                steps=departure.steps,
            ),
            continuation.grade,
            continuation.completion.sample,
        )
        for departure, continuations in zip(departures, found, strict=True)
        for continuation in continuations
    ]
