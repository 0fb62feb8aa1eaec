"""What a reinforcement will take: memory and disk, before its student is loaded."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from redink.engines.cache import cache_cells, cell_bytes
from redink.models.loading import default_device
from redink.models.source import ModelSource
from redink.records import Json, Problem
from redink.reinforcement.drawing import Drawing
from redink.reinforcement.ppo_settings import PPO
from redink.reinforcement.prompting import RolloutPrompts
from redink.reinforcement.sampler_settings import sampler_settings_of
from redink.reinforcement.settings import PolicySettings
from redink.training.batches import largest_micro_batch, padded_length
from redink.training.footprint import (
    Disk,
    Load,
    Memory,
    ModelSize,
    available_memory,
    estimated_disk,
    estimated_memory,
    model_config,
    planned_size,
)
from redink.training.lengths import length_facts
from redink.training.method import Method, method_of
from redink.training.outlook import BEYOND_TENSORS
from redink.training.speed import training_seconds


@dataclass(frozen=True)
class PolicyOutlook:
    """Figures of a training that has not begun; sizes are estimates in bytes."""

    problems: int
    steps: int
    rollouts: int
    """Of all steps, where none is drawn again."""
    max_tokens: int
    """New tokens of a rollout at most."""
    prompts: Json
    """Lengths of the prompts, see `redink.training.lengths`."""
    load: Load
    """A micro-batch of rollouts that are as long as they may be."""
    memory: Memory
    """Of what is trained."""
    reference: int
    """Of the second model's weights: the reference, or PPO's initial policy."""
    copy: int
    """Of the weights that draw; vLLM's are in processes of its own and not counted."""
    cache: int
    """Of the keys and values of the rollouts that are written at once."""
    memory_available: int
    disk: Disk
    checkpoints: bool
    """Whether the training is long enough for one."""

    @property
    def tensors(self) -> int:
        """Bytes of all tensors, if drawing and training held theirs at the same time."""
        return self.memory.total + self.reference + self.copy + self.cache

    @property
    def process(self) -> int:
        """Bytes of memory of one process at its peak."""
        return round(self.tensors * BEYOND_TENSORS)

    def facts(self) -> Json:
        """The figures by name."""
        found = asdict(self)
        found["memory"] |= {"total": self.tensors, "process": self.process}
        return found


def policy_outlook(
    student: ModelSource,
    tokenizer: Any,
    problems: Sequence[Problem],
    algorithm: PPO | PolicySettings,
    drawing: Drawing,
    settings: Json,
    out: Path,
    *,
    validation: bool,
) -> PolicyOutlook:
    """Looks ahead at a training without loading its student.

    Args:
        student: where it starts from.
        tokenizer: its own.
        problems: that rollouts are drawn for.
        algorithm: its settings.
        drawing: how rollouts are drawn.
        settings: all of the training by name, as `train_policy` and `train_ppo` have them.
        out: folder of the partial work and of the result.
        validation: whether steps are compared, which keeps one more model on disk.
    """
    method, device = method_of(settings, "reinforce"), default_device()
    prompts = RolloutPrompts(tokenizer, drawing.prompt)
    lengths = [len(prompts.ids(problem)) for problem in problems]
    longest = max(lengths) + drawing.max_tokens
    together = min(algorithm.problems_per_step, len(problems)) * algorithm.samples
    load = _load(longest, drawing.max_tokens, together, settings, device)
    size = planned_size(student, method)
    reference = _reference(size, algorithm)
    due = _is_due(size, load, algorithm.steps, together, settings, device)
    rows = min(together, settings.get("batch_size") or 64)
    copy, cache = _drawing(student, size, method, settings, rows * longest)
    return PolicyOutlook(
        problems=len(problems),
        steps=algorithm.steps,
        rollouts=algorithm.steps * together,
        max_tokens=drawing.max_tokens,
        prompts=length_facts(lengths),
        load=load,
        memory=estimated_memory(student, method, size, load),
        reference=reference,
        copy=copy,
        cache=cache,
        memory_available=available_memory(device),
        disk=_disk(size, algorithm, settings, out, due, validation),
        checkpoints=due,
    )


def _load(longest: int, answer: int, together: int, settings: Json, device: str) -> Load:
    """The micro-batch of rollouts that end at the token limit."""
    limit = int(settings.get("micro_batch") or largest_micro_batch(device))
    length = padded_length(longest)
    rows = max(1, min(together, limit // length))
    return Load(rows, length, rows * answer)


def _reference(size: ModelSize, algorithm: PPO | PolicySettings) -> int:
    """Of PPO there is one whatever beta is: the divergence is told. Adapters are taken off."""
    if size.adapters or (algorithm.beta == 0 and not isinstance(algorithm, PPO)):
        return 0
    return size.parameters * size.item_bytes


def _disk(
    size: ModelSize,
    algorithm: PPO | PolicySettings,
    settings: Json,
    out: Path,
    checkpoints: bool,
    validation: bool,
) -> Disk:
    """With a moving reference in each checkpoint, and the models of steps on the way."""
    moving = isinstance(algorithm, PolicySettings) and algorithm.reference == "moving"
    beside = _reference(size, algorithm) if moving else 0
    found = estimated_disk(size, out, checkpoints=checkpoints, validation=validation, beside=beside)
    kept = len(settings.get("keep_steps") or ()) * found.result
    return replace(found, needed=found.needed + kept)


def _drawing(
    student: ModelSource, size: ModelSize, method: Method, settings: Json, tokens: int
) -> tuple[int, int]:
    """Bytes of the copy that draws and of its cache for so many tokens, or fewer where the engine
    would hold no more."""
    if sampler_settings_of(settings).engine == "vllm":
        return 0, 0
    item = 4 if method.precision == "fp32" else 2
    config = model_config(student)
    cells = min(tokens, cache_cells(config, item, torch.device(default_device())))
    return (size.parameters - size.adapters) * item, cells * cell_bytes(config, item)


def _is_due(
    size: ModelSize, load: Load, steps: int, together: int, settings: Json, device: str
) -> bool:
    """Whether a checkpoint will be written, were all rollouts as long as they may be."""
    every = settings.get("checkpoint_steps")
    if every:
        return steps > int(every)
    rollouts, answer = steps * together, load.loss_tokens // load.rows
    seconds = training_seconds(size, rollouts * load.length, rollouts * answer, device)
    return seconds > (settings.get("checkpoint_seconds") or 60.0)
