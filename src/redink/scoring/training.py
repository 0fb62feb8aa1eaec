"""Training a scorer: resumable, and the same losses from the same seed."""

import sys
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from redink.errors import UsageError
from redink.models.loading import load_tokenizer
from redink.models.quiet import quiet
from redink.models.source import ModelSource, fingerprint
from redink.models.template import template_note
from redink.progress import progress
from redink.records import Json, content_id, to_row
from redink.scoring.calibration import HOTTEST, Calibration, calibrate
from redink.scoring.labelled import LabelledRows
from redink.scoring.preflight import ScorerFlight, calibration_flight, scorer_flight
from redink.scoring.record import NAME, ScorerRecord, probe_ids
from redink.scoring.report import announce, scorer_report
from redink.steps import SeparatorTokens
from redink.training.batches import largest_micro_batch, training_order
from redink.training.checkpoints import newest_checkpoint
from redink.training.exhaustion import told_when_memory_ends
from redink.training.group import process_count
from redink.training.method import Method, method_of
from redink.training.outlook import outlook
from redink.training.result import CHECKPOINTS, RESULT, finished_result, save_result, training_key
from redink.training.settings import check_settings
from redink.training.stored import stored
from redink.training.tracking import tracking_of


@dataclass(frozen=True)
class ScorerTask:
    """A scorer's training that is settled but for the model's weights."""

    base: ModelSource
    tokenizer: Any
    flight: ScorerFlight
    calibration: ScorerFlight | None
    order: list[int]
    """Indices of the rows in the order of training."""
    settings: Json
    out: Path
    label: str
    key: str

    @property
    def method(self) -> Method:
        """How it is trained."""
        return method_of(self.settings, "fit")

    @cached_property
    def step_tokens(self) -> list[int]:
        """Tokens of each optimizer step, without padding."""
        size = self.settings["batch_size"]
        lengths = [len(self.flight.rows[index].ids) for index in self.order]
        return [sum(lengths[start : start + size]) for start in range(0, len(lengths), size)]

    @property
    def labels(self) -> int:
        """Labelled positions that are learned from, of all epochs."""
        return sum(len(self.flight.rows[index].positions) for index in self.order)


def train_scorer(
    base: ModelSource,
    found: LabelledRows,
    settings: Json,
    out: Path,
    label: str,
    calibration: LabelledRows | None = None,
) -> Path:
    """Trains a token head of one logit over `base`, and `base` with it.

    Args:
        base: the model to start from.
        found: responses with their labels.
        settings: `fit`'s settings by name.
        out: folder of the partial work and of the result.
        label: names the training in what is printed.
        calibration: responses to other problems, for the temperature.

    Returns `out/model`, see `fit`. A finished scorer is returned at once; an interrupted training
    goes on from its last checkpoint. Raises UsageError for a bad setting or where `out` holds
    another training's result, DataError, ModelError and StorageError as the parts do.
    """
    if process_count() > 1:
        raise UsageError(
            f"redink was itself started {process_count()} times over (WORLD_SIZE is set, as "
            "torchrun does); start it once, plainly: a scorer is fitted by one process"
        )
    check_settings(**settings, verb="fit")
    method_of(settings, "fit")
    held = [to_row(row) for row in calibration.rows] if calibration else None
    key = training_key(base, found.rows, settings | {"calibration": content_id("rows", held)})
    finished = finished_result(out / RESULT, key)
    if finished is not None:
        return finished
    tokenizer = load_tokenizer(base)
    flight = scorer_flight(found, tokenizer, settings["max_tokens"])
    apart = (
        calibration_flight(calibration, tokenizer, settings["max_tokens"]) if calibration else None
    )
    order = training_order(
        len(flight.rows), settings["epochs"], settings["seed"], settings["shuffle"]
    )
    with stored(out):
        _run(ScorerTask(base, tokenizer, flight, apart, order, settings, out, label, key))
    return out / RESULT


def _run(task: ScorerTask) -> None:
    from redink.training.lora import merged
    from redink.training.stepwise import plain_model

    _announce(task)
    trainer, seconds = _trained(task)
    trained = trainer.accelerator.unwrap_model(trainer.model)
    result = plain_model(merged(trained)).eval()
    calibration = _calibration(task, result)
    record = _record(task, calibration)
    if calibration is not None:
        _say(task, _told(calibration))
    facts = _facts(task, trainer, seconds)
    with quiet():
        save_result(result, task.tokenizer, facts, task.out, {NAME: record.to_json()})


def _announce(task: ScorerTask) -> None:
    completions = task.flight.as_completions()
    ahead = outlook(task.base, completions, task.order, task.settings, task.method, task.out)
    announce(
        scorer_report(task.label, task.flight, ahead, task.tokenizer, task.calibration), task.out
    )
    note = template_note(task.tokenizer)
    if note:
        _say(task, note)


