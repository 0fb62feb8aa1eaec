"""vLLM for a model in training: it takes over new weights, and says how likely what it drew was."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from redink.engines.engine import Sampling
from redink.engines.items import Item
from redink.engines.vllm import VllmEngine
from redink.engines.vllm_process import is_cpu_build
from redink.errors import ModelError, StorageError, UsageError
from redink.models.source import ModelSource

SHARED_MEMORY = Path("/dev/shm")
"""Where weights are handed over, where there is room."""


@dataclass(frozen=True)
class DrawnTokens:
    """One completion as vLLM drew it."""

    ids: tuple[int, ...]
    """New tokens; where it ended by itself, the last is the end of turn."""
    logprobs: tuple[float, ...]
    """Of each, at the temperature it was drawn with, of the whole vocabulary."""
    finish: Literal["stop", "length"]


class PolicyEngine(VllmEngine):
    """A vLLM engine whose weights are replaced as the model is trained.

    Args:
        source: the model as training begins: its configuration, its tokenizer, its first weights.
        dtype: of vLLM's weights.
        batch_size: completions in flight at once, see `VllmEngine`.
        gpu_memory_utilization: share of the GPU's memory that vLLM may take beside the training.
    """

    def __init__(
        self,
        source: ModelSource,
        *,
        dtype: str = "bfloat16",
        batch_size: int | None = None,
        gpu_memory_utilization: float = 0.3,
    ) -> None:
        if is_cpu_build():
            # 0.32 was 0.3 nats off the weights it had just reloaded, and 0.7 off the old ones.
            raise UsageError(
                f"{source.name}: vLLM's CPU build does not take over all of a policy's weights; "
                "choose engine: transformers"
            )
        super().__init__(
            source,
            dtype=dtype,
            batch_size=batch_size,
            gpu_memory_utilization=gpu_memory_utilization,
        )
        # vLLM's default are probabilities before the temperature.
        self.options = {"logprobs_mode": "processed_logprobs"}
        self.logprobs = 0

    def take_over(self, model: Any) -> None:
        """Gives vLLM the weights of `model`, a transformers model of the same architecture.

        They go through a folder of safetensors, in memory where there is room, which vLLM reads
        as it reads any checkpoint: any number of processes of its own can. What it kept of prompts
        under the old weights is forgotten. Raises ModelError where vLLM cannot take them.
        """
        with self._lock:
            engine = self.running
            with handed_over(model, self.dtype) as folder, self._explained(engine):
                engine.collective_rpc("reload_weights", kwargs={"weights_path": str(folder)})
                forgotten = engine.reset_prefix_cache()
        if not forgotten:
            raise ModelError(
                f"{self.name}: vLLM still works on requests, so that what it keeps of prompts is "
                "of the old weights; run the same command again to go on"
            )

    def draw(self, items: Sequence[Item], sampling: Sampling) -> list[DrawnTokens]:
        """Completions of items, in their order.

        Args:
            items: each with its prompt's token ids; the samples of a prompt are told apart by
                their index.
            sampling: temperature, tokens at most, stop texts and seed.

        Raises ModelError where a prompt exceeds the context or vLLM fails.
        """
        with self._lock:
            engine = self.running
        found: dict[int, DrawnTokens] = {}
        in_flight: dict[str, str] = {}
        places: dict[str, int] = {}
        try:
            for place, item in enumerate(items):
                number = self._add(engine, item, sampling)
                in_flight[number], places[number] = item.key, place
            while in_flight:
                for number, output in self._finished(engine, in_flight):
                    item = items[places[number]]
                    del in_flight[number]
                    found[places[number]] = self._drawn(item, output)
        finally:
            self._abort(engine, in_flight)
        return [found[place] for place in range(len(items))]

    def _drawn(self, item: Item, output: Any) -> DrawnTokens:
        (choice,) = output.outputs
        ids = tuple(int(token) for token in choice.token_ids)
        told = choice.logprobs
        if told is None or len(told) != len(ids):
            raise ModelError(
                f"{self.name}: vLLM gave {len(told or ())} log-probabilities for {len(ids)} tokens "
                f"of {item.id}; choose engine: transformers, or another version of vLLM"
            )
        logprobs = tuple(float(of[token].logprob) for of, token in zip(told, ids, strict=True))
        return DrawnTokens(ids, logprobs, self._finish(item, choice.finish_reason))


@contextmanager
def handed_over(model: Any, dtype: str) -> Iterator[Path]:
    """A folder with `model`'s weights as a checkpoint in `dtype`, for the time of the block."""
    import torch

    kind = getattr(torch, dtype)
    cast: dict[tuple[int, torch.Size], torch.Tensor] = {}
    weights = {}
    for name, value in model.state_dict().items():
        # Tied weights stay one: they are written once.
        place = value.data_ptr(), value.shape
        if place not in cast:
            given = value.detach()
            cast[place] = given.to("cpu", kind if given.is_floating_point() else None)
        weights[name] = cast[place]
    size = sum(value.numel() * value.element_size() for value in cast.values())
    folder = Path(tempfile.mkdtemp(prefix="redink-weights-", dir=_roomy(size)))
    try:
        try:
            model.save_pretrained(folder, state_dict=weights)
        except OSError as error:
            raise StorageError(
                f"{folder}: {size / 2**30:.1f} GiB of weights cannot be handed to vLLM there "
                f"({error.strerror or error}); make room, or set TMPDIR to another disk"
            ) from error
        del weights, cast
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _roomy(size: int) -> Path | None:
    """Shared memory where twice `size` bytes are free there, else the system's place."""
    if SHARED_MEMORY.is_dir() and shutil.disk_usage(SHARED_MEMORY).free > 2 * size:
        return SHARED_MEMORY
    return None
