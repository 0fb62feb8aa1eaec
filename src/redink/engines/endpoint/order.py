"""Orders: the single requests that callers wait for, and the callers' calls."""

import queue
from dataclasses import dataclass, field

from redink.engines.endpoint.pacing import Ticket
from redink.engines.engine import Completion, Conversation, Failure, Sampling

Result = Completion | Failure
Delivery = list[tuple[str, Result]] | BaseException
"""Results under their keys, or why there will be no more."""


@dataclass(eq=False, slots=True)
class Call:
    """One caller's `complete`: where its results go."""

    deliveries: "queue.SimpleQueue[Delivery]" = field(default_factory=queue.SimpleQueue)
    delivered: int = 0
    """Counted by the writer alone."""
    consumed: int = 0
    """Counted by the caller's thread alone."""
    is_closed: bool = False
    """The caller wants nothing more."""

    @property
    def unread(self) -> int:
        """Results that the caller has not taken yet."""
        return self.delivered - self.consumed


@dataclass(eq=False, slots=True)
class Order:
    """One request to be made, under its key in the journal."""

    key: str
    conversation: Conversation
    sampling: Sampling
    sample: int
    calls: list[Call]
    tries: int = 0
    """Failed ones; push-backs are none."""
    pushed_back: int = 0

    @property
    def is_wanted(self) -> bool:
        """Whether a caller still waits for it."""
        return any(not call.is_closed for call in self.calls)

    @property
    def characters(self) -> int:
        """Of its prompt."""
        if self.conversation.raw is not None:
            return len(self.conversation.raw)
        return sum(len(message.content) for message in self.conversation.messages)


@dataclass(eq=False, slots=True)
class Flight:
    """An order on its way."""

    order: Order
    expected: tuple[float, float]
    """Prompt and completion tokens set aside for it."""
    marks: tuple[float, float]
    """Its place in the counts of requests and tokens sent."""
    ticket: Ticket
    """The pacing's."""
    limit_field: str
    """What the body calls the token limit."""
    sent: float = 0.0
    """In the loop's seconds."""
