"""What a training takes up: memory while it runs, disk for its checkpoints."""

import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from redink.models.source import ModelSource
from redink.training.batches import micro_batches, packed_batches, padded_length
from redink.training.encoding import Encoded
from redink.training.method import Method
from redink.training.quantisation import BYTES, quantised_parameters

ADAMW = 8
"""Bytes of AdamW's two float32 averages for each trained parameter."""
LOGIT = 8
"""Bytes for each logit at the start of the backward pass: float32, and its gradient or, under
bfloat16, what it was copied from and that one's gradient. 8.0 to 8.1 were measured."""
STEPS_LOOKED_AT = 64
"""Steps whose micro-batches are looked at for the largest; the one with the longest row always."""


@dataclass(frozen=True)
class ModelSize:
    """Parameters of a model."""

    parameters: int
    trained: int
    """Those that are updated: all, or an adapter's."""
    head: int
    """Those of the projection onto the vocabulary."""
    vocabulary: int
    item_bytes: int = 4
    """Of one weight while training: 4 in float32."""
    quantised: int = 0
    """Parameters that are held in 4 bits instead."""

    @property
    def weight_bytes(self) -> int:
        """Of all weights while training."""
        return (self.parameters - self.quantised) * self.item_bytes + round(self.quantised * BYTES)

    @property
    def adapters(self) -> int:
        """Parameters that are added for training and merged into the others at its end."""
        return self.trained if self.trained < self.parameters else 0


@dataclass(frozen=True)
class Load:
    """The largest micro-batch of a training."""

    rows: int
    length: int
    """Padded length of its rows, in tokens."""
    loss_tokens: int
    """Positions with loss in a micro-batch at most; not always of the same one."""


@dataclass(frozen=True)
class Memory:
    """Bytes held at the start of a backward pass, when most is held; the program's own are not in.

    `activations` is None where the model's code cannot be traced without its weights.
    """

    weights: int
    gradients: int
    optimizer: int
    activations: int | None
    logits: int

    @property
    def total(self) -> int:
        """The sum of what is known."""
        return (
            self.weights + self.gradients + self.optimizer + (self.activations or 0) + self.logits
        )


@dataclass(frozen=True)
class Disk:
    """Bytes on disk."""

    result: int
    """The finished model, float32."""
    checkpoint: int
    """Trained weights and AdamW's averages."""
    needed: int
    """At most at one time, beyond what the folder holds already."""
    free: int


def size_of(model: Any) -> ModelSize:
    """Counts a model's parameters."""
    head = model.get_output_embeddings().weight
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    total = sum(p.numel() for p in model.parameters())
    return ModelSize(total, trained, head.numel(), head.shape[0], head.element_size())


def planned_size(source: ModelSource, method: Method) -> ModelSize:
    """Counts the parameters of a model on disk as `method` trains them, from its config alone."""
    import torch

    with torch.device("meta"):
        model = _from_config(source)
    quantised = quantised_parameters(model) if method.name == "qlora" else 0
    return replace(size_of(method.prepared(model, 0)), quantised=quantised)


