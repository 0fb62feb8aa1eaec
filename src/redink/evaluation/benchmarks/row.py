"""A raw row of a data set, read field by field; what is wrong with it is said with its place."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from redink.errors import DataError


@dataclass(frozen=True)
class RawRow:
    """One row as it stands in the data, and where that is."""

    fields: Mapping[str, Any]
    where: str
    """File (or hub set) and row number, for errors."""

    def text(self, *names: str) -> str:
        """The first of these fields that the row has, as text; a whole float loses its `.0`.

        Raises DataError naming file, row and field for a missing, empty or nested one.
        """
        name = self._first(names)
        if name is None:
            raise DataError(
                f"{self.where}: no field {' or '.join(names)}; there are "
                f"{', '.join(map(str, self.fields))}. Check that this is the right file"
            )
        text = _as_text(self.fields[name])
        if text is None:
            raise self.refuse(name, f"must be text or a number, not {self.fields[name]!r:.60}")
        if not text.strip():
            raise self.refuse(name, "is empty")
        return text.strip()

    def optional(self, *names: str) -> str | None:
        """As `text`, but None where no field has content."""
        name = self._first(names)
        text = _as_text(self.fields[name]) if name else None
        return text.strip() or None if text else None

    def items(self, name: str) -> list[str]:
        """A field that holds a list of texts, or such a list as JSON; the empty ones left out."""
        value = self.fields.get(name)
        if isinstance(value, str) and value.lstrip().startswith("["):
            try:
                value = json.loads(value)
            except json.JSONDecodeError:
                raise self.refuse(name, "is no list") from None
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, Iterable) or isinstance(value, Mapping):
            raise self.refuse(name, f"must be a list of texts, not {value!r:.60}")
        return [text.strip() for text in map(_as_text, value) if text and text.strip()]

    def get(self, name: str) -> Any:
        """A field's raw value, None where it is missing."""
        return self.fields.get(name)

    def refuse(self, name: str, why: str) -> DataError:
        """The error that says that a field cannot be used."""
        return DataError(f"{self.where}, field {name!r}: {why}; mend or remove the row")

    def _first(self, names: tuple[str, ...]) -> str | None:
        return next((name for name in names if self.fields.get(name) is not None), None)


def _as_text(value: Any) -> str | None:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value) if isinstance(value, str | int | float) else None
