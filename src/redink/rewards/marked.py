"""What a reward says of one rollout."""

from dataclasses import dataclass

from redink.records import Outcome


@dataclass(frozen=True, slots=True)
class Marked:
    """A rollout's reward and what it is made of."""

    total: float | None
    """The weighted sum; None where a grader failed, so that nothing is known: never 0 then."""
    parts: dict[str, float | None]
    """Each part before its weight. A part that does not apply to the task is left out; None is
    one that should be there and could not be had."""
    faults: tuple[str, ...]
    """Names of what makes the text degenerate; empty for most."""
    answer: str | None
    """The final answer found in the text; of a critique task its verdict."""
    outcome: Outcome

    @property
    def is_scorable(self) -> bool:
        """Whether there is a reward."""
        return self.total is not None
