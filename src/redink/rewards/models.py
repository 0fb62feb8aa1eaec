"""The parts of a reward that models decide: a scorer's probability, a critic's verdict."""

from collections.abc import Sequence
from typing import Protocol

from redink.engines.engine import Failure
from redink.grading import Grade
from redink.records import Problem, Response, response_id
from redink.rewards.rollout import Rollout
from redink.scoring.scores import StepScores
from redink.teachers.mixture import Critic

ORIGIN = "reinforce"


class Judge(Protocol):
    """What `redink.scoring.Scorer` and `CriticScorer` can do."""

    def score_pairs(self, pairs: Sequence[tuple[Problem, str]]) -> list[StepScores]:
        """A probability for each solution step of each response."""
        ...


def scorer_values(scorer: Judge, rollouts: Sequence[Rollout]) -> list[float]:
    """A scorer's probability that each rollout's final answer is right; 0 for an empty text."""
    if not rollouts:
        return []
    scores = scorer.score_pairs([(rollout.problem, rollout.text) for rollout in rollouts])
    return [score.last for score in scores]


def critic_values(
    critic: Critic, rollouts: Sequence[Rollout], grades: Sequence[Grade]
) -> list[float | None]:
    """1 where a critic's verdict on the rollout is `right`, 0 where it is `wrong`.

    None where it cannot be read or there is no critique: that is the critic's fault, not the
    rollout's. Equal texts of one problem are asked about once.
    """
    if not rollouts:
        return []
    responses = [_response(rollout, grade) for rollout, grade in zip(rollouts, grades, strict=True)]
    pairs = {
        response.id: (rollout.problem, response)
        for rollout, response in zip(rollouts, responses, strict=True)
    }
    verdicts: dict[str, float] = {}
    for done in critic.critiques(list(pairs.values())):
        if not isinstance(done, Failure) and done.verdict is not None:
            verdicts[done.response_id] = 1.0 if done.verdict == "right" else 0.0
    return [verdicts.get(response.id) for response in responses]


def _response(rollout: Rollout, grade: Grade) -> Response:
    return Response(
        id=response_id(rollout.problem.id, rollout.text, ORIGIN),
        problem_id=rollout.problem.id,
        text=rollout.text,
        origin=ORIGIN,
        answer=grade.extracted,
        outcome=grade.outcome,
        n_tokens=rollout.n_tokens,
        finish=rollout.finish,
    )
