"""Labels by continuations: each response's prefixes sampled, counted and made into labels."""

from collections.abc import Mapping, Sequence

from redink.engines.engine import Engine, Sampling
from redink.labelling.continuing import Continuer, continued_response, sampling_settings
from redink.labelling.labelled import Labelled
from redink.labelling.postprocessing import first_wrong
from redink.labelling.prefix import Prefix
from redink.labelling.searching import Search, next_steps
from redink.labelling.tried import Rules, Tried
from redink.progress import progress
from redink.prompts import Prompt
from redink.records import Json, Response, StepLabels, labels_id
from redink.tables import Table

CONTINUATIONS = "continuations"


def label_by_continuations(
    engine: Engine,
    table: Table[Response],
    responses: Sequence[Response],
    sampling: Sampling,
    prompt: Prompt,
    *,
    search: Search = "all",
    least: int = 1,
    monotone: bool = True,
    consistent: bool = True,
    sample_right: bool = False,
    model: str = "",
) -> list[Labelled]:
    """Samples `sampling.samples` continuations of prefixes of each response and labels its steps.

    The last step needs none: the response's own outcome says of it whether the right answer was
    reached. A step's `successes` are all right continuations of the prefix that ends with it, of
    those that could be graded; `meta["used"]` counts those that use its result.

    Args:
        engine: the student.
        table: holds the responses' problems.
        responses: to be labelled.
        search, least, monotone, consistent, sample_right: as for `redink.label`.
        model: the student's name.
    """
    rules = Rules(least, monotone, consistent)
    tried = [
        Tried(response, table.problems[response.problem_id], rules, sample_right)
        for response in responses
    ]
    with progress("label", 0, "continuations") as bar:
        continuer = Continuer(engine, sampling, prompt, bar)
        unfit = {one.response.id: _unfit(one, continuer) for one in tried}
        going = [one for one in tried if not unfit[one.response.id]]
        while going:
            going = _sample_round(continuer, going, search)
    settings = sampling_settings(continuer.sampling, prompt, engine)
    seen: set[tuple[tuple[str, str], int]] = set()
    return [
        _labelled(one, settings, model, sampling.samples, unfit[one.response.id], seen)
        for one in tried
    ]


def _prefix(one: Tried, step: int, continuer: Continuer) -> Prefix:
    return continuer.prefix(one.problem, one.text, one.steps, step)


def _unfit(one: Tried, continuer: Continuer) -> str | None:
    if not one.whole:
        return "cut off within its first solution step"
    return continuer.unfit(_prefix(one, one.whole - 1, continuer))


def _sample_round(continuer: Continuer, going: Sequence[Tried], search: Search) -> list[Tried]:
    """Samples what each response needs next; returns those that needed something."""
    wanted = [
        (one, step) for one in going for step in next_steps(search, one.whole, _answered(one))
    ]
    found = continuer.continuations(_prefix(one, step, continuer) for one, step in wanted)
    for (one, step), continuations in zip(wanted, found, strict=True):
        one.add(step, continuations)
    return list({id(one): one for one, _ in wanted}.values())


def _answered(one: Tried) -> Mapping[int, bool]:
    """What is known; a prefix none of whose continuations came counts as wrong, not asked again."""
    return dict.fromkeys(one.samples, False) | one.reached


def _labelled(
    one: Tried,
    settings: Json,
    model: str,
    samples: int,
    unfit: str | None,
    seen: set[tuple[tuple[str, str], int]],
) -> Labelled:
    rules, count = one.rules, len(one.steps)
    labels = one.labels() if not unfit else (None,) * count
    tries = [len([c for c in one.samples.get(s, ()) if c.is_decided]) for s in range(count)]
    right = [
        sum(c.grade.outcome == "correct" for c in one.samples.get(s, ())) for s in range(count)
    ]
    used = [one.used.get(step, 0) for step in range(count)]
    row = StepLabels(
        id=labels_id(
            one.response.id,
            CONTINUATIONS,
            *(model, settings, samples, rules.least, rules.monotone, rules.consistent),
        ),
        response_id=one.response.id,
        successes=tuple(right),
        tries=tuple(tries),
        labels=labels,
        first_error=first_wrong(labels),
        source=CONTINUATIONS,
        meta={"labels": list(labels), "used": used, "samples": samples},
    )
    continuations: list[Response] = []
    for step in sorted(one.samples):
        for continuation in one.samples[step]:
            key = continuation.prefix.key, continuation.completion.sample
            continuations.append(
                continued_response(
                    continuation,
                    origin="label",
                    model=model,
                    settings=settings,
                    prefix_of=one.response.id,
                    steps=step + 1,
                    shared=key in seen,
                )
            )
            seen.add(key)
    return Labelled(row, tuple(continuations), unfit)
