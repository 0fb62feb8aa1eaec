"""Answers together with everything that was sampled for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from redink.evaluation.answers import Answer, score_of
from redink.records import Response, Score
from redink.training.plain import plain_solution

Spent = Mapping[str, int]
"""What was sampled: a completion's key → its tokens. A completion counts once, however many parts
of a strategy looked at it."""


@dataclass(frozen=True)
class Tried:
    """One graded answer to a problem."""

    answer: Answer
    spent: Spent
    """All that was sampled for it: drafts and critiques that it grew from included."""

    @property
    def response(self) -> Response:
        """The answer as a record."""
        return self.answer.response

    @property
    def text(self) -> str:
        """The answer's text."""
        return self.answer.response.text

    @property
    def is_right(self) -> bool:
        """Whether the grader calls it right."""
        return self.answer.grade.outcome == "correct"


@dataclass(frozen=True)
class Pick:
    """What a strategy answers to one problem, and what it could have answered."""

    chosen: Tried
    among: tuple[Tried, ...]
    """The whole answers that it had to choose from; the chosen one is one of them."""
    spent: Spent
    """All that was sampled before the choice."""

    def __post_init__(self) -> None:
        if not any(one is self.chosen for one in self.among):
            raise ValueError("a strategy's answer must be one of those that it could choose from")

    @property
    def tokens(self) -> int:
        """Tokens sampled for the answer."""
        return sum(self.spent.values())

    @property
    def blind(self) -> float:
        """The chance that one of the answers taken at random is right."""
        return sum(one.is_right for one in self.among) / len(self.among)

    @property
    def blind_text(self) -> float:
        """The same among the different texts: equal texts have equal scores, so that this, and not
        `blind`, is what the highest score comes to where scores know nothing."""
        texts = {plain_solution(one.text): one.is_right for one in self.among}
        return sum(texts.values()) / len(texts)

    def oracle(self) -> "Pick":
        """What a choice that knows the reference answer would have been: the upper bound."""
        best = next((one for one in self.among if one.is_right), self.chosen)
        return Pick(best, self.among, self.spent)

    def score(self, arm: str, benchmark: str) -> Score:
        """The pick as a score; its tokens are all that was sampled for it."""
        plain = score_of(self.chosen.answer, arm, benchmark)
        return Score(
            model=arm,
            benchmark=benchmark,
            problem_id=plain.problem_id,
            sample=0,
            response_id=plain.response_id,
            outcome=plain.outcome,
            extracted=plain.extracted,
            compared_by=plain.compared_by,
            n_tokens=self.tokens,
            why=plain.why,
        )


def together(spents: Sequence[Spent]) -> dict[str, int]:
    """Everything that was sampled in several parts, each completion once."""
    return {key: tokens for spent in spents for key, tokens in spent.items()}


def pick_of(chosen: Tried, among: Sequence[Tried], *more: Spent) -> Pick:
    """A pick whose tokens are those of all that it chose from, and of what came beside."""
    return Pick(chosen, tuple(among), together([*(one.spent for one in among), *more]))
