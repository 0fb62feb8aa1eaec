"""A Parquet file as a memory-mapped Arrow file: any row at once, all texts searched at disk speed.

Parquet keeps texts compressed, a whole column in one piece: one row costs as much as all. So the
file is decoded once, batch by batch, into an unnamed temporary file of plain Arrow, which the
operating system keeps in its page cache as long as there is room, not in the server's memory.
"""

import mmap
import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from redink.errors import DataError, StorageError

BATCH = 4096
"""Rows that are decoded, and searched, at a time."""
EVERY = 4
"""Batches that are searched before their pages are given back."""
STREAM = 1 << 20
"""Bytes of a compressed column that are read at a time; else it is read whole."""
Mask = np.ndarray[Any, np.dtype[np.bool_]]


class MappedTable:
    """The rows of one Parquet file."""

    def __init__(self, path: Path) -> None:
        """Decodes the file: about a second for 300 MB of text.

        Raises DataError for a broken file, StorageError where there is no room for the copy.
        """
        self._file = _plain_copy(path)
        self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        reader = pa.ipc.open_file(pa.BufferReader(pa.py_buffer(self._map)))
        self._batches = [reader.get_batch(place) for place in range(reader.num_record_batches)]
        ends = np.cumsum([batch.num_rows for batch in self._batches], dtype=np.int64)
        self._starts = np.concatenate([np.zeros(1, np.int64), ends])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def row(self, place: int) -> dict[str, Any]:
        """One row, by its 0-based place."""
        rows: list[dict[str, Any]] = self._slice(place).to_pylist()
        return rows[0]

    def characters(self, column: str, place: int) -> int:
        """The length of one text."""
        return int(pc.utf8_length(self._slice(place).column(column))[0].as_py() or 0)

    def _slice(self, place: int) -> pa.RecordBatch:
        number = int(np.searchsorted(self._starts, place, side="right")) - 1
        return self._batches[number].slice(place - int(self._starts[number]), 1)

    def lengths(self, column: str) -> np.ndarray[Any, np.dtype[np.int64]]:
        """The length of each text in bytes, from its place in the file: no text is read."""
        found = [
            pc.fill_null(pc.binary_length(batch.column(column)), 0).to_numpy(zero_copy_only=False)
            for batch in self._batches
        ]
        return np.concatenate([np.zeros(0, np.int64), *found]).astype(np.int64)

    def matching(self, columns: Sequence[str], term: str, wanted: Mask) -> Mask:
        """Which of the `wanted` rows hold `term`, in either case, in one of the columns."""
        found = np.zeros(len(self), dtype=np.bool_)
        if not len(self):
            return found

        def search(number: int) -> None:
            start, end = self._starts[number], self._starts[number + 1]
            asked = wanted[start:end]
            if asked.any():
                found[start:end] = _search(self._batches[number], columns, term, asked)
                if number % EVERY == 0:
                    self._release()

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(search, range(len(self._batches))))
        self._release()
        return found

    def _release(self) -> None:
        """Gives the pages that a search went through back to the operating system's cache."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)


def _search(batch: pa.RecordBatch, columns: Sequence[str], term: str, asked: Mask) -> Mask:
    few = asked.sum() < len(asked) / 2
    chosen = pa.array(asked) if few else None
    hit = np.zeros(int(asked.sum()) if few else len(asked), dtype=np.bool_)
    for name in columns:
        if name in batch.schema.names:
            column = batch.column(name)
            texts = column.filter(chosen) if few else column
            matched = pc.match_substring(texts, term, ignore_case=True)
            hit |= pc.fill_null(matched, False).to_numpy(zero_copy_only=False)
    if not few:
        both: Mask = hit & asked
        return both
    found = np.zeros(len(asked), dtype=np.bool_)
    found[asked] = hit
    return found


def _plain_copy(path: Path) -> IO[bytes]:
    """An open file without a name: it is gone when the process ends, however that happens."""
    try:
        source = pq.ParquetFile(path, pre_buffer=False, buffer_size=STREAM)
        copy = _unnamed(path.parent)
        with pa.ipc.new_file(pa.PythonFile(copy, mode="w"), source.schema_arrow) as sink:
            for batch in source.iter_batches(batch_size=BATCH):
                sink.write_batch(batch)
        copy.flush()
    except pa.ArrowException as error:
        raise DataError(
            f"{path}: cannot be read ({error}); make the stage again with --force"
        ) from None
    except OSError as error:
        raise StorageError(
            f"{path}: cannot be unpacked ({error}); free some disk space or set TMPDIR"
        ) from None
    return copy


def _unnamed(folder: Path) -> IO[bytes]:
    """Beside the table, where there is room for it; else in the system's temporary folder, which
    may be memory."""
    try:
        return tempfile.TemporaryFile(dir=folder)
    except OSError:
        return tempfile.TemporaryFile()
