"""GRPO (arXiv 2402.03300) and Dr. GRPO (arXiv 2503.20783), on TRL's trainer."""

import torch
from trl import GRPOTrainer

from redink.reinforcement.collecting import Collector
from redink.reinforcement.moving_reference import Reference
from redink.reinforcement.objective import Goal, PolicyTrainer


class GroupTrainer(PolicyTrainer, GRPOTrainer):  # type: ignore[misc]
    """GRPOTrainer with redink's rollouts; its loss, by token, is TRL's `grpo` or `dr_grpo`.

    Where tokens are weighed, TRL's loss does it (`vllm_importance_sampling_correction`), by weights
    that are taken by token and capped, never by sample, whatever its configuration says.
    """

    def prepare(self, collector: Collector, reference: Reference | None, goal: Goal) -> None:
        """Is called once, before training."""
        super().prepare(collector, reference, goal)
        self.use_vllm = goal.importance_cap is not None
        self.vllm_importance_sampling_correction = True

    def _weighed(self, logprobs_B_C: torch.Tensor, weights_B_C: torch.Tensor) -> torch.Tensor:
        return logprobs_B_C
