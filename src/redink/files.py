"""Writing files so that a reader never sees half of one."""

import os
import tempfile
from pathlib import Path

from redink.errors import StorageError


def write_atomically(path: Path, data: bytes) -> None:
    """Writes `data` to `path`: temporary file beside it, fsync, rename.

    A process killed at any point leaves the old file or the new one. Raises StorageError, naming
    the path, where the disk is full or may not be written.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)
        raise StorageError(
            f"{path}: cannot be written ({error.strerror or error}); "
            "free disk space or choose another folder, then run the same command again"
        ) from error


def sync_folder(folder: Path) -> None:
    """Makes renames inside `folder` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
