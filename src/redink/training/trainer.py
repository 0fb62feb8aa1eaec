"""TRL's SFTTrainer, with redink's batches, mask and loss."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset, concatenate_datasets
from transformers import PrinterCallback, TrainerCallback
from trl import SFTConfig, SFTTrainer

from redink.training.batches import (
    collate,
    largest_micro_batch,
    micro_batches,
    packed_batches,
)
from redink.training.encoding import Encoded
from redink.training.group import process_count
from redink.training.head import head_at, loss_positions, summed_cross_entropy
from redink.training.method import Precision
from redink.training.packing import pack, packed_attention
from redink.training.sharding import reduce_in_float32
from redink.training.stepwise import StepTrainer, plain_model, step_arguments
from redink.training.tracking import NOWHERE, Tracking


class CompletionTrainer(StepTrainer, SFTTrainer):  # type: ignore[misc]
    """SFTTrainer whose loss is the mean over a whole step's completion tokens.

    A step's rows arrive as micro-batches of similar length. Each projects onto the vocabulary
    only where there is loss: TRL 1.16's fused head does so on GPUs alone, on a CPU it scores
    every position.
    """

    def _summed_loss(self, model: torch.nn.Module, batch: dict[str, Any]) -> torch.Tensor:
        indices_N, targets_N = loss_positions(batch["labels"])
        plain = plain_model(self.accelerator.unwrap_model(model))
        seen = {name: value for name, value in batch.items() if name != "labels"}
        attention = packed_attention(plain) if "borders" in batch else nullcontext()
        with attention, head_at(plain.get_output_embeddings(), indices_N):
            logits_1_N_V = model(**seen, use_cache=False).logits
        return summed_cross_entropy(logits_1_N_V[0], targets_N)


class StepCollator:
    """Turns one step's rows into micro-batches, packed or padded, and counts its loss tokens."""

    def __init__(self, pad_id: int, limit: int, packing: bool = False) -> None:
        self.pad_id, self.limit, self.packing = pad_id, limit, packing

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        encoded = [Encoded(tuple(r["input_ids"]), r["loss_from"], r["loss_to"]) for r in rows]
        cut = packed_batches if self.packing else micro_batches
        cuts = cut([len(row.ids) for row in encoded], self.limit)
        return {
            "micro_batches": [self._merged([encoded[index] for index in cut]) for cut in cuts],
            "loss_tokens": torch.tensor([sum(row.loss_tokens for row in encoded)]),
        }

    def idle(self) -> dict[str, Any]:
        """The smallest micro-batch, one without loss."""
        return self._merged([Encoded((self.pad_id,), 1, 1)])

    def _merged(self, rows: Sequence[Encoded]) -> dict[str, Any]:
        batch = (pack if self.packing else collate)(rows, self.pad_id)
        return {
            name: values if name == "borders" else torch.tensor(values)
            for name, values in batch.items()
        }


def ordered_dataset(rows: Sequence[Encoded], order: Sequence[int]) -> Dataset:
    """The rows in the order of training, for a sequential sampler: a resume skips what is done."""
    return Dataset.from_dict(
        {
            "input_ids": [list(rows[index].ids) for index in order],
            "loss_from": [rows[index].loss_from for index in order],
            "loss_to": [rows[index].loss_to for index in order],
        }
    )


def _filled(dataset: Dataset, batch_size: int) -> Dataset:
    """`dataset` with rows without loss at the end, up to a whole step.

    Several processes need as many rows each; accelerate would repeat rows that count.
    """
    missing = -len(dataset) % batch_size
    if process_count() == 1 or not missing:
        return dataset
    row = {"input_ids": dataset[0]["input_ids"][:1], "loss_from": 1, "loss_to": 1}
    return concatenate_datasets([dataset, Dataset.from_list([row] * missing, dataset.features)])


def build_trainer(
    model: Any,
    tokenizer: Any,
    dataset: Dataset,
    callbacks: Sequence[TrainerCallback],
    *,
    folder: Path,
    learning_rate: float,
    batch_size: int,
    warmup_ratio: float,
    weight_decay: float,
    seed: int,
    packing: bool = False,
    precision: Precision = "bf16",
    micro_batch_tokens: int | None = None,
    sharding: str = "none",
    tracking: Tracking = NOWHERE,
) -> CompletionTrainer:
    """A trainer for one pass over `dataset` in its own order.

    float32 weights and AdamW state, a cosine schedule after linear warm-up, gradients clipped at
    norm 1. Checkpoints are left to the callbacks.

    Args:
        model: to be trained, with adapters or without.
        tokenizer: its own.
        dataset: `ordered_dataset`.
        callbacks: told of every step.
        folder: of checkpoints.
        learning_rate: at its peak.
        batch_size: rows in a step, those of all processes together.
        warmup_ratio: share of the steps in which the rate rises.
        weight_decay: AdamW's.
        seed: of the trainer's random numbers; the order is the data set's.
        packing: whether a micro-batch is one row of isolated documents instead of padded rows.
        precision: of matrix products: `bf16` (autocast) or `fp32`.
        micro_batch_tokens: at most, with padding; `CPU_TOKENS` or `GPU_TOKENS` where not given.
        sharding: how several processes divide the model, see `redink.training.sharding`.
        tracking: what is told of each step, by transformers' own callbacks.
    """
    config = SFTConfig(
        **step_arguments(
            folder=folder,
            on_gpu=model.device.type == "cuda",
            learning_rate=learning_rate,
            batch_size=batch_size,
            warmup_ratio=warmup_ratio,
            weight_decay=weight_decay,
            seed=seed,
            precision=precision,
            sharding=sharding,
            tracking=tracking,
        ),
        shuffle_dataset=False,
        max_length=None,
        dataset_kwargs={"skip_prepare_dataset": True},
    )
    if sharding == "fsdp2" and precision == "bf16":
        reduce_in_float32(config.fsdp_plugin_args)
    # With several GPUs in sight transformers would take that many times `batch_size` rows a step.
    config._n_gpu = min(config.n_gpu, 1)
    limit = micro_batch_tokens or largest_micro_batch(model.device.type, sharding)
    trainer = CompletionTrainer(
        model=model,
        args=config,
        train_dataset=_filled(dataset, batch_size),
        data_collator=StepCollator(tokenizer.pad_token_id, limit, packing),
        processing_class=tokenizer,
        callbacks=list(callbacks),
    )
    trainer.remove_callback(PrinterCallback)
    return trainer
