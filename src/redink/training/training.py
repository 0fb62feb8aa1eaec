"""Training a student on examples: resumable, and the same losses from the same seed."""

import hashlib
import json
import shutil
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redink.errors import StorageError, UsageError
from redink.files import sync_folder, write_atomically
from redink.models.loading import end_of_turn_ids, load_model, load_tokenizer
from redink.models.memory import release_memory
from redink.models.quiet import quiet
from redink.models.source import ModelSource, fingerprint
from redink.models.template import template_note
from redink.progress import progress
from redink.records import Example, Json, to_row
from redink.training.batches import training_order
from redink.training.checkpoints import newest_checkpoint
from redink.training.exhaustion import told_when_memory_ends
from redink.training.method import Method, method_of
from redink.training.outlook import outlook
from redink.training.preflight import Preflight, preflight
from redink.training.report import announce, report_of
from redink.training.settings import check_settings

if TYPE_CHECKING:
    from redink.training.validation import Validation

RESULT, CHECKPOINTS, RECORD = "model", "checkpoints", "training.json"


def train(
    student: ModelSource,
    examples: Sequence[Example],
    settings: Json,
    out: Path,
    label: str,
    validation: "Validation | None" = None,
) -> Path:
    """Fine-tunes `student` on `examples`.

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
    check_settings(**settings)
    method = method_of(settings)
    key = _key(student, examples, settings)
    result = out / RESULT
    if result.is_dir():
        return _finished(result, key)
    tokenizer = load_tokenizer(student)
    over_length = settings.get("over_length", "drop")
    flight = preflight(examples, tokenizer, settings["max_tokens"], over_length)
    order = training_order(
        len(flight.rows), settings["epochs"], settings["seed"], settings["shuffle"]
    )
    try:
        out.mkdir(parents=True, exist_ok=True)
        _run(student, tokenizer, flight, order, settings, method, key, out, label, validation)
    except OSError as error:
        raise StorageError(
            f"{out}: training cannot be stored there ({error.strerror or error}); free disk "
            "space, then run the same command again: it goes on from the last checkpoint"
        ) from error
    finally:
        release_memory()
    return result


def _run(
    student: ModelSource,
    tokenizer: Any,
    flight: Preflight,
    order: list[int],
    settings: Json,
    method: Method,
    key: str,
    out: Path,
    label: str,
    validation: "Validation | None",
) -> None:
    from redink.training.callbacks import CheckpointCallback, ProgressCallback, losses
    from redink.training.lora import merged
    from redink.training.trainer import build_trainer, ordered_dataset

    size = settings["batch_size"]
    steps = [order[start : start + size] for start in range(0, len(order), size)]
    step_tokens = [sum(len(flight.rows[row].ids) for row in step) for step in steps]
    counts = flight.counts()
    ahead = outlook(
        student, flight, order, settings, method, out, validation=validation is not None
    )
    announce(report_of(label, flight, ahead, tokenizer), out)
    note = template_note(tokenizer)
    if note:
        print(f"{label}: {note}", file=sys.stderr, flush=True)
    model = load_model(student, "float32")
    packing = method.packs(model, counts["longest"])
    model = method.prepared(model, settings["seed"])
    checkpoint = newest_checkpoint(out / CHECKPOINTS, key)
    if checkpoint:
        print(f"{label}: going on from step {checkpoint.step}", file=sys.stderr, flush=True)
    saver = CheckpointCallback(
        out / CHECKPOINTS,
        key,
        settings["checkpoint_seconds"],
        settings["checkpoint_steps"],
        checkpoint.facts["seconds"] if checkpoint else 0.0,
    )
    watcher = None
    if validation is not None:
        from redink.training.validation import ValidationCallback

        watcher = ValidationCallback(validation, tokenizer, len(steps), out, key)
    with quiet(), progress(label, len(steps), "steps") as bar:
        trainer = build_trainer(
            model,
            tokenizer,
            ordered_dataset(flight.rows, order),
            [
                ProgressCallback(bar, step_tokens, out / "losses.jsonl"),
                saver,
                *([watcher] if watcher else []),
            ],
            folder=out / CHECKPOINTS,
            learning_rate=settings["learning_rate"],
            batch_size=size,
            warmup_ratio=settings["warmup_ratio"],
            weight_decay=settings["weight_decay"],
            seed=settings["seed"],
            packing=packing,
            precision=method.precision,
        )
        with told_when_memory_ends(lambda: trainer.state.global_step, counts["longest"]):
            trainer.train(resume_from_checkpoint=str(checkpoint.folder) if checkpoint else None)
        seconds = saver.seconds
        record = {
            "key": key,
            "student": {"name": student.name, "fingerprint": fingerprint(student)},
            "settings": settings,
            **method.facts(packing),
            "rows": counts,
            **({"template": note} if note else {}),
            "examples": len(order),
            "steps": len(steps),
            "tokens": sum(step_tokens),
            "loss_tokens": sum(flight.rows[row].loss_tokens for row in order),
            "seconds": round(seconds, 3),
            "tokens_per_second": round(sum(step_tokens) / seconds, 1),
            "device": str(model.device),
            "versions": {name: version(name) for name in ("torch", "transformers", "trl")},
            "losses": losses(trainer.state),
        }
        trained = trainer.accelerator.unwrap_model(trainer.model)
        if watcher is not None:
            watcher.restore(trained)
            record["validation"] = watcher.facts()
        _save(merged(trained), tokenizer, record, out)
        if watcher is not None:
            watcher.clear()


def _save(model: Any, tokenizer: Any, record: Json, out: Path) -> None:
    """Writes the result beside its place, moves it there, and clears the partial work."""
    partial = out / f".{RESULT}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    stops = end_of_turn_ids(tokenizer, model.generation_config)
    model.generation_config.eos_token_id = stops[0] if len(stops) == 1 else list(stops)
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.config.use_cache = True
    model.save_pretrained(partial)
    tokenizer.save_pretrained(partial)
    text = json.dumps(record, indent=2, sort_keys=True)
    write_atomically(partial / RECORD, text.encode())
    for path in partial.iterdir():
        path.chmod(0o644)
    partial.rename(out / RESULT)
    sync_folder(out)
    shutil.rmtree(out / CHECKPOINTS, ignore_errors=True)


def _key(student: ModelSource, examples: Sequence[Example], settings: Json) -> str:
    """Hash of all that the result depends on; how often checkpoints come is no part of it."""
    matters = {k: v for k, v in settings.items() if not k.startswith("checkpoint_")}
    digest = hashlib.blake2b(digest_size=8)
    digest.update(json.dumps([fingerprint(student), matters], sort_keys=True).encode())
    for example in examples:
        digest.update(json.dumps(to_row(example), sort_keys=True).encode())
    return digest.hexdigest()


def _finished(result: Path, key: str) -> Path:
    try:
        found = json.loads((result / RECORD).read_text()).get("key")
    except (OSError, ValueError):
        found = None
    if found != key:
        raise UsageError(
            f"{result} holds the result of another training (other data, student or settings); "
            "choose another folder or remove it"
        )
    shutil.rmtree(result.parent / CHECKPOINTS, ignore_errors=True)
    return result
