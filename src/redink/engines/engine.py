"""The one protocol that every engine keeps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from redink.records import Message


@dataclass(frozen=True)
class Sampling:
    """How completions are drawn; temperature 0 is greedy."""

    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 512
    """New tokens at most."""
    samples: int = 1
    """Completions per conversation."""
    seed: int = 0
    stop: tuple[str, ...] = ()
    """Texts that end a completion; the first that occurs is cut off with all that follows it."""


@dataclass(frozen=True)
class Conversation:
    """Messages to be continued by the model, under an id of the caller's.

    It answers the last of them; one that is the assistant's own is gone on with instead.
    """

    id: str
    messages: tuple[Message, ...]
    raw: str | None = None
    """A text to be continued as it stands, without a chat template; `messages` is empty then."""

    @property
    def is_begun(self) -> bool:
        """Whether the answer is begun already, to be gone on with: its text stands last."""
        last = self.messages[-1] if self.messages else None
        return last is not None and last.role == "assistant" and last.content != ""


@dataclass(frozen=True)
class Completion:
    """One continuation: the text without its end-of-turn, and how it ended."""

    id: str
    sample: int
    text: str
    prompt_tokens: int
    completion_tokens: int
    finish: Literal["stop", "length", "filter"]
    """`length`: cut off at the token limit; `filter`: withheld or cut by the provider's filter."""
    seconds: float | None = None
    """From sending the request to its last byte, where an endpoint made it."""


@dataclass(frozen=True)
class Failure:
    """A completion that could not be had, and why; it is asked for again next time."""

    id: str
    sample: int
    reason: str
    """One line: the status or error, how often it was tried; never a key."""


class Engine(Protocol):
    """Completes conversations, in any order, each tagged by its id and sample index."""

    name: str

    def complete(
        self, conversations: Sequence[Conversation], sampling: Sampling
    ) -> Iterator[Completion | Failure]:
        """Yields each of every conversation's completions, or why it could not be had.

        Engines that run a model in this machine yield no Failure. Raises ModelError where the
        model or the endpoint as a whole fails, BudgetError at a limit of money or tokens.
        """
        ...
