"""Asking a model for its answer: its own thinking, cut off, and the words that state an answer.

T1 (arXiv 2501.11651) has a model sum the truncated response up. Here it is the model
itself, which goes on with its own text behind a closing phrase.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redink.engines.engine import Completion, Conversation, Engine, Failure, Sampling
from redink.errors import DataError, ModelError
from redink.progress import progress
from redink.prompts import Prompt
from redink.records import Message, Problem

HASHES = "\n####"
BOXED = "\n\nThe final answer is \\boxed{"


def closing_for(prompt: Prompt) -> str:
    """The closing phrase of a prompt: the form of answer that it asks for."""
    asked = f"{prompt.system or ''}{prompt.user}{''.join(shot.solution for shot in prompt.shots)}"
    return BOXED if "\\boxed" in asked else HASHES


@dataclass(frozen=True)
class Request:
    """A text that was cut off before it stated an answer."""

    problem: Problem
    text: str
    """Without white space at its end."""


@dataclass(frozen=True)
class Reply:
    """What a model answered."""

    text: str
    """The whole: what was cut off, the closing phrase, the answer; the first alone where the model
    could not be asked."""
    tokens: int
    """Of the answer."""
    finish: str
    asked: bool


class Closer:
    """Asks for answers, greedily.

    Args:
        engine: the model that wrote the texts.
        prompt: how the problems were put to it.
        closing: the words behind the text.
        tokens: new tokens of an answer at most; it ends with its line.
    """

    def __init__(self, engine: Engine, prompt: Prompt, closing: str, tokens: int) -> None:
        self.engine, self.prompt, self.closing = engine, prompt, closing
        self.sampling = Sampling(max_tokens=tokens, stop=("\n",))
        self._items: Any = getattr(engine, "items", None)
        self._context = _context_of(self._items)

    def ask(self, requests: Sequence[Request], label: str) -> list[Reply]:
        """The replies, in order; texts that come twice are asked about once.

        Raises ModelError where the engine fails or leaves a text without a reply.
        """
        names = {
            (request.problem.id, request.text): str(place) for place, request in enumerate(requests)
        }
        asked: list[Conversation] = []
        for place, request in enumerate(requests):
            name = str(place)
            if names[request.problem.id, request.text] != name:
                continue
            conversation = self.conversation(name, request)
            if self._is_fit(conversation):
                asked.append(conversation)
        found = self._complete(asked, label)
        return [
            self._reply(request, found, names[request.problem.id, request.text])
            for request in requests
        ]

    def conversation(self, name: str, request: Request) -> Conversation:
        """What is put to the engine."""
        opening = f"{request.text}{self.closing}"
        if self.prompt.is_raw:
            gap = "" if opening[:1].isspace() else " "
            return Conversation(name, (), raw=f"{self.prompt.text(request.problem)}{gap}{opening}")
        messages = self.prompt.messages(request.problem)
        return Conversation(name, (*messages, Message("assistant", opening)))

    def _reply(self, request: Request, found: Mapping[str, Completion], name: str) -> Reply:
        done = found.get(name)
        if done is None:
            return Reply(request.text, 0, "length", asked=False)
        text = f"{request.text}{self.closing}{done.text}"
        return Reply(text, done.completion_tokens, done.finish, asked=True)

    def _complete(self, asked: Sequence[Conversation], label: str) -> dict[str, Completion]:
        done: dict[str, Completion] = {}
        reason = ""
        with progress(label, len(asked), "answers asked for") as bar:
            for completion in self.engine.complete(asked, self.sampling) if asked else ():
                if isinstance(completion, Failure):
                    reason = reason or completion.reason
                    continue
                done[completion.id] = completion
                bar.advance()
        if len(done) < len(asked):
            raise ModelError(
                f"{label}: engine {self.engine.name!r} gave {len(done)} of {len(asked)} answers"
                f"{f' ({reason})' if reason else ''}; run the same command again to go on"
            )
        return done

    def _is_fit(self, conversation: Conversation) -> bool:
        """Whether a text can be gone on with: one that holds a control token, that the template
        writes otherwise, or that fills the model's context must not stop all others."""
        if self._items is None:
            return True
        try:
            length = len(self._items.prompt_ids(conversation))
        except DataError:
            return False
        return not self._context or length + self.sampling.max_tokens <= self._context


def _context_of(items: Any) -> int | None:
    """Tokens that the model's context holds; None where its configuration does not say."""
    source = getattr(items, "source", None)
    if source is None:
        return None
    try:
        config = json.loads((source.folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    for part in (config, config.get("text_config") or {}):
        if isinstance(part.get("max_position_embeddings"), int):
            return int(part["max_position_embeddings"])
    return None
