"""From a model's name to the engine that runs it."""

import inspect
import os
from pathlib import Path
from typing import Any

from redink.engines.engine import Engine
from redink.errors import MissingExtraError, UsageError
from redink.models.resolve import resolve_model

ENGINES = ("auto", "transformers", "vllm")


def open_engine(model: str | Path, *, engine: str = "auto", **options: Any) -> Engine:
    """The engine for a model name, folder or `hf:ORG/NAME`.

    Args:
        model: what `resolve_model` accepts.
        engine: `transformers`, `vllm`, or `auto`: what the environment variable `REDINK_ENGINE`
            names, else vllm where it is installed and has a GPU or is built for CPUs, else
            transformers.
        options: the engine's own (`dtype`, `batch_size`, `journal`, …); None stands for the
            engine's default.

    Raises UsageError for an unknown engine or option, MissingExtraError where vllm is asked for
    and not installed, ModelError for an unknown model.
    """
    if engine not in ENGINES:
        raise UsageError(f"engine {engine!r}: use {', '.join(ENGINES[:-1])} or {ENGINES[-1]}")
    given = {name: value for name, value in options.items() if value is not None}
    chosen = automatic_engine() if engine == "auto" else engine
    kind = _vllm() if chosen == "vllm" else _transformers()
    known = list(inspect.signature(kind).parameters)[1:]
    for name in given:
        if name not in known:
            raise UsageError(
                f"{name} is no option of the engine {chosen}; it has {', '.join(known)}"
            )
    opened: Engine = kind(resolve_model(model), **given)
    return opened


def automatic_engine() -> str:
    """The engine that `auto` stands for on this machine."""
    from redink.engines.vllm_process import is_cpu_build, is_installed

    wished = os.environ.get("REDINK_ENGINE", "auto")
    if wished not in ENGINES:
        raise UsageError(f"REDINK_ENGINE={wished}: use {', '.join(ENGINES)}")
    if wished != "auto":
        return wished
    if not is_installed():
        return "transformers"
    if is_cpu_build():
        return "vllm"
    import torch

    return "vllm" if torch.cuda.is_available() else "transformers"


def _transformers() -> Any:
    from redink.engines.transformers import TransformersEngine

    return TransformersEngine


def _vllm() -> Any:
    from redink.engines.vllm import VllmEngine
    from redink.engines.vllm_process import INSTALL, is_installed

    if not is_installed():
        raise MissingExtraError(f"the engine vllm is not installed; run: {INSTALL}")
    return VllmEngine