def _trained(task: ScorerTask) -> tuple[Any, float]:
    """The trainer after training, and the seconds that it took, killed processes' included."""
    from redink.scoring.model import head_name, load_base
    from redink.scoring.trainer import build_score_trainer, ordered_rows
    from redink.training.callbacks import CheckpointCallback, ProgressCallback
    from redink.training.kernels import with_kernels

    settings, folder = task.settings, task.out / CHECKPOINTS
    model = with_kernels(load_base(task.base, settings["seed"]))
    model = task.method.prepared(model, settings["seed"], head_name(model))
    checkpoint = newest_checkpoint(folder, task.key)
    if checkpoint is not None:
        _say(task, f"going on from step {checkpoint.step}")
    saver = CheckpointCallback(
        folder,
        task.key,
        settings["checkpoint_seconds"],
        settings["checkpoint_steps"],
        checkpoint.facts["seconds"] if checkpoint else 0.0,
    )
    tracking, steps = tracking_of(task.out), len(task.step_tokens)
    with quiet(), tracking.kept(), progress(task.label, steps, "steps") as bar:
        trainer = build_score_trainer(
            model,
            task.tokenizer,
            ordered_rows(task.flight.rows, task.order),
            [ProgressCallback(bar, task.step_tokens, task.out / "losses.jsonl"), saver],
            folder=folder,
            learning_rate=settings["learning_rate"],
            batch_size=settings["batch_size"],
            warmup_ratio=settings["warmup_ratio"],
            weight_decay=settings["weight_decay"],
            seed=settings["seed"],
            precision=task.method.precision,
            tracking=tracking,
        )
        longest = max(len(row.ids) for row in task.flight.rows)
        with told_when_memory_ends(lambda: trainer.state.global_step, longest, divisible=False):
            trainer.train(resume_from_checkpoint=str(checkpoint.folder) if checkpoint else None)
    return trainer, saver.seconds


def _calibration(task: ScorerTask, model: Any) -> Calibration | None:
    """The temperature from the held-out rows, by the model's own float32 logits."""
    if task.calibration is None:
        return None
    from redink.scoring.reading import read_logits

    rows, limit = task.calibration.rows, largest_micro_batch(model.device.type)
    logits = read_logits(model, rows, task.tokenizer.pad_token_id, limit)
    return calibrate(
        [logit for row in logits for logit in row],
        [target for row in rows for target in row.targets],
    )


def _told(found: Calibration) -> str:
    before, after = found.before, found.after
    text = (
        f"calibrated by temperature {found.temperature:.2f}: expected calibration error "
        f"{before.ece:.3f}, then {after.ece:.3f}; Brier score {before.brier:.3f}, then "
        f"{after.brier:.3f} ({after.count:,} labels)"
    )
    if found.temperature == HOTTEST:
        text += "; its scores tell right from wrong no better than chance: train longer, or on more"
    return text


def _record(task: ScorerTask, calibration: Calibration | None) -> ScorerRecord:
    """Times and machines are not in it: the same training makes the same file."""
    kind, apart = task.settings["kind"], task.calibration
    reliability: Json | None = None
    if calibration is not None and apart is not None:
        reliability = calibration.to_json() | {"rows": apart.counts()}
    return ScorerRecord(
        kind=kind,
        separator=SeparatorTokens.of(task.tokenizer),
        probe=probe_ids(task.tokenizer),
        positions=task.settings["positions"] if kind == "orm" else "every",
        temperature=calibration.temperature if calibration else 1.0,
        calibration=reliability,
        base={"name": task.base.name, "fingerprint": fingerprint(task.base)},
        training={
            "settings": task.settings,
            **task.method.facts(packing=False),
            "rows": task.flight.counts(),
            "prefixes": task.flight.prefixes(),
            "examples": len(task.order),
            "steps": len(task.step_tokens),
            "labels": task.labels,
        },
    )


def _facts(task: ScorerTask, trainer: Any, seconds: float) -> Json:
    """What `training.json` tells, as of a fine-tuning."""
    from redink.training.callbacks import losses

    tokens = sum(task.step_tokens)
    return {
        "key": task.key,
        "student": {"name": task.base.name, "fingerprint": fingerprint(task.base)},
        "settings": task.settings,
        **task.method.facts(packing=False),
        "rows": task.flight.counts(),
        "examples": len(task.order),
        "steps": len(task.step_tokens),
        "tokens": tokens,
        "loss_tokens": task.labels,
        "seconds": round(seconds, 3),
        "tokens_per_second": round(tokens / seconds, 1),
        "device": str(trainer.args.device),
        "versions": {name: version(name) for name in ("torch", "transformers")},
        "losses": losses(trainer.state),
    }


def _say(task: ScorerTask, text: str) -> None:
    print(f"{task.label}: {text}", file=sys.stderr, flush=True)
