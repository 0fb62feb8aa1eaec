"""transformers' Trainer, told what an optimizer step is: redink's micro-batches and its loss."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch
from transformers import Trainer

from redink.errors import UsageError
from redink.records import Json
from redink.training.group import process_count
from redink.training.method import Precision
from redink.training.sharding import sharding_arguments
from redink.training.tracking import Tracking


class StepTrainer(Trainer):  # type: ignore[misc]
    """A trainer whose loss is the mean over all positions with loss of an optimizer step.

    A step's rows arrive as micro-batches: a batch is `{"micro_batches": [...], "loss_tokens":
    positions with loss}`. What a micro-batch is and what is lost on it is a subclass's matter.
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
        """The loss of one micro-batch, summed over its positions with loss (a scalar)."""
        raise NotImplementedError

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


def step_arguments(
    *,
    folder: Path,
    on_gpu: bool,
    learning_rate: float,
    batch_size: int,
    warmup_ratio: float,
    weight_decay: float,
    seed: int,
    precision: Precision,
    sharding: str,
    tracking: Tracking,
) -> Json:
    """What a `StepTrainer`'s configuration is told; see `build_trainer` for the arguments.

    One pass over the data in its own order, AdamW, a cosine schedule after linear warm-up,
    gradients clipped at norm 1. Checkpoints are left to the callbacks.
    """
    processes = process_count()
    if batch_size % processes:
        raise UsageError(
            f"finetune: batch_size = {batch_size} does not divide among {processes} processes; "
            f"use a multiple of {processes}"
        )
    return {
        "output_dir": str(folder),
        "per_device_train_batch_size": batch_size // processes,
        "gradient_accumulation_steps": 1,
        "num_train_epochs": 1,
        "learning_rate": learning_rate,
        "lr_scheduler_type": "cosine",
        "warmup_steps": warmup_ratio,
        "weight_decay": weight_decay,
        "optim": "adamw_torch_fused",
        "bf16": precision == "bf16",
        "use_cpu": not on_gpu,
        "seed": seed,
        "train_sampling_strategy": "sequential",
        "gradient_checkpointing": False,
        "remove_unused_columns": False,
        "dataloader_pin_memory": on_gpu,
        "ddp_find_unused_parameters": False,
        "save_strategy": "no",
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        **tracking.arguments(),
        "disable_tqdm": True,
        **sharding_arguments(sharding, precision),
    }
