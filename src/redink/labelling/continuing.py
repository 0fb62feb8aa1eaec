"""Continuations of prefixes: sampled by an engine and graded while others are sampled."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from redink.engines.engine import Completion, Engine, Failure, Sampling
from redink.errors import DataError, ModelError
from redink.evaluation.marking import Marker
from redink.grading import Grade
from redink.labelling.prefix import Prefix, prefix_at
from redink.progress import Progress
from redink.prompts import Prompt
from redink.records import Json, Problem, Response, content_id
from redink.steps import SolutionStep


@dataclass(frozen=True)
class Continuation:
    """One graded continuation of a prefix."""

    prefix: Prefix
    completion: Completion
    grade: Grade

    @property
    def text(self) -> str:
        """The whole solution: the prefix and what the model wrote behind it."""
        return f"{self.prefix.opening}{self.completion.text}"

    @property
    def is_decided(self) -> bool:
        """Whether its grade says anything of the model."""
        return self.grade.outcome not in ("gold_unparsable", "grader_timeout", "ungraded")


class Continuer:
    """Samples continuations; a prefix of a problem is sampled once, however often it is asked for.

    Args:
        engine: what writes them.
        sampling: how; the prompt's stop texts are added to its own.
        prompt: how problems are put.
        bar: of progress; its total grows with what is asked for.
    """

    def __init__(self, engine: Engine, sampling: Sampling, prompt: Prompt, bar: Progress) -> None:
        stops = tuple(dict.fromkeys((*sampling.stop, *prompt.stop)))
        self.engine, self.prompt, self.bar = engine, prompt, bar
        self.sampling = replace(sampling, stop=stops)
        self._items: Any = getattr(engine, "items", None)
        self.sampled: dict[tuple[str, str], tuple[Continuation, ...]] = {}
        self.asked = 0
        """Prefixes asked for, those that were there already included."""
        self._tokens = 0

    def prefix(
        self, problem: Problem, text: str, steps: Sequence[SolutionStep], step: int
    ) -> Prefix:
        """The prefix of `text` that ends with a solution step, as the model is best given it."""
        return prefix_at(problem, text, steps, step, self.prompt, self._items)

    def unfit(self, prefix: Prefix) -> str | None:
        """Why a prefix cannot be put to the model: one such row must not stop all others."""
        try:
            prefix.text.encode()
            if self._items is not None:
                self._items.prompt_ids(prefix.conversation("", self.prompt))
        except UnicodeEncodeError:
            return "its text is no Unicode (half of a surrogate pair)"
        except DataError as error:
            return str(error).partition(": ")[2]
        return None

    def continuations(self, prefixes: Iterable[Prefix]) -> list[tuple[Continuation, ...]]:
        """The graded continuations of each prefix, by sample.

        Raises ModelError where the engine fails, or more than half of what is asked of it.
        """
        wanted = list(prefixes)
        self.asked += len(wanted)
        new = {prefix.key: prefix for prefix in wanted if prefix.key not in self.sampled}
        if new:
            self._sample(list(new.values()))
        return [self.sampled[prefix.key] for prefix in wanted]

    def _sample(self, prefixes: Sequence[Prefix]) -> None:
        names = {str(place): prefix for place, prefix in enumerate(prefixes)}
        conversations = [prefix.conversation(name, self.prompt) for name, prefix in names.items()]
        self.bar.total = (self.bar.total or 0) + len(prefixes) * self.sampling.samples
        marker: Marker[tuple[str, int]] = Marker()
        done: dict[tuple[str, int], Completion] = {}
        failures: list[Failure] = []
        for completion in self.engine.complete(conversations, self.sampling):
            if isinstance(completion, Failure):
                failures.append(completion)
                self.bar.advance(failed=str(len(failures)))
                continue
            prefix = names[completion.id]
            key = completion.id, completion.sample
            done[key] = completion
            text = f"{prefix.opening}{completion.text}"
            marker.submit(key, text, prefix.problem, completion.finish)
            self._tokens += completion.completion_tokens
            self.bar.advance(tokens=f"{self._tokens:,}")
        grades = marker.grades()
        if len(failures) > len(done):
            raise ModelError(
                f"label: {len(failures)} of {len(failures) + len(done)} continuations failed, the "
                f"first with: {failures[0].reason}; look at the model and run the same command "
                "again: what is done is kept"
            )
        for name, prefix in names.items():
            found = sorted(key for key in done if key[0] == name)
            self.sampled[prefix.key] = tuple(
                Continuation(prefix, done[key], grades[key]) for key in found
            )


def continued_response(
    continuation: Continuation,
    *,
    origin: str,
    model: str,
    settings: Json,
    prefix_of: str,
    steps: int,
    shared: bool = False,
) -> Response:
    """A continuation as a response of its own.

    Args:
        origin: the verb.
        model: the model's name.
        settings: of the sampling.
        prefix_of: id of the response that the prefix is of.
        steps: solution steps of the prefix.
        shared: whether the same continuation stands under another response already, so that its
            tokens were sampled once for both.
    """
    prefix, completion, grade = continuation.prefix, continuation.completion, continuation.grade
    place = {"prefix_of": prefix_of, "steps": steps, "sample": completion.sample}
    return Response(
        id=content_id(
            "response", prefix.problem.id, continuation.text, origin, model, *place.values()
        ),
        problem_id=prefix.problem.id,
        text=continuation.text,
        origin=origin,
        model=model,
        sampling={**settings, **place, **({"shared": True} if shared else {})},
        answer=grade.extracted,
        outcome=grade.outcome,
        n_tokens=completion.completion_tokens,
        finish=completion.finish,
    )


def sampling_settings(sampling: Sampling, prompt: Prompt, engine: Engine) -> Json:
    """What a response keeps of how it was drawn."""
    return {
        "prompt": prompt.name,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
        "stop": list(sampling.stop),
        "seed": sampling.seed,
        "engine": engine.name.partition(":")[0],
    }
