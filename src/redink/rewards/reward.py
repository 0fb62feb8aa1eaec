"""The reward of a rollout: a weighted sum of parts, each of them kept."""

import math
from collections.abc import Mapping, Sequence

from redink.errors import UsageError
from redink.grading import Grade
from redink.grading.grader import grade_many
from redink.grading.pool import ComparisonPool, shared_pool
from redink.records import Problem
from redink.rewards.degenerate import faults
from redink.rewards.failures import Failures
from redink.rewards.marked import Marked
from redink.rewards.models import Judge, critic_values, scorer_values
from redink.rewards.parts import (
    ANSWER_FORMS,
    AnswerForm,
    correct,
    has_number,
    is_stated,
    overlong,
    partial,
)
from redink.rewards.penalty import PENALTY_FORMS, PenaltyForm
from redink.rewards.rollout import Rollout
from redink.rewards.rules import DEFAULT_RULES, FaultRules
from redink.rewards.settings import check_reward
from redink.rewards.tasks import is_critique_task, verdict_grade
from redink.teachers.mixture import Critic

Parts = dict[str, float | None]
WITHOUT_PARTIAL = frozenset(("correct", "format", "length"))
WITH_PARTIAL = WITHOUT_PARTIAL | {"partial"}
JUDGING = frozenset(("verdict", "format", "length"))
"""Parts that rules decide, by task."""
SOLVING = frozenset(("correct", "scorer", "critique"))
"""Parts one of which a problem needs that is to be solved."""


