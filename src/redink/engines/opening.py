"""From a model's name to the engine that runs it."""

from pathlib import Path
from typing import Any

from redink.engines.engine import Engine
from redink.models.resolve import resolve_model


def open_engine(model: str | Path, **options: Any) -> Engine:
    """The engine for a model name, folder or `hf:ORG/NAME`.

    Args:
        model: what `resolve_model` accepts.
        options: the engine's own (`dtype`, `batch_size`, `journal`, `device`).
    """
    from redink.engines.transformers import TransformersEngine

    return TransformersEngine(resolve_model(model), **options)
