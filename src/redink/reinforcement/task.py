"""A training that is settled but for the model's weights."""

import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from redink.models.loading import load_tokenizer
from redink.models.source import ModelSource
from redink.records import Json, Problem
from redink.reinforcement.drawing import Drawing
from redink.reinforcement.ppo_settings import PPO
from redink.reinforcement.sampler_settings import SamplerSettings, sampler_settings_of
from redink.reinforcement.settings import PolicySettings
from redink.rewards import Reward
from redink.training.group import is_first
from redink.training.method import Method, method_of
from redink.training.validation_plan import ValidationPlan


@dataclass(frozen=True)
class Task(ABC):
    """What is trained, on what, how and where; see `train_policy` and `train_ppo`."""

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
    @abstractmethod
    def algorithm(self) -> PPO | PolicySettings:
        """The algorithm's settings."""

    @property
    @abstractmethod
    def drawing(self) -> Drawing:
        """How rollouts are drawn."""

    @property
    def method(self) -> Method:
        """What of the model is trained, and in which precision."""
        return method_of(self.settings, "reinforce")

    @cached_property
    def sampler(self) -> SamplerSettings:
        """What draws."""
        return sampler_settings_of(self.settings)

    @cached_property
    def tokenizer(self) -> Any:
        """The student's."""
        return load_tokenizer(self.student)

    def say(self, text: str) -> None:
        """Prints a line, once for all processes."""
        if is_first():
            print(f"{self.label}: {text}", file=sys.stderr, flush=True)
