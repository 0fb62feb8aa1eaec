"""The reward of a training, opened from what its settings name."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from redink.records import Json
from redink.rewards import Reward, fault_rules
from redink.teachers.llm import close_engines


@contextmanager
def opened_reward(settings: Json, scorer: str | None, journal: Path | None) -> Iterator[Reward]:
    """What marks a training's rollouts, its models loaded; they are closed after the block.

    Each of several processes that train together opens its own.

    Args:
        settings: of the training: `reward`, `penalty`, `penalty_form`, `max_tokens`,
            `answer_form`, `degenerate`; with a critic `critic`, `critic_preset`, `critic_tokens`.
        scorer: the folder of a model that `fit` made, for the part `scorer`.
        journal: SQLite file of the critic's completions.
    """
    critic = _critic(settings, journal)
    try:
        with Reward(
            settings["reward"],
            penalty=settings["penalty"],
            penalty_form=settings["penalty_form"],
            max_tokens=settings["max_tokens"],
            answer_form=settings["answer_form"],
            rules=fault_rules(settings["degenerate"]),
            scorer=_scorer(scorer),
            critic=critic,
        ) as reward:
            yield reward
    finally:
        if critic is not None:
            close_engines([critic.engine])


def _scorer(scorer: str | None) -> Any:
    if scorer is None:
        return None
    from redink.scoring import Scorer

    return Scorer.load(scorer)


def _critic(settings: Json, journal: Path | None) -> Any:
    if "critic" not in settings:
        return None
    from redink.engines.engine import Sampling
    from redink.teachers.llm import TeacherSettings, open_teachers
    from redink.teachers.presets import TeacherPrompt

    name: str = settings["critic"]
    asked = TeacherSettings(
        TeacherPrompt.of(settings["critic_preset"], None),
        Sampling(max_tokens=settings["critic_tokens"]),
        journal=journal,
    )
    return open_teachers([name], asked)[name]
