"""A training by RLOO, GRPO or Dr. GRPO that is settled but for the model's weights."""

from dataclasses import dataclass, fields
from functools import cached_property

from redink.reinforcement.drawing import Drawing
from redink.reinforcement.settings import PolicySettings, policy_settings_of
from redink.reinforcement.task import Task


@dataclass(frozen=True)
class PolicyTask(Task):
    """See `train_policy` for the fields."""

    @cached_property
    def algorithm(self) -> PolicySettings:
        """The algorithm's settings."""
        return policy_settings_of(self.settings)

    @property
    def drawing(self) -> Drawing:
        """How rollouts are drawn."""
        known = self.algorithm.to_json() | {"prompt": self.settings.get("prompt") or "plain"}
        return Drawing(**{field.name: known[field.name] for field in fields(Drawing)})
