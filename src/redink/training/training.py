"""Training a student on examples: resumable, and the same losses from the same seed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from redink.errors import UsageError
from redink.models.loading import load_tokenizer
from redink.models.quiet import quiet
from redink.models.source import ModelSource
from redink.models.template import template_note
from redink.progress import Progress, progress
from redink.records import Example, Json
from redink.training.batches import training_order
from redink.training.checkpoints import Checkpoint, newest_checkpoint
from redink.training.exhaustion import told_when_memory_ends
from redink.training.group import agreed, is_first, process_count, wait_for_all
from redink.training.method import method_of
from redink.training.outlook import outlook
from redink.training.preflight import preflight
from redink.training.report import announce, report_of
from redink.training.result import (
    CHECKPOINTS,
    RESULT,
    finished_result,
    save_result,
    training_key,
)
from redink.training.settings import check_settings
from redink.training.stopping import stopping, stopping_note
from redink.training.stored import stored
from redink.training.task import Task, training_facts
from redink.training.tracking import tracking_of

if TYPE_CHECKING:
    from redink.training.validation import ValidationCallback
    from redink.training.validation_plan import ValidationPlan


def train(
    student: ModelSource,
    examples: Sequence[Example],
    settings: Json,
    out: Path,
    label: str,
    validation: "ValidationPlan | None" = None,
) -> Path:
    """Fine-tunes `student` on `examples`, in this process.

    Args:
        student: the model to start from.
        examples: prompt-completion examples; loss on the completions alone.
        settings: `finetune`'s settings by name.
        out: folder of the partial work and of the result.
        label: names the training in what is printed.
        validation: chooses the checkpoint that is returned; without it, the last is.

    Returns `out/model`: a plain transformers folder with float32 weights, for a later stage may
    go on training them, and bfloat16 would swallow updates as small as a rate of 5e-6 makes.
    A finished model is returned at once; an interrupted training goes on from its last
    checkpoint. Raises UsageError for a bad setting or where `out` holds another training's
    result, DataError, ModelError and StorageError as the parts do.
    """
    if process_count() > 1:
        raise UsageError(
            f"redink was itself started {process_count()} times over (WORLD_SIZE is set, as "
            "torchrun does); start it once, plainly, and set processes: it starts them itself"
        )
    check_settings(**settings)
    method_of(settings)
    key = training_key(student, examples, settings)
    finished = finished_result(out / RESULT, key)
    if finished is not None:
        return finished
    return train_together(student, examples, settings, out, label, validation, key=key)


def train_together(
    student: ModelSource,
    examples: Sequence[Example],
    settings: Json,
    out: Path,
    label: str,
    validation: "ValidationPlan | None" = None,
    *,
    key: str,
    sharding: str = "none",
) -> Path:
    """One process's part of `train`: all of it, or a share where several were started.

    The first process decides, prints and writes; the others follow it.

    Args:
        student, examples, settings, out, label, validation: as in `train`, the same everywhere.
        key: the training's, see `training_key`.
        sharding: how the processes divide the model, see `redink.training.sharding`.
    """
    tokenizer = load_tokenizer(student)
    over_length = settings.get("over_length", "drop")
    flight = preflight(examples, tokenizer, settings["max_tokens"], over_length)
    order = training_order(
        len(flight.rows), settings["epochs"], settings["seed"], settings["shuffle"]
    )
    task = Task(student, tokenizer, examples, flight, order, settings, out, label, key, sharding)
    with stored(out):
        _run(task, validation)
    return out / RESULT


def _run(task: Task, validation: "ValidationPlan | None") -> None:
    from redink.training.callbacks import CheckpointCallback, ProgressCallback
    from redink.training.lora import merged
    from redink.training.trainer import build_trainer, ordered_dataset
    from redink.training.whole import gathered_weights, is_divided, whole_copy, whole_model

    if is_first():
        _announce(task, validation is not None)
    model = task.model()
    packing = task.method.packs(model, task.longest)
    settings, folder = task.settings, task.out / CHECKPOINTS
    checkpoint = agreed(lambda: _checkpoint(task))
    saver = CheckpointCallback(
        folder,
        task.key,
        settings["checkpoint_seconds"],
        settings["checkpoint_steps"],
        checkpoint.facts["seconds"] if checkpoint else 0.0,
        task.layout,
    )
    tracking = tracking_of(task.out)
    with quiet(), tracking.kept(), _progress(task) as bar:
        watcher = _watcher(task, validation)
        trainer = build_trainer(
            model,
            task.tokenizer,
            ordered_dataset(task.flight.rows, task.order),
            [
                ProgressCallback(bar, task.step_tokens, task.out / "losses.jsonl"),
                saver,
                *([watcher] if watcher else []),
            ],
            folder=folder,
            learning_rate=settings["learning_rate"],
            batch_size=settings["batch_size"],
            warmup_ratio=settings["warmup_ratio"],
            weight_decay=settings["weight_decay"],
            seed=settings["seed"],
            packing=packing,
            precision=task.method.precision,
            sharding=task.sharding,
            tracking=tracking,
        )
        if watcher is not None and is_divided(trainer):
            watcher.gather = lambda model: gathered_weights(trainer)
            watcher.whole = lambda model: whole_copy(trainer, task.model_to_ask)
        with told_when_memory_ends(lambda: trainer.state.global_step, task.longest):
            trainer.train(resume_from_checkpoint=str(checkpoint.folder) if checkpoint else None)
        facts = training_facts(task, trainer, packing, saver.seconds)
        trained = whole_model(trainer, lambda: task.model("cpu"))
        if trained is not None:
            if watcher is not None:
                watcher.restore(trained)
                facts["validation"] = watcher.facts()
            result = merged(trained)
            if not is_divided(trainer):
                facts["stopping"] = stopping(result, task.tokenizer, task.examples)
                task.say(stopping_note(facts["stopping"]))
            save_result(result, task.tokenizer, facts, task.out)
            if watcher is not None:
                watcher.clear()
        wait_for_all()


def _announce(task: Task, validation: bool) -> None:
    """Prints and keeps the pre-flight report; refuses what cannot fit on the disk."""
    ahead = outlook(
        task.student,
        task.flight,
        task.order,
        task.settings,
        task.method,
        task.out,
        validation=validation,
        processes=process_count(),
        sharding=task.sharding,
    )
    announce(report_of(task.label, task.flight, ahead, task.tokenizer), task.out)
    note = template_note(task.tokenizer)
    if note:
        task.say(note)


def _checkpoint(task: Task) -> Checkpoint | None:
    """The checkpoint to go on from, if any."""
    found = newest_checkpoint(task.out / CHECKPOINTS, task.key)
    if found is None:
        return None
    cut_for = found.facts.get("layout", "none")
    if cut_for != task.layout:
        raise UsageError(
            f"{found.folder} was written with sharding = {cut_for} and cannot be gone on from with "
            f"{task.layout}; go on with what it was written with, or remove {found.folder.parent}"
        )
    task.say(f"going on from step {found.step}")
    return found


def progress_file(out: Path) -> Path:
    """By which processes that train together tell who started them how far they are."""
    return out / "progress.json"


@contextmanager
def _progress(task: Task) -> Iterator[Progress]:
    """Shows progress, in the first process."""
    steps = len(task.step_tokens)
    if not is_first():
        yield Progress(task.label, steps, "steps")
        return
    keep = progress_file(task.out) if process_count() > 1 else None
    with progress(task.label, steps, "steps", keep=keep) as bar:
        yield bar


def _watcher(task: Task, validation: "ValidationPlan | None") -> "ValidationCallback | None":
    if validation is None:
        return None
    from redink.training.validation import ValidationCallback

    steps = len(task.step_tokens)
    return ValidationCallback(validation, task.tokenizer, steps, task.out, task.key)
