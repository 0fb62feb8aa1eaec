"""GRPO (arXiv 2402.03300) and Dr. GRPO (arXiv 2503.20783), on TRL's trainer."""

from trl import GRPOTrainer

from redink.reinforcement.objective import PolicyTrainer


class GroupTrainer(PolicyTrainer, GRPOTrainer):  # type: ignore[misc]
    """GRPOTrainer with redink's rollouts; its loss, by token, is TRL's `grpo` or `dr_grpo`."""
