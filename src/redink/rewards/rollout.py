"""One sampled answer, as rewards and trainers see it."""

from dataclasses import dataclass
from typing import Literal

from redink.records import Problem

Finish = Literal["stop", "length", "filter"]
"""How a text ended: by itself, cut off at the token limit, or withheld."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """A text that a policy sampled for a problem.

    Critique tasks (`redink.rewards.tasks`) are problems too: there the text is a critique.
    """

    problem: Problem
    text: str
    """Without its end of turn."""
    n_tokens: int
    """New tokens, the end of turn included where there is one."""
    finish: Finish
    logprob: float | None = None
    """Mean natural log-probability of a token, under the sampler or a reference model."""
