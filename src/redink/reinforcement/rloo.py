"""RLOO with T1's terms, on TRL's trainer (arXiv 2402.14740, arXiv 2501.11651)."""

from trl import RLOOTrainer

from redink.reinforcement.objective import PolicyTrainer


class T1Trainer(PolicyTrainer, RLOOTrainer):  # type: ignore[misc]
    """RLOOTrainer with a token-entropy bonus and redink's rollouts.

    The loss of a row is TRL's −min(ρ·A, clip(ρ)·A), with the ratio ρ of the whole sequence.
    """
