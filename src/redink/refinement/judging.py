"""What scorers say of answers: each answer scored once by each."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from redink.errors import UsageError
from redink.progress import progress
from redink.records import Problem
from redink.scoring.scores import StepScores
from redink.training.plain import plain_solution


class Judge(Protocol):
    """What `redink.scoring.Scorer` and `CriticScorer` can do."""

    def score_pairs(self, pairs: Sequence[tuple[Problem, str]]) -> list[StepScores]:
        """A probability for each solution step of each response."""
        ...


class Judges:
    """The scorers of a stage by name: `orm`, `sorm`, `critic`.

    Args:
        loaders: how each is loaded, when it is first asked.
    """

    def __init__(self, loaders: Mapping[str, Callable[[], Judge]]) -> None:
        self._loaders = dict(loaders)
        self._judges: dict[str, Judge] = {}
        self._scores: dict[tuple[str, str, str], StepScores] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._loaders

    def scores(self, name: str, pairs: Sequence[tuple[Problem, str]]) -> list[StepScores]:
        """The step scores of responses, or of their first steps; annotations are left out.

        Args:
            name: of the scorer.
            pairs: problems, each with a response's text.

        Raises UsageError where there is no such scorer.
        """
        keys = [(name, problem.id, plain_solution(text)) for problem, text in pairs]
        missing = {
            key: (problem, key[2])
            for key, (problem, _) in zip(keys, pairs, strict=True)
            if key not in self._scores
        }
        if missing:
            found = self._judge(name).score_pairs(list(missing.values()))
            self._scores |= dict(zip(missing, found, strict=True))
        return [self._scores[key] for key in keys]

    def values(self, by: str, pairs: Sequence[tuple[Problem, str]]) -> list[float]:
        """One number for each response, by `orm`, `critic` or `sorm-AGGREGATE`."""
        name, _, aggregate = by.partition("-")
        return [score.aggregate(aggregate or "last") for score in self.scores(name, pairs)]

    def _judge(self, name: str) -> Judge:
        if name not in self._loaders:
            raise UsageError(f"refine: a strategy needs the scorer {name}; name one for it")
        if name not in self._judges:
            with progress(f"refine: loading the scorer {name}"):
                self._judges[name] = self._loaders[name]()
        return self._judges[name]
