"""The systems that `benchmarks.training` compares, each trained once on the same rows.

`work` holds what all of them share: `folder` of the model, `rows` (token ids and the first and
last place with loss), `documents` in a packed row (1 where rows are not packed), `batch_size` in
rows, `micro_batch_tokens` on the device at once where that is fixed, and `skipped`, the first
steps, which are not timed.
"""

import resource
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

LEARNING_RATE, WARM_UP, MAX_TOKENS = 5e-6, 0.1, 1024
TRL_ROWS = 8
"""SFTTrainer's rows on one device, unless told otherwise."""
IGNORED = -100
"""The label of a token that carries no loss."""

Work = dict[str, Any]


def train_with_redink(work: Work) -> dict[str, Any]:
    """redink's own trainer, packing where the rows are packed."""
    from redink.models.loading import load_model, load_tokenizer
    from redink.models.quiet import quiet
    from redink.models.resolve import resolve_model

    source = resolve_model(work["folder"])
    tokenizer, model = load_tokenizer(source), load_model(source, "float32")
    from redink.training.encoding import Encoded
    from redink.training.trainer import build_trainer, ordered_dataset

    rows = [Encoded(tuple(ids), start, stop) for ids, start, stop in work["rows"]]
    watch = stopwatch()
    with quiet(), tempfile.TemporaryDirectory() as folder:
        trainer = build_trainer(
            model,
            tokenizer,
            ordered_dataset(rows, range(len(rows))),
            [watch],
            folder=Path(folder),
            learning_rate=LEARNING_RATE,
            batch_size=work["batch_size"] * work["documents"],
            warmup_ratio=WARM_UP,
            weight_decay=0.0,
            seed=0,
            packing=work["documents"] > 1,
            micro_batch_tokens=work["micro_batch_tokens"],
        )
        trainer.train()
    return figures(watch, trainer, work)


def train_with_trl(work: Work, **changed: Any) -> dict[str, Any]:
    """SFTTrainer with its defaults, but for the batch, the schedule and the order of rows."""
    from datasets import Dataset

    masks = [
        [0] * start + [1] * (stop - start) + [0] * (len(ids) - stop)
        for ids, start, stop in work["rows"]
    ]
    columns = {"input_ids": [ids for ids, _, _ in work["rows"]], "completion_mask": masks}
    rows = min(TRL_ROWS, work["batch_size"])
    settings = {"max_length": MAX_TOKENS, "completion_only_loss": True, **changed}
    return _sft(Dataset.from_dict(columns), rows, work, settings)


def train_with_tuned_trl(work: Work) -> dict[str, Any]:
    """SFTTrainer without gradient checkpointing, with redink's allocator settings."""
    from redink.models.memory import prepare_process

    prepare_process()
    return train_with_trl(work, gradient_checkpointing=False)


def train_with_packed_trl(work: Work) -> dict[str, Any]:
    """SFTTrainer as fast as its settings make it, on rows that are packed already.

    Padding-free, without gradient checkpointing, on a GPU with flash attention and Liger's kernels
    where they are installed.
    """
    import torch
    from datasets import Dataset

    columns: dict[str, list[Any]] = {"input_ids": [], "labels": [], "seq_lengths": []}
    count = work["documents"]
    for place in range(0, len(work["rows"]), count):
        documents = work["rows"][place : place + count]
        columns["input_ids"].append([token for ids, _, _ in documents for token in ids])
        columns["labels"].append([label for row in documents for label in _labels(*row)])
        columns["seq_lengths"].append([len(ids) for ids, _, _ in documents])
    row_tokens = len(columns["input_ids"][0])
    rows = min(work["batch_size"], max(1, work["micro_batch_tokens"] // row_tokens))
    flash = torch.cuda.is_available() and find_spec("flash_attn") is not None
    settings = {
        "max_length": None,
        "padding_free": True,
        "dataset_kwargs": {"skip_prepare_dataset": True},
        "gradient_checkpointing": False,
        "use_liger_kernel": torch.cuda.is_available() and find_spec("liger_kernel") is not None,
        "model_init_kwargs": {"attn_implementation": "flash_attention_2" if flash else "sdpa"},
    }
    found = _sft(Dataset.from_dict(columns), rows, work, settings)
    return {**found, "flash_attention": flash, "liger": settings["use_liger_kernel"]}


def _labels(ids: list[int], start: int, stop: int) -> list[int]:
    return [IGNORED] * start + ids[start:stop] + [IGNORED] * (len(ids) - stop)


def _sft(dataset: Any, rows: int, work: Work, settings: dict[str, Any]) -> dict[str, Any]:
    """One training with SFTTrainer, `rows` on the device at once."""
    import torch
    from trl import SFTConfig, SFTTrainer

    watch = stopwatch()
    with tempfile.TemporaryDirectory() as folder:
        config = SFTConfig(
            output_dir=folder,
            per_device_train_batch_size=rows,
            gradient_accumulation_steps=work["batch_size"] // rows,
            num_train_epochs=1,
            learning_rate=LEARNING_RATE,
            lr_scheduler_type="cosine",
            warmup_steps=WARM_UP,
            train_sampling_strategy="sequential",
            shuffle_dataset=False,
            save_strategy="no",
            logging_steps=1,
            report_to="none",
            use_cpu=not torch.cuda.is_available(),
            **settings,
        )
        trainer = SFTTrainer(
            model=work["folder"], args=config, train_dataset=dataset, callbacks=[watch]
        )
        trainer.train()
    return figures(watch, trainer, work)


def stopwatch() -> Any:
    """A callback that notes when training begins and when each step ends."""
    from transformers import TrainerCallback

    class Stopwatch(TrainerCallback):
        def __init__(self) -> None:
            self.marks: list[float] = []

        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self._mark()

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self._mark()

        def _mark(self) -> None:
            import torch

            if torch.cuda.is_available():
                torch.cuda.synchronize()
            self.marks.append(time.monotonic())

    return Stopwatch()


def figures(watch: Any, trainer: Any, work: Work) -> dict[str, Any]:
    """Speed, memory (the card's, where there is one) and losses of a finished training."""
    import torch

    rows = timed_rows(work)
    seconds = watch.marks[-1] - watch.marks[work["skipped"]]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if torch.cuda.is_available():
        peak = torch.cuda.max_memory_allocated()
    return {
        "tokens_per_second": round(sum(len(ids) for ids, _, _ in rows) / seconds, 1),
        "seconds": round(seconds, 2),
        "peak_gib": round(peak / 2**30, 2),
        "losses": [round(x["loss"], 5) for x in trainer.state.log_history if "loss" in x],
    }


def timed_rows(work: Work) -> list[Any]:
    """The documents of the steps that are timed."""
    rows: list[Any] = work["rows"]
    return rows[work["skipped"] * work["batch_size"] * work["documents"] :]


TRAINERS = {
    "redink": train_with_redink,
    "trl": train_with_trl,
    "trl-tuned": train_with_tuned_trl,
    "trl-packed": train_with_packed_trl,
}
"""Systems that run in redink's own Python."""
