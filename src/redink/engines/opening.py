"""From a model's name to the engine that runs it."""

import inspect
import os
from pathlib import Path
from typing import Any

from redink.engines.endpoint.address import is_endpoint
from redink.engines.engine import Engine
from redink.errors import MissingExtraError, UsageError
from redink.models.resolve import resolve_model

ENGINES = ("auto", "transformers", "vllm")
OF_MODELS_HERE = ("dtype", "batch_size")
"""Options that say how a model is run in this machine; an endpoint has no use for them."""


def open_engine(model: str | Path, *, engine: str = "auto", **options: Any) -> Engine:
    """The engine for a model name, folder, `hf:ORG/NAME`, `endpoint:` or `batch:MODEL@URL`.

    Args:
        model: what `resolve_model` accepts, or an endpoint.
        engine: `transformers`, `vllm`, or `auto`: what the environment variable `REDINK_ENGINE`
            names, else vllm where it is installed and has a GPU or is built for CPUs, else
            transformers. An endpoint's name says all; there it must be `auto`.
        options: the engine's own (`dtype`, `batch_size`, `journal`, …; of an endpoint
            `concurrency`, `rpm`, `tpm`, `timeout`, `budget`, `key_env`, `extra`, `journal`); None
            stands for the engine's default. `dtype` and `batch_size` mean nothing to an endpoint.

    Raises UsageError for an unknown engine or option, MissingExtraError where vllm is asked for
    and not installed, ModelError for an unknown model.
    """
    if is_endpoint(model) or str(model).startswith("batch:"):
        return _open_remote(str(model), engine, options)
    if engine not in ENGINES:
        raise UsageError(f"engine {engine!r}: use {', '.join(ENGINES[:-1])} or {ENGINES[-1]}")
    given = {name: value for name, value in options.items() if value is not None}
    chosen = automatic_engine() if engine == "auto" else engine
    kind = _vllm() if chosen == "vllm" else _transformers()
    _check_options(kind, chosen, given)
    opened: Engine = kind(resolve_model(model), **given)
    return opened


def _open_remote(name: str, engine: str, options: dict[str, Any]) -> Engine:
    kind, prefix = _remote_kind(name)
    if engine not in ("auto", prefix):
        raise UsageError(f"engine {engine!r}: the model's name says {prefix}; leave engine out")
    given = {
        option: value
        for option, value in options.items()
        if value is not None and option not in OF_MODELS_HERE
    }
    _check_options(kind, prefix, given)
    opened: Engine = kind(name, **given)
    return opened


def _remote_kind(name: str) -> tuple[Any, str]:
    if is_endpoint(name):
        from redink.engines.endpoint.engine import EndpointEngine

        return EndpointEngine, "endpoint"
    from redink.engines.batch.engine import BatchEngine

    return BatchEngine, "batch"


def _check_options(kind: Any, engine: str, given: dict[str, Any]) -> None:
    known = list(inspect.signature(kind).parameters)[1:]
    for name in given:
        if name not in known:
            raise UsageError(
                f"{name} is no option of the engine {engine}; it has {', '.join(known)}"
            )


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
