"""Asking the models: each completion once, graded, with what it took."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from redink.engines.engine import Completion, Conversation, Engine, Failure, Sampling
from redink.errors import DataError, ModelError
from redink.evaluation.answers import Answer
from redink.grading import grade_many
from redink.progress import progress
from redink.records import Json, Message, Problem, Response, content_id
from redink.refinement.models import Models, Role
from redink.refinement.tried import Spent, Tried, together

ORIGIN = "refine"
"""What responses of this verb have as their origin."""


@dataclass(frozen=True)
class Piece:
    """One completion."""

    key: str
    """Of everything that it depends on."""
    text: str
    tokens: int
    finish: str

    @property
    def spent(self) -> dict[str, int]:
        """What it took."""
        return {self.key: self.tokens}


def _as_it_is(text: str) -> str:
    return text


@dataclass(frozen=True)
class Request:
    """A whole answer that is asked for."""

    problem: Problem
    messages: tuple[Message, ...]
    raw: str | None = None
    """A text to be continued in place of messages."""
    whole: Callable[[str], str] = _as_it_is
    """From the completion to the answer's text."""
    spent: Spent = field(default_factory=dict)
    """What was sampled on the way here."""
    notes: Json = field(default_factory=dict)
    """Kept with the answer's sampling."""


class Writer:
    """Has models write, and remembers what they wrote.

    A completion that two strategies ask for is sampled once: the same model, conversation,
    sampling and sample index give the same piece. The engines' journal keeps pieces beyond the
    process.
    """

    def __init__(self, models: Models) -> None:
        self.models = models
        self.responses: dict[str, Response] = {}
        """Every whole answer written so far, by id."""
        self._pieces: dict[str, Piece] = {}

    def answers(
        self, role: Role, requests: Sequence[Request], sampling: Sampling, label: str
    ) -> list[list[Tried]]:
        """Whole answers, graded: for each request its samples in order.

        Raises ModelError where the model fails or leaves a request unanswered.
        """
        asked = [Conversation(str(i), r.messages, r.raw) for i, r in enumerate(requests)]
        pieces = self.pieces(role, asked, sampling, label)
        made = [
            (request, sample, piece, request.whole(piece.text))
            for request, found in zip(requests, pieces, strict=True)
            for sample, piece in enumerate(found)
        ]
        grades = grade_many([(text, r.problem, piece.finish) for r, _, piece, text in made])
        settings = self._settings(role, sampling)
        tried: list[list[Tried]] = [[] for _ in requests]
        for number, ((request, sample, piece, text), grade) in enumerate(
            zip(made, grades, strict=True)
        ):
            response = Response(
                id=content_id(
                    "response", request.problem.id, text, ORIGIN, piece.key, request.notes
                ),
                problem_id=request.problem.id,
                text=text,
                origin=ORIGIN,
                model=self.models.name(role),
                sampling={**settings, "sample": sample, **request.notes},
                answer=grade.extracted,
                outcome=grade.outcome,
                n_tokens=piece.tokens,
                finish=piece.finish,
            )
            self.responses[response.id] = response
            spent = together([request.spent, piece.spent])
            answer = Answer(response, grade, sample)
            tried[number // sampling.samples].append(Tried(answer, spent))
        return tried

    def whole(
        self, problem: Problem, text: str, notes: Json, spent: Spent, tokens: int, finish: str
    ) -> Tried:
        """An answer that was put together from pieces of the role `model`, graded.

        Args:
            problem: that it answers.
            text: the answer.
            notes: how it came about.
            spent: all that was sampled on the way.
            tokens: of the answer itself.
            finish: `stop` or `length`.
        """
        (grade,) = grade_many([(text, problem, finish)])
        response = Response(
            id=content_id("response", problem.id, text, ORIGIN, self.models.path("model"), notes),
            problem_id=problem.id,
            text=text,
            origin=ORIGIN,
            model=self.models.name("model"),
            sampling=notes,
            answer=grade.extracted,
            outcome=grade.outcome,
            n_tokens=tokens,
            finish=finish,
        )
        self.responses[response.id] = response
        return Tried(Answer(response, grade, 0), spent)

    def pieces(
        self, role: Role, asked: Sequence[Conversation], sampling: Sampling, label: str
    ) -> list[list[Piece]]:
        """Completions: for each conversation its samples in order.

        Raises ModelError where the model fails or leaves a conversation without an answer.
        """
        keys = [self._keys(role, conversation, sampling) for conversation in asked]
        missing = {
            found[0]: conversation
            for found, conversation in zip(keys, asked, strict=True)
            if any(key not in self._pieces for key in found)
        }
        if missing:
            self._ask(role, missing, sampling, label)
        return [[self._pieces[key] for key in found] for found in keys]

    def _ask(
        self, role: Role, missing: Mapping[str, Conversation], sampling: Sampling, label: str
    ) -> None:
        engine = self.models.engine(role)
        keys = {key: self._keys(role, one, sampling) for key, one in missing.items()}
        own = []
        for key, one in missing.items():
            if _is_readable(engine, one):
                own.append(Conversation(key, one.messages, one.raw))
            else:
                self._pieces |= {unread: Piece(unread, "", 0, "stop") for unread in keys[key]}
        total, tokens, reason = len(own) * sampling.samples, 0, ""
        done: dict[str, Completion] = {}
        with progress(f"refine: {label}", total, "completions") as bar:
            for completion in engine.complete(own, sampling) if own else ():
                if isinstance(completion, Failure):
                    reason = reason or completion.reason
                    continue
                done[keys[completion.id][completion.sample]] = completion
                tokens += completion.completion_tokens
                bar.advance(tokens=f"{tokens / len(done):.0f} on average")
        if len(done) < total:
            raise ModelError(
                f"refine: {label}: engine {engine.name!r} gave {len(done)} of {total} completions"
                f"{f' ({reason})' if reason else ''}; run the same command again to go on"
            )
        for key, completion in done.items():
            self._pieces[key] = Piece(
                key, completion.text, completion.completion_tokens, completion.finish
            )

    def _keys(self, role: Role, conversation: Conversation, sampling: Sampling) -> list[str]:
        drawn = (sampling.temperature, sampling.top_p, sampling.seed)
        said = [(message.role, message.content) for message in conversation.messages]
        base = content_id(
            "completion",
            self.models.path(role),
            said,
            conversation.raw,
            drawn if sampling.temperature else 0,
            sampling.max_tokens,
            sampling.stop,
        )
        return [f"{base}/{sample}" for sample in range(sampling.samples)]

    def _settings(self, role: Role, sampling: Sampling) -> dict[str, Any]:
        return {
            "role": role,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
            "stop": list(sampling.stop),
            "seed": sampling.seed,
        }


def _is_readable(engine: Engine, conversation: Conversation) -> bool:
    """Whether a text can be put to a model: what a model wrote before may spell one of the control
    tokens, and one such draft must not stop all others. Its answer is empty."""
    items = getattr(engine, "items", None)
    try:
        if items is not None:
            items.prompt_ids(conversation)
    except DataError:
        return False
    return True
