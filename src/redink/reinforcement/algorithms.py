"""Which of the trainings an algorithm's name means; what is heavy is loaded by who asks."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from redink.records import Json

if TYPE_CHECKING:
    from redink.reinforcement.ppo_settings import PPO
    from redink.reinforcement.settings import PolicySettings


def trainer_of(algorithm: str) -> Callable[..., Path]:
    """What trains by an algorithm: `train_ppo` or `train_policy`."""
    if algorithm == "ppo":
        from redink.reinforcement.ppo import train_ppo

        return train_ppo
    from redink.reinforcement.training import train_policy

    return train_policy


def algorithm_settings_of(settings: Json) -> "PPO | PolicySettings":
    """An algorithm's own settings among a training's; raises UsageError for what makes no sense."""
    if settings["algorithm"] == "ppo":
        from redink.reinforcement.ppo_settings import ppo_of

        return ppo_of(settings)
    from redink.reinforcement.settings import policy_settings_of

    return policy_settings_of(settings)
