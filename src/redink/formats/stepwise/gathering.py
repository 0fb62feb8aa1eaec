"""Rows of a data set with labelled steps becoming the records of one table."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from redink.formats.format import RowError
from redink.formats.gathering import Gathering
from redink.formats.stepwise.fields import checked_labels
from redink.formats.stepwise.folding import UNFOLDED, has_lines, split_into
from redink.records import Problem, StepLabels, labels_id
from redink.tables import Table, label_table


class LabelGathering:
    """Collects rows; rows that say the same stay apart as further samples of one response.

    Args:
        source: of the problems, the file's or data set's name.
        format: of the labels.
    """

    def __init__(self, source: str, format: str) -> None:
        self.format = format
        self.rows: list[StepLabels] = []
        self._responses = Gathering("responses", source)

    @property
    def problems(self) -> Mapping[str, Problem]:
        """The problems so far, by id."""
        return self._responses.problems

    @property
    def unfolded(self) -> int:
        """Steps of several lines that stand in one line now."""
        kept = (row.meta.get(UNFOLDED) or {} for row in self.rows)
        return sum(has_lines(step) for steps in kept for step in steps.values())

    def add(self, parts: Mapping[str, Mapping[str, Any]]) -> None:
        """Takes the fields of one row, by record. Raises RowError for one that cannot be used."""
        self._responses.add(parts)
        response = self._responses.rows[-1]
        try:
            given = checked_labels(parts.get("labels", {}))
            split_into(response.text, len(given["labels"]))
        except RowError:
            self._responses.rows.pop()
            raise
        none = (0,) * len(given["labels"])
        usual = {"successes": none, "tries": none, "source": self.format, "meta": {}}
        fields = {**usual, **given, "response_id": response.id}
        fields.setdefault("id", labels_id(response.id, fields["source"]))
        labels = StepLabels(**fields)
        self.rows.append(dataclasses.replace(labels, meta=_as_stored(labels.meta)))

    def table(self) -> Table[StepLabels]:
        """What was taken, as a table."""
        gathered = self._responses
        return label_table(self.rows, gathered.responses, gathered.problems)


def _as_stored(meta: Mapping[str, Any]) -> dict[str, Any]:
    """What is read back from a table: tuples are lists there."""
    return {
        str(key): list(value) if isinstance(value, tuple) else value for key, value in meta.items()
    }
