"""Choosing the step whose policy is returned, on problems that are reported nowhere.

As in fine-tuning (`redink.training.validation`), but that the start is looked at too: where no
step beats it, it is what is returned.
"""

from collections.abc import Sequence
from typing import Any

from redink.engines.engine import Sampling
from redink.evaluation.answers import answer_problems
from redink.prompts import prompt_named
from redink.records import Problem
from redink.reinforcement.collecting import together
from redink.reinforcement.sampling import PolicySampler
from redink.reinforcement.vllm_sampling import VllmSampler
from redink.training.group import place, process_count
from redink.training.measure import Measure
from redink.training.validation import ValidationCallback


class PolicyValidation(ValidationCallback):
    """Measures the policy's greedy accuracy by what draws its rollouts.

    Args:
        sampler: the training's.
        others: as `ValidationCallback`'s.
    """

    def __init__(self, sampler: PolicySampler | VllmSampler, *others: Any) -> None:
        super().__init__(*others)
        problems, tokens = self.plan.problems, self.plan.max_tokens

        def accuracy(model: Any) -> float:
            sampler.refresh(model)
            return greedy_accuracy(sampler, problems, tokens)

        self.measure = Measure(accuracy, {"problems": len(problems)})

    def on_train_begin(
        self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any
    ) -> None:
        """Takes over what an interrupted process measured, or measures the start."""
        super().on_train_begin(args, state, control, **kwargs)
        if state.global_step == 0 and not self.looks:
            super().on_step_end(args, state, control, model=model)


def greedy_accuracy(
    sampler: PolicySampler | VllmSampler, problems: Sequence[Problem], max_tokens: int
) -> float:
    """The share of `problems` that what draws solves greedily; every process must call it.

    Args:
        sampler: with the policy's weights of the moment.
        problems: distinct ones.
        max_tokens: new tokens of an answer at most.
    """
    mine = problems[place() :: process_count()]
    answers = (
        answer_problems(
            sampler.answering(),
            mine,
            Sampling(max_tokens=max_tokens),
            prompt_named(sampler.drawing.prompt),
            origin="validate",
            model="student",
            label="validation",
        )
        if mine
        else []
    )
    right = together([answer.grade.outcome == "correct" for answer in answers])
    return sum(right) / len(problems)
