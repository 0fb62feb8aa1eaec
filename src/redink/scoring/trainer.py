"""Binary cross-entropy on a token head, at the steps that carry a label."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from datasets import Dataset
from transformers import PrinterCallback, TrainerCallback, TrainingArguments

from redink.scoring.batches import EncodedRow, merged_rows, tensors
from redink.scoring.model import logits_at
from redink.training.batches import largest_micro_batch, micro_batches
from redink.training.method import Precision
from redink.training.stepwise import StepTrainer, plain_model, step_arguments
from redink.training.tracking import NOWHERE, Tracking


class ScoreTrainer(StepTrainer):
    """Trainer whose loss is the mean binary cross-entropy over a whole step's labelled positions.

    Targets may be any probability: of soft labels the loss is the cross-entropy against them.
    """

    def _summed_loss(self, model: torch.nn.Module, batch: dict[str, Any]) -> torch.Tensor:
        logits_N = logits_at(plain_model(self.accelerator.unwrap_model(model)), batch)
        return F.binary_cross_entropy_with_logits(logits_N, batch["targets"], reduction="sum")


class ScoreCollator:
    """Turns one step's rows into micro-batches and counts its labelled positions."""

    def __init__(self, pad_id: int, limit: int) -> None:
        self.pad_id, self.limit = pad_id, limit

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        encoded = [EncodedRow(*(tuple(row[name]) for name in COLUMNS)) for row in rows]
        cuts = micro_batches([len(row.ids) for row in encoded], self.limit)
        labels = sum(len(row.positions) for row in encoded)
        return {
            "micro_batches": [
                tensors(merged_rows([encoded[index] for index in cut], self.pad_id)) for cut in cuts
            ],
            "loss_tokens": torch.tensor([labels]),
        }


COLUMNS = ("ids", "positions", "targets")


def ordered_rows(rows: Sequence[EncodedRow], order: Sequence[int]) -> Dataset:
    """The rows in the order of training, for a sequential sampler."""
    return Dataset.from_dict(
        {name: [list(getattr(rows[index], name)) for index in order] for name in COLUMNS}
    )


def build_score_trainer(
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
    precision: Precision = "bf16",
    micro_batch_tokens: int | None = None,
    tracking: Tracking = NOWHERE,
) -> ScoreTrainer:
    """A trainer for one pass over `dataset` (`ordered_rows`) in its own order.

    Its arguments are those of `redink.training.trainer.build_trainer`, and so are optimizer,
    schedule and clipping.
    """
    config = TrainingArguments(
        **step_arguments(
            folder=folder,
            on_gpu=model.device.type == "cuda",
            learning_rate=learning_rate,
            batch_size=batch_size,
            warmup_ratio=warmup_ratio,
            weight_decay=weight_decay,
            seed=seed,
            precision=precision,
            sharding="none",
            tracking=tracking,
        )
    )
    # With several GPUs in sight transformers would take that many times `batch_size` rows a step.
    config._n_gpu = min(config.n_gpu, 1)
    limit = micro_batch_tokens or largest_micro_batch(model.device.type)
    trainer = ScoreTrainer(
        model=model,
        args=config,
        train_dataset=dataset,
        data_collator=ScoreCollator(tokenizer.pad_token_id, limit),
        processing_class=tokenizer,
        callbacks=list(callbacks),
    )
    trainer.remove_callback(PrinterCallback)
    return trainer
