"""Choosing the step whose policy is returned, on problems that are reported nowhere.

As in fine-tuning (`redink.training.validation`), but that the start is looked at too: where no
step beats it, it is what is returned. What rewards raise is the accuracy of the training's own
draws, and greedy answers need not follow: in one training of the recipe `t1` rollouts went from
44 to 71 % right while greedy answers to the validation problems went from 53 to 43 %. So a plan may
ask for `samples` drawn as rollouts are.
"""

from typing import Any

from redink.engines.engine import Sampling
from redink.evaluation.answers import answer_problems
from redink.prompts import prompt_named
from redink.reinforcement.collecting import together
from redink.reinforcement.sampling import PolicySampler
from redink.reinforcement.vllm_sampling import VllmSampler
from redink.training.group import place, process_count
from redink.training.measure import Measure
from redink.training.validation import ValidationCallback
from redink.training.validation_plan import ValidationPlan


class PolicyValidation(ValidationCallback):
    """Measures the policy's accuracy by what draws its rollouts.

    Args:
        sampler: the training's.
        others: as `ValidationCallback`'s.
    """

    def __init__(self, sampler: PolicySampler | VllmSampler, *others: Any) -> None:
        super().__init__(*others)

        def accuracy(model: Any) -> float:
            sampler.refresh(model)
            return policy_accuracy(sampler, self.plan)

        drawn = {"samples": self.plan.samples} if self.plan.samples else {}
        self.measure = Measure(accuracy, {"problems": len(self.plan.problems), **drawn})

    def on_train_begin(
        self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any
    ) -> None:
        """Takes over what an interrupted process measured, or measures the start."""
        super().on_train_begin(args, state, control, **kwargs)
        if state.global_step == 0 and not self.looks:
            super().on_step_end(args, state, control, model=model)


def policy_accuracy(sampler: PolicySampler | VllmSampler, plan: ValidationPlan) -> float:
    """The share of right answers to the plan's problems; every process must call it.

    Args:
        sampler: with the policy's weights of the moment; samples are drawn at its temperature from
            the whole distribution, at every look with the same random numbers.
        plan: the problems, samples of each and tokens.
    """
    mine, drawing = plan.problems[place() :: process_count()], sampler.drawing
    if plan.samples:
        sampling = Sampling(
            drawing.temperature, 1.0, plan.max_tokens, samples=plan.samples, seed=drawing.seed
        )
    else:
        sampling = Sampling(max_tokens=plan.max_tokens)
    answers = (
        answer_problems(
            sampler.answering(),
            mine,
            sampling,
            prompt_named(sampler.drawing.prompt),
            origin="validate",
            model="student",
            label="validation",
        )
        if mine
        else []
    )
    right = together([answer.grade.outcome == "correct" for answer in answers])
    return sum(right) / (len(plan.problems) * max(1, plan.samples))
