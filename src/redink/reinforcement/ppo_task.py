"""A training by PPO that is settled but for the model's weights."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from redink.models.source import ModelSource
from redink.records import Json, Problem
from redink.reinforcement.drawing import Drawing
from redink.reinforcement.ppo_settings import PPO, ppo_of
from redink.reinforcement.sampler_settings import SamplerSettings, sampler_settings_of
from redink.rewards import Reward
from redink.training.group import is_first
from redink.training.method import Method, method_of
from redink.training.validation_plan import ValidationPlan


@dataclass(frozen=True)
class PPOTask:
    """What is trained, on what, how and where; see `train_ppo` for the fields."""

    student: ModelSource
    problems: Sequence[Problem]
    reward: Reward
    settings: Json
    out: Path
    label: str
    validation: ValidationPlan | None
    key: str
    """See `training_key`."""

    @property
    def ppo(self) -> PPO:
        """PPO's own settings."""
        return ppo_of(self.settings)

    @property
    def method(self) -> Method:
        """What of the model is trained, and in which precision."""
        return method_of(self.settings, "reinforce")

    @property
    def sampler(self) -> SamplerSettings:
        """What draws."""
        return sampler_settings_of(self.settings)

    @property
    def drawing(self) -> Drawing:
        """How rollouts are drawn."""
        names = [field.name for field in fields(Drawing)]
        given = {name: self.settings.get(name) for name in names}
        return Drawing(**{name: value for name, value in given.items() if value is not None})

    def say(self, text: str) -> None:
        """Prints a line, once for all processes."""
        if is_first():
            print(f"{self.label}: {text}", file=sys.stderr, flush=True)
