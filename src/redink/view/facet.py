"""A field of few values of a table's rows, as codes: what rows are filtered and counted by."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from redink.view.mapped import Mask
from redink.visible import one_line

NONE = "none"
"""A value that is not there."""
Places = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Facet:
    """One value a row, as a code."""

    codes: np.ndarray[Any, np.dtype[np.int32]]
    values: tuple[str, ...]

    def mask(self, wanted: Sequence[str]) -> Mask:
        """The rows with one of these values."""
        allowed = np.array([value in wanted for value in self.values] or [False], np.bool_)
        found: Mask = allowed[self.codes] if len(self.codes) else np.zeros(0, np.bool_)
        return found

    def counts(self, mask: Mask) -> dict[str, int]:
        """How often each value stands in the masked rows, most frequent first."""
        numbers = np.bincount(self.codes[mask], minlength=len(self.values))
        found: dict[str, int] = {}
        for value, number in zip(self.values, numbers, strict=False):
            if number:
                found[value] = found.get(value, 0) + int(number)
        return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))

    def taken(self, places: Places) -> "Facet":
        """The facet of other rows that point at these; -1 points at none."""
        values = (*self.values, NONE)
        codes = self.codes if len(self.codes) else np.zeros(1, np.int32)
        found = np.where(places < 0, len(self.values), codes[np.maximum(places, 0)])
        return Facet(found.astype(np.int32), values)

    def value(self, place: int) -> str | None:
        """The value of one row."""
        value = self.values[self.codes[place]]
        return None if value == NONE else value


def facet_of(column: pa.ChunkedArray) -> Facet:
    """The facet of a column; an empty text is a value that is not there."""
    texts = pc.fill_null(pc.cast(column, pa.string()), NONE)
    texts = pc.if_else(pc.equal(texts, ""), NONE, texts)
    encoded = pc.dictionary_encode(texts).combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0)
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    return Facet(codes, tuple(one_line(value) for value in encoded.dictionary.to_pylist()))


def error_kinds(errors: pa.ChunkedArray) -> pa.ChunkedArray:
    """The kind of each injected error; of tables without any there is nothing to look into."""
    if not pa.types.is_struct(errors.type) or errors.type.get_field_index("kind") < 0:
        return pa.chunked_array([pa.nulls(len(errors), pa.string())])
    return pc.struct_field(errors, "kind")


def whole_numbers(column: pa.ChunkedArray) -> Places:
    """Whole numbers; -1 where there is none."""
    found: Places = pc.fill_null(pc.cast(column, pa.int64()), -1).to_numpy().astype(np.int64)
    return found
