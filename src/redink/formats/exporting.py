"""From a table to files of other tools."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redink.errors import DataError, UsageError
from redink.formats.beside import write_beside
from redink.formats.card import Card
from redink.formats.catalogue import FLAT, HUB, check_name, file_of, training_formats
from redink.formats.dataset_info import with_entry, write_entries
from redink.formats.entry import Entry, entries_of, kind_of
from redink.formats.flat import flat_row, flat_schema
from redink.formats.format import Format, Keep, Kind, Row, RowError
from redink.formats.hub import is_hub_folder, write_hub
from redink.formats.objectives import learned
from redink.formats.public import private_columns
from redink.formats.rest import rest_of, with_rest
from redink.formats.stepwise.catalogue import STEP_FORMATS
from redink.formats.stepwise.exporting import step_rows
from redink.formats.wording import parts_of, turn_of
from redink.formats.writing import check_free, write_rows
from redink.records import StepLabels
from redink.tables import Dropped, Table, drop
from redink.training.rendering import Objective


@dataclass(frozen=True)
class Exported:
    """What an export wrote."""

    format: str
    kind: Kind
    rows: int
    files: tuple[Path, ...]
    carried: int = 0
    """Rows with what a plain row of the format could not carry."""
    skipped: tuple[Dropped, ...] = ()
    remarks: tuple[str, ...] = field(default=())
    """What the readers of the format may object to, or what to do next."""


def export_table(
    table: Table[Any],
    out: Path,
    format: str,
    *,
    objective: Objective | None = None,
    keep: Keep = "needed",
    marks: bool | None = None,
    name: str | None = None,
    card: Card | None = None,
    overwrite: bool = False,
    skip_bad: bool = False,
) -> Exported:
    """Writes a table for another tool; `import_rows` reads it back.

    Args:
        table: critiques, responses or problems; labels of solution steps for the formats of
            `redink.formats.stepwise`.
        out: the file to write, with or without its ending; a folder for `hub`.
        format: one of `redink.formats.catalogue.ABOUT`.
        objective: of the training that the file is for, one of `finetune`'s: `imitate` for
            responses, for problems (their solutions), or for the responses that critiques mark,
            each once; every other one for critiques. Where not given, `critique` for critiques,
            else `imitate`.
        keep: what training rows carry beside the example, in one further column: `needed`, only
            what reading the row would get wrong in texts or verdict; `all`, every field and id;
            `nothing`.
        marks: whether critiques stand between `Critique:` and `[END]`; the format's own way
            where not given.
        name: of the data set, in `dataset_info.json` and the card; the file's where not given.
        card: what the card of a hub folder says beside the figures.
        overwrite: whether earlier output at `out` may be replaced.
        skip_bad: whether rows that the format bars are left out instead of stopping the export.

    Raises:
        UsageError: an unknown format, an objective that does not suit the table, or output that
            is there already.
        DataError: an empty table, or a row that the objective or the format cannot hold.
        StorageError: the output cannot be written.
    """
    check_name(format)
    if keep not in ("needed", "all", "nothing"):
        raise UsageError(f"keep {keep!r} is unknown; use needed, all or nothing")
    if format in STEP_FORMATS or table.kind is StepLabels:
        _check_steps(table, format, objective)
        return _export_steps(table, file_of(format, out), format, keep, overwrite, skip_bad)
    table = learned(table, objective)
    kind = kind_of(table)
    if not len(table):
        raise DataError("the table holds no rows; there is nothing to export")
    if format == HUB:
        check_free(out, overwrite, is_hub_folder)
        files = write_hub(table, out, card or Card(name=name or out.name))
        return Exported(format, kind, len(table), files, remarks=_upload(table, out))
    path = file_of(format, out)
    check_free(path, overwrite, lambda folder: False)
    if format == FLAT:
        write_rows(path, (flat_row(entry) for entry in entries_of(table)), flat_schema(kind))
        return Exported(format, kind, len(table), (path,))
    return _Examples(training_formats()[format], kind, keep, marks).write(
        table, path, name, overwrite, skip_bad
    )


def _check_steps(table: Table[Any], format: str, objective: Objective | None) -> None:
    if table.kind is not StepLabels:
        raise UsageError(f"format {format} holds labels of solution steps; name a table of labels")
    if format not in STEP_FORMATS:
        raise UsageError(
            f"format {format} holds no labels of solution steps; use {', '.join(STEP_FORMATS)}"
        )
    if objective is not None:
        raise UsageError("objective: labels of solution steps are no training examples; leave it")
    if not len(table):
        raise DataError("the table holds no rows; there is nothing to export")


def _export_steps(
    table: Table[Any], path: Path, format: str, keep: Keep, overwrite: bool, skip_bad: bool
) -> Exported:
    check_free(path, overwrite, lambda folder: False)
    rows, rests, skipped, cut = step_rows(table, format, keep, skip_bad)
    if not rows:
        raise DataError(f"no row can be written as {format} ({skipped[0].reason})")
    write_rows(path, with_rest(rows, rests))
    remarks = (f"{cut:,} rows end before their first step without a label",) if cut else ()
    carried = sum(map(bool, rests))
    return Exported(format, "labels", len(rows), (path,), carried, tuple(skipped), remarks)


@dataclass(frozen=True)
class _Examples:
    """Training examples being written."""

    format: Format
    kind: Kind
    keep: Keep
    marks: bool | None

    def write(
        self, table: Table[Any], path: Path, name: str | None, overwrite: bool, skip_bad: bool
    ) -> Exported:
        if self.kind not in self.format.kinds:
            held = " or ".join(self.format.kinds)
            raise UsageError(f"format {self.format.name} holds {held}, the table {self.kind}")
        rows, rests, skipped = self._rows(table, skip_bad)
        if not rows:
            raise DataError(f"no row can be written as {self.format.name} ({skipped[0].reason})")
        registered: Mapping[str, Any] | None = None
        if self.format.registered is not None:
            registered = with_entry(
                path.parent, name or path.stem, path.name, self.format.registered, overwrite
            )
        files = [path]
        if self.format.rest_beside:
            apart = write_beside(path, rows, rests)
            files += [apart] if apart else []
            write_rows(path, rows)
        else:
            write_rows(path, with_rest(rows, rests))
        if registered is not None:
            files.append(write_entries(path.parent, registered))
        carried = sum(map(bool, rests))
        return Exported(
            self.format.name,
            self.kind,
            len(rows),
            tuple(files),
            carried,
            tuple(skipped),
            tuple(self.format.check(rows, path)),
        )

    def _rows(
        self, table: Table[Any], skip_bad: bool
    ) -> tuple[list[Row], list[dict[str, Any]], list[Dropped]]:
        rows: list[Row] = []
        rests: list[dict[str, Any]] = []
        skipped: list[Dropped] = []
        for number, entry in enumerate(entries_of(table), 1):
            try:
                row, rest = self._row(entry)
            except RowError as error:
                if not skip_bad:
                    raise DataError(
                        f"row {number} ({entry.id}): {error}; mend the table with select, or "
                        "leave such rows out with --skip-bad"
                    ) from None
                skipped.append(drop(entry.critique or entry.response or entry.problem, str(error)))
                continue
            rows.append(row)
            rests.append(rest)
        return rows, rests, skipped

    def _row(self, entry: Entry) -> tuple[Row, dict[str, Any]]:
        if entry.kind == "problems" and not (entry.problem.solution or "").strip():
            raise RowError("the problem has no reference solution to imitate")
        marks = self.format.marks if self.marks is None else self.marks
        row = self.format.to_row(turn_of(entry, marks))
        parts = parts_of(self.format.from_row(row), self.kind)
        return row, rest_of(entry, parts, self.keep)


def _upload(table: Table[Any], folder: Path) -> tuple[str, ...]:
    remarks = [
        "nothing was uploaded; to do so: "
        f"hf upload YOU/{folder.resolve().name} {folder} --repo-type dataset"
    ]
    private = private_columns(entries_of(table))
    if private:
        remarks.append(
            f"addresses or paths of your machine stand in column {', '.join(private)}; "
            "look at them before you publish"
        )
    return tuple(remarks)
