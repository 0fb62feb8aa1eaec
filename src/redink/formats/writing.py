"""Writing data files: whole or not at all, the same rows always to the same bytes."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import orjson

from redink.errors import StorageError, UsageError
from redink.files import sync_folder
from redink.formats.format import Row

if TYPE_CHECKING:
    import pyarrow

BATCH_ROWS = 5000


def write_rows(path: Path, rows: Iterable[Row], schema: "pyarrow.Schema | None" = None) -> None:
    """Writes rows as JSON Lines, a JSON list or Parquet, by the path's ending.

    Raises UsageError for another ending, StorageError where the file cannot be written.
    """
    writers: dict[str, Callable[..., None]] = {
        ".jsonl": _jsonl,
        ".json": _json,
        ".parquet": _parquet,
    }
    if path.suffix not in writers:
        raise UsageError(f"{path}: unknown kind of file; use one of {', '.join(writers)}")
    with writing(path) as stream:
        writers[path.suffix](stream, rows, schema)


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """A stream whose bytes become the file at `path` when the block ends well.

    Raises StorageError, naming the path, where the disk is full or may not be written.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
        temporary = None
        sync_folder(path.parent)
    except OSError as error:
        raise _storage_error(path, error) from error
    finally:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder that stands at `path` when the block ends well, instead of what was there.

    Raises StorageError, naming the path, where it cannot be written.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name[:40]}."))
        yield temporary
        temporary.chmod(0o755)
        if path.exists():
            aside = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name[:40]}-old."))
            path.rename(aside / path.name)
            try:
                temporary.rename(path)
            except OSError:
                (aside / path.name).rename(path)
                raise
            shutil.rmtree(aside, ignore_errors=True)
        else:
            temporary.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        raise _storage_error(path, error) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def check_free(path: Path, overwrite: bool, ours: Callable[[Path], bool]) -> None:
    """Raises UsageError where something stands at `path` that may not be replaced.

    Args:
        path: where output is to go.
        overwrite: whether output of an earlier call may be replaced.
        ours: whether a folder at `path` is such output; others are never replaced.
    """
    if path.is_dir() and not any(path.iterdir()):
        return
    if path.is_dir() and not ours(path):
        raise UsageError(f"{path}: a folder of something else is there; choose another place")
    if path.exists() and not overwrite:
        raise UsageError(f"{path}: is there already; replace it with --overwrite or choose another")


def batches(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """Rows in lists of `size`, the last one shorter."""
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch


def _storage_error(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"{path}: cannot be written ({error.strerror or error}); "
        "free disk space or choose another place, then run the same command again"
    )


def _jsonl(stream: IO[bytes], rows: Iterable[Row], schema: Any) -> None:
    for row in rows:
        stream.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))


def _json(stream: IO[bytes], rows: Iterable[Row], schema: Any) -> None:
    lead = b"[\n"
    for row in rows:
        stream.write(lead + orjson.dumps(row))
        lead = b",\n"
    stream.write(b"\n]\n" if lead != b"[\n" else b"[]\n")


def _parquet(stream: IO[bytes], rows: Iterable[Row], schema: "pyarrow.Schema | None") -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None
    for batch in batches(rows, BATCH_ROWS):
        table = pa.Table.from_pylist(batch, schema=schema)
        if writer is None:
            schema = table.schema
            writer = pq.ParquetWriter(stream, schema, compression="zstd")
        writer.write_table(table)
    if writer is not None:
        writer.close()