def largest_load(
    rows: Sequence[Encoded],
    order: Sequence[int],
    batch_size: int,
    limit: int,
    *,
    packing: bool,
) -> Load:
    """The largest micro-batch among those of a training's steps.

    Args:
        rows: the encoded examples.
        order: their indices in the order of training.
        batch_size: examples in an optimizer step.
        limit: tokens of a micro-batch at most, padding included.
        packing: whether a micro-batch is one row of documents.
    """
    starts = range(0, len(order), batch_size)
    every = max(1, len(starts) // STEPS_LOOKED_AT)
    longest = max(range(len(order)), key=lambda place: len(rows[order[place]].ids))
    looked_at = {*starts[::every], longest // batch_size * batch_size}
    shape, loss_tokens = (1, 0), 0
    for start in looked_at:
        step = [rows[index] for index in order[start : start + batch_size]]
        lengths = [len(row.ids) for row in step]
        for cut in (packed_batches if packing else micro_batches)(lengths, limit):
            in_cut = [lengths[index] for index in cut]
            found = (1, sum(in_cut)) if packing else (len(cut), max(in_cut))
            found = (found[0], padded_length(found[1]))
            shape = max(shape, found, key=lambda pair: pair[0] * pair[1])
            loss_tokens = max(loss_tokens, sum(step[index].loss_tokens for index in cut))
    return Load(*shape, loss_tokens)


def estimated_memory(source: ModelSource, method: Method, size: ModelSize, load: Load) -> Memory:
    """Memory of one training process.

    Activations are not guessed from a formula: the model's own code is run once on tensors that
    have a shape but no content, and what it saves for the backward pass is added up.
    """
    from redink.training.head import POSITION_BUCKET

    positions = -(-load.loss_tokens // POSITION_BUCKET) * POSITION_BUCKET
    activations = _activations(source, method, load)
    if activations is not None and method.precision == "bf16":
        # Traced unquantised: a frozen weight's bfloat16 copy would wait for the backward pass.
        activations -= 2 * size.quantised
    return Memory(
        weights=size.weight_bytes,
        gradients=size.trained * size.item_bytes,
        optimizer=size.trained * ADAMW,
        activations=activations,
        logits=positions * size.vocabulary * LOGIT,
    )


def estimated_disk(
    size: ModelSize, out: Path, *, checkpoints: bool, validation: bool, beside: int = 0
) -> Disk:
    """Disk need of a training in `out`.

    Args:
        size: of the model.
        out: folder of the partial work and of the result; it need not exist.
        checkpoints: whether any is due: a new one is complete before the old one is removed.
        validation: whether the best trained weights are kept beside them, and the best before
            them until they are complete.
        beside: bytes that each checkpoint holds besides.
    """
    result = 4 * (size.parameters - size.adapters)
    checkpoint = (4 + ADAMW) * size.trained + beside
    needed = max(2 * checkpoint if checkpoints else 0, checkpoint * checkpoints + result)
    needed += 2 * 4 * size.trained if validation else 0
    held = sum(path.stat().st_size for path in _files(out))
    place = next(folder for folder in (out, *out.absolute().parents) if folder.exists())
    return Disk(result, checkpoint, max(0, needed - held), shutil.disk_usage(place).free)


def available_memory(device: str) -> int:
    """Bytes that a process may still take, on the GPU where `device` is one."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.mem_get_info()[0])
    import psutil

    return int(psutil.virtual_memory().available)


def _files(folder: Path) -> list[Path]:
    with suppress(OSError):
        return [path for path in folder.rglob("*") if path.is_file()]
    return []


def _activations(source: ModelSource, method: Method, load: Load) -> int | None:
    import torch

    saved: dict[int, int] = {}
    held: list[Any] = []

    def note(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        saved[storage._cdata] = storage.nbytes()
        held.append(tensor)
        return tensor

    try:
        with torch.device("meta"):
            model = method.prepared(_from_config(source), 0).train()
        with _hollow():
            _place_on_cpu(model)
            if method.name == "qlora":
                _answer_as_asked(model)
            own = {parameter.untyped_storage()._cdata for parameter in model.parameters()}
            ids_B_T = torch.zeros(load.rows, load.length, dtype=torch.long)
            with (
                torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor),
                torch.autocast("cpu", torch.bfloat16, enabled=method.precision == "bf16"),
            ):
                plain = model.get_base_model() if hasattr(model, "get_base_model") else model
                plain.base_model(
                    input_ids=ids_B_T, attention_mask=torch.ones_like(ids_B_T), use_cache=False
                )
    except Exception:  # any model's code runs here; one that cannot be traced can still be trained
        return None
    return sum(size for storage, size in saved.items() if storage not in own)


def _answer_as_asked(model: Any) -> None:
    """Frozen layers give what they are given in type, as 4-bit ones do: float32 for float32."""
    for module in model.modules():
        if hasattr(module, "base_layer"):
            module.base_layer.register_forward_hook(lambda _, given, out: out.to(given[0].dtype))


def _place_on_cpu(model: Any) -> None:
    """Gives a model without weights hollow ones; adapters cannot be made hollow from the start."""
    import torch

    made: dict[Any, Any] = {}
    for module in model.modules():
        for name, weight in module._parameters.items():
            if weight is not None and weight not in made:
                empty = torch.empty(weight.shape, dtype=weight.dtype, device="cpu")
                made[weight] = torch.nn.Parameter(empty, requires_grad=weight.requires_grad)
            module._parameters[name] = made.get(weight)
        for name, buffer in module._buffers.items():
            if buffer is not None:
                module._buffers[name] = torch.empty(buffer.shape, dtype=buffer.dtype, device="cpu")


def _hollow() -> Any:
    """Tensors made in this block have a shape and no content."""
    from redink.models.memory import prepare_process

    prepare_process()
    from torch._subclasses.fake_tensor import FakeTensorMode

    return FakeTensorMode()


def model_config(source: ModelSource) -> Any:
    """The config of a model on disk."""
    from transformers import AutoConfig

    from redink.models.quiet import quiet

    with quiet():
        return AutoConfig.from_pretrained(
            source.folder, trust_remote_code=False, local_files_only=True
        )


def _from_config(source: ModelSource) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_config(model_config(source), dtype=torch.float32)
