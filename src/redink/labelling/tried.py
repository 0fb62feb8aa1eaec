"""A response while it is labelled: what its continuations have told so far."""

from dataclasses import dataclass, field
from functools import cached_property

from redink.labelling.continuing import Continuation
from redink.labelling.postprocessing import monotone_labels
from redink.labelling.results import is_used
from redink.records import Problem, Response
from redink.steps import SEPARATOR, SolutionStep, solution_steps
from redink.training.rendering import plain_solution


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
