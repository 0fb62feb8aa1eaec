"""A training's result: a plain model folder, and what makes it that training's."""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from redink.errors import UsageError
from redink.files import sync_folder, write_atomically
from redink.models.loading import end_of_turn_ids
from redink.models.source import ModelSource, fingerprint
from redink.records import Json, to_row

RESULT, CHECKPOINTS, RECORD = "model", "checkpoints", "training.json"
STEPS = "steps"
"""Folder of the models of steps on the way, beside the result."""


def training_key(student: ModelSource, examples: Sequence[Any], settings: Json) -> str:
    """Hash of all that the result depends on; how often checkpoints come is no part of it.

    Args:
        student: the model that training starts from.
        examples: what it is trained on: examples, or other records.
        settings: by name.
    """
    matters = {k: v for k, v in settings.items() if not k.startswith("checkpoint_")}
    digest = hashlib.blake2b(digest_size=8)
    digest.update(json.dumps([fingerprint(student), matters], sort_keys=True).encode())
    for example in examples:
        digest.update(json.dumps(to_row(example), sort_keys=True).encode())
    return digest.hexdigest()


def finished_result(result: Path, key: str) -> Path | None:
    """`result` where it is the training's of `key`, None where there is none yet.

    Raises UsageError where it is another's.
    """
    if not result.is_dir():
        return None
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


def save_result(
    model: Any, tokenizer: Any, record: Json, out: Path, beside: Mapping[str, Json] | None = None
) -> None:
    """Writes the result beside its place, moves it there, and clears the partial work.

    Args:
        model: that was trained, without adapters.
        tokenizer: its own.
        record: of the training, for `training.json`.
        out: folder of the result.
        beside: further records by file name.
    """
    partial = out / f".{RESULT}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    save_model(model, tokenizer, partial)
    for name, facts in {RECORD: record, **(beside or {})}.items():
        text = json.dumps(facts, indent=2, sort_keys=True)
        write_atomically(partial / name, text.encode())
    for path in partial.iterdir():
        path.chmod(0o644)
    partial.rename(out / RESULT)
    sync_folder(out)
    shutil.rmtree(out / CHECKPOINTS, ignore_errors=True)


def save_model(model: Any, tokenizer: Any, folder: Path) -> None:
    """Writes a plain model folder with its tokenizer, as it is to be asked.

    Args:
        model: without adapters; how it is trained on is left as it is.
        tokenizer: its own.
        folder: that does not exist.
    """
    if model.can_generate():
        stops = end_of_turn_ids(tokenizer, model.generation_config)
        model.generation_config.eos_token_id = stops[0] if len(stops) == 1 else list(stops)
        model.generation_config.pad_token_id = tokenizer.pad_token_id
    uses_cache, model.config.use_cache = model.config.use_cache, True
    model.save_pretrained(folder)
    model.config.use_cache = uses_cache
    tokenizer.save_pretrained(folder)


def kept_steps(result: Path) -> dict[int, Path]:
    """The models of steps on the way that a training kept: step → model folder, ascending.

    Args:
        result: the training's result, `…/model`.
    """
    folders = [path for path in (result.parent / STEPS).glob("*") if path.name.isdecimal()]
    return {int(path.name): path for path in sorted(folders, key=lambda path: int(path.name))}
