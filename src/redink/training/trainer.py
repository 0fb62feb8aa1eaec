"""TRL's SFTTrainer, with redink's batches, mask and loss."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from datasets import Dataset
from transformers import PrinterCallback, TrainerCallback
from trl import SFTConfig, SFTTrainer

from redink.training.batches import collate, micro_batches
from redink.training.encoding import Encoded
from redink.training.head import head_at, loss_positions

CPU_TOKENS, GPU_TOKENS = 1536, 16384
"""Padded tokens of a micro-batch at most: a 135M model's trainings, one after another in one
process, took up to 7.3 GiB with 2048."""


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
        processes = self.accelerator.num_processes
        tokens = self.accelerator.gather(inputs["loss_tokens"]).sum()
        total = torch.zeros((), device=self.args.device)
        for micro_batch in inputs["micro_batches"]:
            loss = self._summed_loss(model, micro_batch) / tokens * processes
            self.accelerator.backward(loss)
            total += loss.detach()
        return total

    def _summed_loss(self, model: torch.nn.Module, batch: dict[str, Any]) -> torch.Tensor:
        indices_N, targets_N = loss_positions(batch["labels"])
        head = self.accelerator.unwrap_model(model).get_output_embeddings()
        with head_at(head, indices_N):
            logits_1_N_V = model(
                input_ids=batch["input_ids"],
                attention_mask=batch["attention_mask"],
                use_cache=False,
            ).logits
        return F.cross_entropy(logits_1_N_V[0].float(), targets_N, reduction="sum")

    def floating_point_ops(self, inputs: dict[str, Any]) -> int:
        """Not counted."""
        return 0

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """None is written into checkpoints."""

    def _send_telemetry(self) -> None:
        """Nothing is sent anywhere."""


class StepCollator:
    """Turns one step's rows into padded micro-batches and the number of its loss tokens."""

    def __init__(self, pad_id: int, limit: int) -> None:
        self.pad_id, self.limit = pad_id, limit

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        encoded = [Encoded(tuple(r["input_ids"]), r["loss_from"], r["loss_to"]) for r in rows]
        cuts = micro_batches([len(row.ids) for row in encoded], self.limit)
        batches = [collate([encoded[index] for index in cut], self.pad_id) for cut in cuts]
        return {
            "micro_batches": [
                {name: torch.tensor(values) for name, values in batch.items()} for batch in batches
            ],
            "loss_tokens": torch.tensor([sum(row.loss_tokens for row in encoded)]),
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
) -> CompletionTrainer:
    """A trainer for one pass over `dataset` in its own order.

    float32 weights and AdamW state with bfloat16 matrix products (autocast), a cosine schedule
    after linear warm-up, gradients clipped at norm 1. Checkpoints are left to the callbacks.
    """
    on_gpu = model.device.type == "cuda"
    config = SFTConfig(
        output_dir=str(folder),
        per_device_train_batch_size=batch_size,
        gradient_accumulation_steps=1,
        num_train_epochs=1,
        learning_rate=learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=warmup_ratio,
        weight_decay=weight_decay,
        optim="adamw_torch_fused",
        bf16=True,
        use_cpu=not on_gpu,
        seed=seed,
        train_sampling_strategy="sequential",
        shuffle_dataset=False,
        max_length=None,
        gradient_checkpointing=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,
        dataloader_pin_memory=on_gpu,
        save_strategy="no",
        logging_steps=1,
        logging_nan_inf_filter=False,
        report_to="none",
        disable_tqdm=True,
    )
    limit = GPU_TOKENS if on_gpu else CPU_TOKENS
    trainer = CompletionTrainer(
        model=model,
        args=config,
        train_dataset=dataset,
        data_collator=StepCollator(tokenizer.pad_token_id, limit),
        processing_class=tokenizer,
        callbacks=list(callbacks),
    )
    trainer.remove_callback(PrinterCallback)
    return trainer
