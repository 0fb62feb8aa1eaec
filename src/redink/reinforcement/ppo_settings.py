"""Settings of proximal policy optimisation as ReFT has it (arXiv 2401.08967)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from redink.errors import UsageError
from redink.records import Json


@dataclass(frozen=True)
class PPO:
    """What ReFT's training does, by name; the defaults are its released code's but for the rate."""

    steps: int = 100
    """Batches of rollouts; each is trained on `ppo_epochs` times."""
    problems_per_step: int = 32
    samples: int = 1
    """Rollouts of a problem in a step."""
    learning_rate: float = 3e-7
    """Constant after the warm-up; 3e-6 for models of 125M to 350M."""
    value_learning_rate: float | None = None
    """The value head's own; None is that of all. A short training wants a larger one: at 3e-7 the
    head hardly moves in a hundred steps."""
    warmup_ratio: float = 0.0
    """Share of the updates in which the rates rise."""
    weight_decay: float = 0.0
    beta: float = 0.05
    """Weight of the divergence from the initial policy in the reward: 0.05 for solutions in words,
    0.01 for programs."""
    ppo_epochs: int = 2
    """Optimizer steps on each batch of rollouts."""
    clip_low: float = 0.2
    clip_high: float = 0.2
    value_clip: float = 0.2
    value_coefficient: float = 5.0
    gamma: float = 1.0
    """Discount of rewards; the paper's λ."""
    lam: float = 0.95
    """Mixing factor of advantage estimation; the paper's γ."""
    seed: int = 0

    @property
    def rollouts(self) -> int:
        """Of a step."""
        return self.problems_per_step * self.samples

    def to_json(self) -> Json:
        """By name."""
        return asdict(self)


COLLAPSE = (
    "beta = 0 leaves nothing that holds the policy near its start: ReFT's ablation without the "
    "divergence collapsed to an accuracy of 0; its betas are 0.05 (words) and 0.01 (programs)"
)
"""Said where beta is 0."""


def ppo_of(settings: Mapping[str, Any]) -> PPO:
    """PPO's settings among a training's, its defaults where they say nothing or None.

    Raises UsageError, naming the setting, for a value that no training can have.
    """
    names = {field.name for field in fields(PPO)}
    given = {name: value for name, value in settings.items() if name in names}
    found = PPO(**{name: value for name, value in given.items() if value is not None})
    for holds, name, accepted in _requirements(found):
        if not holds:
            value = getattr(found, name)
            raise UsageError(f"reinforce: {name} = {value} makes no sense with ppo; use {accepted}")
    return found


def _requirements(ppo: PPO) -> list[tuple[bool, str, str]]:
    head = ppo.value_learning_rate
    return [
        (ppo.steps >= 1, "steps", "1 or more"),
        (ppo.problems_per_step >= 1, "problems_per_step", "1 or more"),
        (ppo.samples >= 1, "samples", "1 or more (ReFT has 1)"),
        (ppo.learning_rate > 0, "learning_rate", "above 0, such as 3e-6"),
        (head is None or head > 0, "value_learning_rate", "above 0, or leave it out"),
        (0 <= ppo.warmup_ratio < 1, "warmup_ratio", "0 or more and below 1"),
        (ppo.weight_decay >= 0, "weight_decay", "0 or more"),
        (ppo.beta >= 0, "beta", "0 or more, such as 0.05"),
        (ppo.ppo_epochs >= 1, "ppo_epochs", "1 or more (ReFT has 2)"),
        (0 < ppo.clip_low < 1, "clip_low", "above 0 and below 1, such as 0.2"),
        (ppo.clip_high > 0, "clip_high", "above 0, such as 0.2"),
        (ppo.value_clip > 0, "value_clip", "above 0, such as 0.2"),
        (ppo.value_coefficient >= 0, "value_coefficient", "0 or more (ReFT has 5)"),
        (0 < ppo.gamma <= 1, "gamma", "above 0 and at most 1 (ReFT's code has 1.0)"),
        (0 <= ppo.lam <= 1, "lam", "0 to 1 (ReFT's code has 0.95)"),
    ]