class Reward:
    """Marks rollouts.

    Args:
        parts: weights by part (`check_reward`): `correct` (1 or 0), `partial` (1 for an answer
            that is stated and wrong, where the reference is a number), `format` (1 where the
            answer stands in the asked form), `length` (0 to -1 near the token limit), `scorer`
            (a probability), `critique` (1 or 0 by a critic's verdict); of critique tasks
            `verdict` (1 or 0), `format` (1 where a verdict can be read) and `length` alone.
        penalty: what a degenerate text costs, once however many faults it has.
        penalty_form: `add`: added to the total; `replace`: the trainer puts it in the place of
            the value (`redink.rewards.penalty.replaced`); `none`: faults are only named.
        max_tokens: new tokens at most, the limit of sampling; the part `length` needs it.
        soft_tokens: how many tokens before it `length` begins to fall; a fifth of it where not
            given, as in DAPO.
        answer_form: how `format` wants the answer marked: `marked` (in any way), `boxed`,
            `hashes` or `phrase`.
        rules: what is degenerate.
        scorer: what the part `scorer` asks, such as a `redink.scoring.Scorer`.
        critic: what the part `critique` asks, such as a `redink.teachers.llm.LlmTeacher`; its
            engine's journal keeps the critiques.
        failure_rate: share of unscorable rollouts above which `mark` raises, see
            `redink.rewards.failures`.
        pool: the workers for symbolic comparison; the process's own where not given.

    A reward is a context manager; leaving it ends the workers.

    Raises UsageError for settings that do not go together.
    """

    def __init__(
        self,
        parts: Mapping[str, float],
        *,
        penalty: float = -1.0,
        penalty_form: PenaltyForm = "replace",
        max_tokens: int | None = None,
        soft_tokens: int | None = None,
        answer_form: AnswerForm = "marked",
        rules: FaultRules = DEFAULT_RULES,
        scorer: Judge | None = None,
        critic: Critic | None = None,
        failure_rate: float = 0.1,
        pool: ComparisonPool | None = None,
    ) -> None:
        self.parts = check_reward(parts)
        self.penalty, self.penalty_form = penalty, penalty_form
        self.max_tokens = max_tokens
        self.soft_tokens = soft_tokens or math.ceil((max_tokens or 1) / 5)
        self.answer_form, self.rules = answer_form, rules
        self.scorer, self.critic = scorer, critic
        self.failures = Failures(failure_rate)
        self._pool = pool
        self._check()

    def __enter__(self) -> "Reward":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the grading processes; a later `mark` starts them again."""
        (self._pool or shared_pool()).close()

    def mark(self, rollouts: Sequence[Rollout]) -> list[Marked]:
        """The rewards of rollouts, in their order; give many at once, graded side by side.

        A rollout whose grader ran out of time, whose reference answer cannot be read or whose
        critic gave no verdict has the total None: that says nothing about the answer. Parts of
        weight 0 never do that.

        Raises UsageError where the reward has no part for a task, DataError where too many
        rollouts are unscorable, and what the scorer or the critic raises.
        """
        for rollout in rollouts:
            self._check_task(rollout.problem)
        grades = self._grades(rollouts)
        found = [
            {name: self._by_rule(name, *each) for name in self.parts if name in _rules(each[0])}
            for each in zip(rollouts, grades, strict=True)
        ]
        self._add_models(found, rollouts, grades)
        marked = [
            self._marked(rollout, grade, parts)
            for rollout, grade, parts in zip(rollouts, grades, found, strict=True)
        ]
        self.failures.note(rollouts, marked)
        return marked

    def _grades(self, rollouts: Sequence[Rollout]) -> list[Grade]:
        solved = [rollout for rollout in rollouts if not is_critique_task(rollout.problem)]
        items = [(rollout.text, rollout.problem, rollout.finish) for rollout in solved]
        graded = iter(grade_many(items, self._pool))
        return [
            verdict_grade(rollout) if is_critique_task(rollout.problem) else next(graded)
            for rollout in rollouts
        ]

    def _by_rule(self, name: str, rollout: Rollout, grade: Grade) -> float | None:
        if name == "partial":
            return partial(grade)
        if name == "length":
            return overlong(rollout.n_tokens, self.max_tokens or 1, self.soft_tokens)
        if name == "format":
            if is_critique_task(rollout.problem):
                return float(grade.extracted is not None)
            return float(is_stated(rollout, self.answer_form))
        return correct(grade)

    def _add_models(
        self,
        found: Sequence[Parts],
        rollouts: Sequence[Rollout],
        grades: Sequence[Grade],
    ) -> None:
        places = [
            place for place, rollout in enumerate(rollouts) if not is_critique_task(rollout.problem)
        ]
        asked = [rollouts[place] for place in places]
        if "scorer" in self.parts and self.scorer is not None:
            for place, value in zip(places, scorer_values(self.scorer, asked), strict=True):
                found[place]["scorer"] = value
        if "critique" in self.parts and self.critic is not None:
            known = [grades[place] for place in places]
            verdicts = critic_values(self.critic, asked, known)
            for place, verdict in zip(places, verdicts, strict=True):
                found[place]["critique"] = verdict

    def _marked(self, rollout: Rollout, grade: Grade, parts: Parts) -> Marked:
        degenerate = faults(
            rollout.text,
            rollout.n_tokens,
            rollout.finish,
            question=rollout.problem.question,
            logprob=rollout.logprob,
            max_tokens=self.max_tokens,
            rules=self.rules,
        )
        parts = {name: parts[name] for name in self.parts if name in parts}
        total = weighted(parts, self.parts)
        if total is not None and degenerate and self.penalty_form == "add":
            total += self.penalty
        return Marked(total, parts, degenerate, grade.extracted, grade.outcome)

    def _check_task(self, problem: Problem) -> None:
        critique = is_critique_task(problem)
        if critique and "verdict" not in self.parts:
            raise UsageError(
                f"reward: problem {problem.id} is a critique task; give the reward a weight for "
                "verdict, or leave such tasks out"
            )
        if not critique and not SOLVING.intersection(self.parts):
            raise UsageError(
                f"reward: problem {problem.id} is to be solved, and the reward has no part that "
                "says whether it is; add correct"
            )

    def _check(self) -> None:
        if not math.isfinite(self.penalty) or self.penalty > 0:
            raise UsageError(f"penalty {self.penalty}: give a number of at most 0, as -1")
        if self.penalty_form not in PENALTY_FORMS:
            raise UsageError(
                f"penalty_form {self.penalty_form!r} is unknown; use {', '.join(PENALTY_FORMS)}"
            )
        if self.answer_form not in ANSWER_FORMS:
            raise UsageError(
                f"answer_form {self.answer_form!r} is unknown; use {', '.join(ANSWER_FORMS)}"
            )
        if "length" in self.parts and self.max_tokens is None:
            raise UsageError("reward.length: needs the token limit of sampling; give max_tokens")
        if not 1 <= self.soft_tokens <= max(self.max_tokens or 1, 1):
            raise UsageError(f"soft_tokens {self.soft_tokens}: give 1 at least, max_tokens at most")
        if not 0 <= self.failures.rate <= 1:
            raise UsageError(f"failure_rate {self.failures.rate}: give a share from 0 to 1")
        for part, model, given in (
            ("scorer", "scorer", self.scorer),
            ("critique", "critic", self.critic),
        ):
            if part in self.parts and given is None:
                raise UsageError(f"reward.{part}: needs a {model}; name one, or leave the part out")


def _rules(rollout: Rollout) -> frozenset[str]:
    """The parts that rules decide and that apply to a rollout's task."""
    if is_critique_task(rollout.problem):
        return JUDGING
    return WITH_PARTIAL if has_number(rollout.problem) else WITHOUT_PARTIAL


def weighted(parts: Parts, weights: Mapping[str, float]) -> float | None:
    """The weighted sum of the parts; None where one that has a weight is None."""
    total = 0.0
    for name, value in parts.items():
        if not weights[name]:
            continue
        if value is None:
            return None
        total += weights[name] * value
    return total
