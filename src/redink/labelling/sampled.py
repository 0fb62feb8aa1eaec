"""Labels by continuations: each response's prefixes sampled, counted and made into labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from redink.engines.engine import Engine, Sampling
from redink.labelling.continuing import (
    Continuation,
    Continuer,
    continued_response,
    sampling_settings,
)
from redink.labelling.labelled import Labelled
from redink.labelling.postprocessing import first_wrong, monotone_labels
from redink.labelling.prefix import Prefix
from redink.labelling.results import is_used
from redink.labelling.searching import Search, next_steps
from redink.progress import progress
from redink.prompts import Prompt
from redink.records import Json, Problem, Response, StepLabels, labels_id
from redink.steps import SEPARATOR, SolutionStep, solution_steps
from redink.tables import Table
from redink.training.rendering import plain_solution

CONTINUATIONS = "continuations"


@dataclass(frozen=True)
class Rules:
    """How counts become labels."""

    least: int = 1
    monotone: bool = True
    consistent: bool = True


@dataclass
class Tried:
    """One response and what is known of its steps so far."""

    response: Response
    problem: Problem
    rules: Rules
    sample_right: bool
    samples: dict[int, tuple[Continuation, ...]] = field(default_factory=dict)
    """Continuations of the prefix that ends with each step."""
    used: dict[int, int] = field(default_factory=dict)
    """How many of them count: right ones that use the step's result."""

    def add(self, step: int, continuations: tuple[Continuation, ...]) -> None:
        """Keeps the continuations of the prefix that ends with a step."""
        self.samples[step] = continuations
        self.used[step] = sum(
            continuation.grade.outcome == "correct"
            and self._counts(step, continuation.text[self.steps[step].end :])
            for continuation in continuations
        )

    @cached_property
    def text(self) -> str:
        """Without calculator annotations."""
        return plain_solution(self.response.text)

    @cached_property
    def steps(self) -> list[SolutionStep]:
        """The solution steps."""
        return solution_steps(self.text)

    @cached_property
    def decided(self) -> dict[int, bool]:
        """Steps that need no sampling: those from the final answer on, by the response's own
        outcome; of a response that reaches the right answer all, where labels are monotone."""
        outcome = self.response.outcome
        if outcome not in ("correct", "wrong"):
            return {}
        count, right = len(self.steps), outcome == "correct"
        final = next((step.index for step in self.steps if step.is_final), count - 1)
        first = 0 if right and self.rules.monotone and not self.sample_right else final
        return dict.fromkeys(range(first, count), right)

    @property
    def whole(self) -> int:
        """Steps that are written to their end: all, but for the last one of a cut-off response."""
        is_cut = self.response.finish == "length" and not self.response.text.endswith(SEPARATOR)
        return len(self.steps) - int(is_cut and not self.decided)

    def own(self, step: int) -> int:
        """1 where the response itself is a right continuation of the prefix that counts."""
        right = self.response.outcome == "correct"
        return int(right and self._counts(step, self.text[self.steps[step].end :]))

    def _counts(self, step: int, suffix: str) -> bool:
        return not self.rules.consistent or is_used(self.steps[step].text, suffix)

    @property
    def reached(self) -> dict[int, bool]:
        """Of each step of which it is known, whether the right answer was reached from it."""
        return self.decided | {
            step: self.used[step] + self.own(step) >= self.rules.least
            for step, found in self.samples.items()
            if any(continuation.is_decided for continuation in found)
        }

    def labels(self) -> tuple[bool | None, ...]:
        """Of every step, after post-processing but before balancing."""
        known = self.reached
        reached = [known.get(step) for step in range(len(self.steps))]
        return monotone_labels(reached) if self.rules.monotone else tuple(reached)


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
