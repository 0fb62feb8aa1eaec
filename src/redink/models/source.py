"""A model on disk, and its content fingerprint."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from redink.errors import ModelError

IGNORED = ("training.json", "README.md")
"""Files that say how a model was made, not what it is."""


@dataclass(frozen=True)
class ModelSource:
    """A model as named by the user and the plain transformers folder that holds it."""

    name: str
    folder: Path


def fingerprint(source: ModelSource) -> str:
    """A 16-hex-digit hash of a model's files: names, sizes and whole contents.

    The same weights have the same fingerprint in every folder and on every machine. Hashes are
    kept for the life of the process, keyed by path, size and modification time.
    """
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(source.folder.iterdir()):
        if path.is_file() and not path.name.startswith(".") and path.name not in IGNORED:
            status = path.stat()
            content = _file_hash(path.resolve(), status.st_size, status.st_mtime_ns)
            digest.update(f"{path.name}\0{status.st_size}\0{content}\n".encode())
    return digest.hexdigest()


@cache
def _file_hash(path: Path, size: int, modified_ns: int) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be read ({error.strerror}); check the model folder"
        ) from None
