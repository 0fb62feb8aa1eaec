"""TRL's SFTTrainer, with redink's batches, mask and loss."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset, concatenate_datasets
from transformers import PrinterCallback, TrainerCallback
from trl import SFTConfig, SFTTrainer

from redink.errors import UsageError
from redink.training.batches import collate, micro_batches, packed_batches
from redink.training.encoding import Encoded
from redink.training.group import process_count
from redink.training.head import head_at, loss_positions, summed_cross_entropy
from redink.training.method import Precision
from redink.training.packing import pack, packed_attention
from redink.training.sharding import reduce_in_float32, sharding_arguments
from redink.training.tracking import NOWHERE, Tracking

CPU_TOKENS, GPU_TOKENS = 640, 16384
"""Padded tokens of a micro-batch at most: two steps of a 135M model took 4.2 GiB with 640, 4.7 GiB
with 1024 and 5.1 GiB with 1536; 640 took no more processor time than 1024, 512 a quarter more."""

DIVIDED_TOKENS = 4096
"""The same on GPUs that share a model, as large ones do: a 7B model's activations are 7.3 MiB a
token by the pre-flight's estimate, 30 GiB of a GPU's 80 for 4096."""


class CompletionTrainer(SFTTrainer):  # type: ignore[misc]
    """SFTTrainer whose loss is the mean over a whole step's completion tokens.

    A step's rows arrive as micro-batches of similar length. Each projects onto the vocabulary
    only where there is loss: TRL 1.16's fused head does so on GPUs alone, on a CPU it scores
    every position.
    """

    def training_step(
        self, model: torch.nn.Module, inputs: dict[str, Any], num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """One optimizer step's forward and backward passes; returns the loss (a scalar)."""
        model.train()
        inputs = self._prepare_inputs(inputs)
        tokens = self.accelerator.gather(inputs["loss_tokens"]).sum()
        total = torch.zeros((), device=self.args.device)
        *first, last = self._evened(inputs["micro_batches"])
        # The outer autocast keeps the weights' bfloat16 copies for all micro-batches of a step.
        with self.accelerator.autocast():
            for micro_batch in first:
                with self._accumulating(model):
                    total += self._backward(model, micro_batch, tokens)
            return total + self._backward(model, last, tokens)

    @property
    def _sharded(self) -> bool:
        return bool(self.is_fsdp_enabled or self.is_deepspeed_enabled)

    def _evened(self, batches: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The micro-batches, with ones without loss behind them where the model is sharded.

        Each forward and backward pass of a sharded model is every process's business: one with
        fewer micro-batches than another would leave it waiting.
        """
        if not self._sharded:
            return batches
        counts = self.accelerator.gather(torch.tensor([len(batches)], device=self.args.device))
        missing = int(counts.max()) - len(batches)
        return batches + [self._prepare_inputs(self.data_collator.idle()) for _ in range(missing)]

    @contextmanager
    def _accumulating(self, model: torch.nn.Module) -> Iterator[None]:
        """For every micro-batch of a step but the last.

        Processes that hold the whole model exchange gradients once a step, and may have unequal
        numbers of micro-batches. A sharded model's gradients are exchanged in each: kept until
        the last, they would be as large as the whole model. DeepSpeed is told that no step ends.
        """
        if self.is_deepspeed_enabled:
            self.accelerator.gradient_state._set_sync_gradients(False)
            try:
                yield
            finally:
                self.accelerator.gradient_state._set_sync_gradients(True)
        else:
            with nullcontext() if self._sharded else self.accelerator.no_sync(model):
                yield

    def _backward(
        self, model: torch.nn.Module, batch: dict[str, Any], tokens: torch.Tensor
    ) -> torch.Tensor:
        """Adds a micro-batch's gradients; returns its share of the step's loss."""
        loss: torch.Tensor = (
            self._summed_loss(model, batch) / tokens * self.accelerator.num_processes
        )
        with torch.autocast(self.args.device.type, enabled=False):
            self.accelerator.backward(loss)
        return loss.detach()

    def _summed_loss(self, model: torch.nn.Module, batch: dict[str, Any]) -> torch.Tensor:
        indices_N, targets_N = loss_positions(batch["labels"])
        plain = plain_model(self.accelerator.unwrap_model(model))
        seen = {name: value for name, value in batch.items() if name != "labels"}
        attention = packed_attention(plain) if "borders" in batch else nullcontext()
        with attention, head_at(plain.get_output_embeddings(), indices_N):
            logits_1_N_V = model(**seen, use_cache=False).logits
        return summed_cross_entropy(logits_1_N_V[0], targets_N)

    def floating_point_ops(self, inputs: dict[str, Any]) -> int:
        """Not counted."""
        return 0

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """None is written into checkpoints."""

    def _send_telemetry(self) -> None:
        """Nothing is sent anywhere."""


def plain_model(model: Any) -> Any:
    """The transformers model inside one that carries adapters."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


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


def largest_micro_batch(device: str, sharding: str = "none") -> int:
    """Padded tokens of a micro-batch at most, on a device of type `cuda` or `cpu`."""
    if device != "cuda":
        return CPU_TOKENS
    return GPU_TOKENS if sharding == "none" else DIVIDED_TOKENS


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
    on_gpu = model.device.type == "cuda"
    processes = process_count()
    if batch_size % processes:
        raise UsageError(
            f"finetune: batch_size = {batch_size} does not divide among {processes} processes; "
            f"use a multiple of {processes}"
        )
    config = SFTConfig(
        output_dir=str(folder),
        per_device_train_batch_size=batch_size // processes,
        gradient_accumulation_steps=1,
        num_train_epochs=1,
        learning_rate=learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=warmup_ratio,
        weight_decay=weight_decay,
        optim="adamw_torch_fused",
        bf16=precision == "bf16",
        use_cpu=not on_gpu,
        seed=seed,
        train_sampling_strategy="sequential",
        shuffle_dataset=False,
        max_length=None,
        gradient_checkpointing=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,
        dataloader_pin_memory=on_gpu,
        ddp_find_unused_parameters=False,
        save_strategy="no",
        logging_steps=1,
        logging_nan_inf_filter=False,
        **tracking.arguments(),
        disable_tqdm=True,
        **sharding_arguments(sharding, precision),
    )
    if sharding == "fsdp2" and precision == "bf16":
        reduce_in_float32(config.fsdp_plugin_args)
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
