"""A training by PPO that is settled but for the model's weights."""

from dataclasses import dataclass, fields
from functools import cached_property

from redink.reinforcement.drawing import Drawing
from redink.reinforcement.ppo_settings import PPO, ppo_of
from redink.reinforcement.task import Task


@dataclass(frozen=True)
class PPOTask(Task):
    """See `train_ppo` for the fields."""

    @cached_property
    def algorithm(self) -> PPO:
        """PPO's own settings."""
        return ppo_of(self.settings)

    @property
    def drawing(self) -> Drawing:
        """How rollouts are drawn."""
        names = [field.name for field in fields(Drawing)]
        given = {name: self.settings.get(name) for name in names}
        return Drawing(**{name: value for name, value in given.items() if value is not None})
