"""What scorers say of answers: each answer scored once by each, one scorer in memory at a time."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from redink.errors import UsageError
from redink.models.memory import release_memory
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

    One is held at a time, beside the engine: strategies ask for all problems at once and nothing is
    scored twice, so that scorers change places a few times in a stage. The weights of one of 135M
    parameters are 513 MiB; loading them took 3.4 s the first time and 0.4 s after that.

    Args:
        loaders: how each is loaded, when it is asked.
    """

    def __init__(self, loaders: Mapping[str, Callable[[], Judge]]) -> None:
        self._loaders = dict(loaders)
        self._loaded: tuple[str, Judge] | None = None
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
        if self._loaded is None or self._loaded[0] != name:
            self.close()
            with progress(f"refine: loading the scorer {name}"):
                self._loaded = name, self._loaders[name]()
        return self._loaded[1]

    def close(self) -> None:
        """Frees the scorer that is in memory; what was scored stays known."""
        if self._loaded is not None:
            self._loaded = None
            release_memory()
