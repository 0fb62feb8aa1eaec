"""What makes a training's result that training's."""

from collections.abc import Sequence

from redink.models.source import ModelSource
from redink.records import Json, Problem
from redink.training.result import training_key
from redink.training.validation_plan import ValidationPlan

INCIDENTAL = frozenset({"vllm_memory"})
"""Settings that change no result."""


def policy_key(
    student: ModelSource,
    problems: Sequence[Problem],
    settings: Json,
    validation: ValidationPlan | None,
) -> str:
    """Hash of all that the result depends on; see `redink.training.result.training_key`."""
    matters = {name: value for name, value in settings.items() if name not in INCIDENTAL}
    return training_key(student, problems, matters | (validation.identity() if validation else {}))
