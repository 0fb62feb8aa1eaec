"""From files of other tools to a table."""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from redink.errors import DataError, UsageError
from redink.formats.beside import read_beside, rest_beside
from redink.formats.catalogue import FLAT, HUB, check_name, training_formats
from redink.formats.flat import check_columns, flat_parts, kind_in
from redink.formats.format import KINDS, REST, Format, Kind, Row, RowError
from redink.formats.gathering import Gathering
from redink.formats.hub import hub_provenance
from redink.formats.reading import Unreadable, rows_in
from redink.formats.rest import joined
from redink.formats.stepwise.catalogue import STEP_FORMATS
from redink.formats.stepwise.gathering import LabelGathering
from redink.formats.stepwise.importing import step_reader
from redink.formats.wording import Parts, parts_of
from redink.progress import progress
from redink.tables import Dropped, Table

Reader = Callable[[int, Row], Parts]
LABELS: Kind = "labels"
_SHOWN_CHARACTERS = 2000


def import_rows(
    source: str | Path,
    format: str = "cft",
    *,
    kind: Kind | None = None,
    columns: Mapping[str, str] | None = None,
    teacher: str = "",
    keep_marks: bool = False,
    skip_bad: bool = False,
    n: int | None = None,
    split: str = "train",
) -> Table[Any]:
    """Reads a data set of another tool, or one that redink exported, as a table.

    Args:
        source: a file (.jsonl, .json, .parquet, .csv), a folder in hub layout, or
            `hf:ORG/NAME[:CONFIG]`.
        format: one of `redink.formats.catalogue.ABOUT`.
        kind: what the rows hold; `critiques` where not given, except that flat files and hub
            folders say it by their columns, and formats of labelled steps hold `labels` alone.
        columns: for flat files, what a column of redink's is called there, as in
            `{"question": "problem", "response": "model_output"}`.
        teacher: who wrote the critiques, where the file does not say.
        keep_marks: whether `Critique:` before a critique and `[END]` behind it stay in its text.
        skip_bad: whether rows that cannot be used are kept aside (in `dropped`) instead of
            stopping the import.
        n: rows at most.
        split: of a data set on the hub.

    Returns:
        A table of critiques, responses, problems or step labels. Ids that the file does not bring
        are made from the content, so the same file always gives the same ids.

    Raises:
        UsageError: an unknown format, kind or column, or a kind that the format cannot hold.
        DataError: a source that cannot be read, or a row that cannot be used; file and row named.
    """
    check_name(format)
    check_columns(columns or {})
    if n is not None and n < 1:
        raise UsageError(f"n: {n} rows cannot be imported; give a number of at least 1")
    if kind is not None and kind not in KINDS and (kind != LABELS or format not in STEP_FORMATS):
        raise UsageError(f"kind {kind!r} is unknown to format {format}; use {', '.join(KINDS)}")
    rows: Iterator[tuple[int, Row | Unreadable]] = itertools.islice(rows_in(str(source), split), n)
    gathering: Gathering | LabelGathering
    if format in STEP_FORMATS:
        _check_labels(format, kind, columns)
        reader, gathering = step_reader(format), LabelGathering(str(source), format)
        return _imported(rows, reader, gathering, source, format, skip_bad)
    if format in (FLAT, HUB):
        first = next(rows)
        rows = itertools.chain([first], rows)
        names = () if isinstance(first[1], Unreadable) else first[1]
        kind = kind or kind_in(names, columns or {})
        reader = _flat_reader(kind, columns or {})
    else:
        kind = kind or "critiques"
        reader = _turn_reader(_format_for(format, kind, columns), kind, keep_marks, source)
    gathering = Gathering(kind, str(source), teacher)
    return _imported(rows, reader, gathering, source, format, skip_bad)


def _imported(
    rows: Iterator[tuple[int, Row | Unreadable]],
    reader: Reader,
    gathering: Gathering | LabelGathering,
    source: str | Path,
    format: str,
    skip_bad: bool,
) -> Table[Any]:
    bad = _gather(rows, reader, gathering, str(source), skip_bad)
    table = gathering.table()
    facts = {
        "source": str(source),
        "format": format,
        "rows": len(table),
        "skipped": len(bad),
    }
    if isinstance(gathering, LabelGathering) and gathering.unfolded:
        facts["folded_steps"] = gathering.unfolded
    provenance: dict[str, Any] = {"imported": facts}
    if format == HUB and not str(source).startswith("hf:"):
        provenance |= hub_provenance(Path(source))
    return replace(table, dropped=(*table.dropped, *bad), provenance=provenance)


def _gather(
    rows: Iterator[tuple[int, Row | Unreadable]],
    reader: Reader,
    gathering: Gathering | LabelGathering,
    source: str,
    skip_bad: bool,
) -> list[Dropped]:
    bad: list[Dropped] = []
    with progress("import", None, "rows") as bar:
        for number, row in rows:
            try:
                if isinstance(row, Unreadable):
                    raise RowError(str(row))
                gathering.add(reader(number, row))
            except RowError as error:
                if not skip_bad:
                    raise DataError(
                        f"{source}, row {number}: {error}; mend or remove the row, or leave such "
                        "rows out with --skip-bad (in a recipe: skip_bad: true)"
                    ) from None
                shown = json.dumps(row, ensure_ascii=True, default=str)[:_SHOWN_CHARACTERS]
                bad.append(Dropped(f"row {number}", str(error), {"row": number, "text": shown}))
            bar.advance(skipped=str(len(bad)))
    if not gathering.rows:
        first = f" (row {bad[0].record['row']}: {bad[0].reason})" if bad else ""
        raise DataError(f"{source}: no usable row{first}; check --format and --kind")
    return bad


def _check_labels(format: str, kind: Kind | None, columns: Mapping[str, str] | None) -> None:
    if kind not in (None, LABELS):
        raise UsageError(
            f"format {format} holds labels of solution steps, not {kind}; say kind: labels"
        )
    if columns:
        raise UsageError(
            f"columns: format {format} names its own; map columns with --format {FLAT}"
        )


def _format_for(name: str, kind: Kind, columns: Mapping[str, str] | None) -> Format:
    known = training_formats()[name]
    if kind not in known.kinds:
        raise UsageError(f"format {name} holds {' or '.join(known.kinds)}, not {kind}")
    if columns:
        raise UsageError(f"columns: format {name} names its own; map columns with --format {FLAT}")
    return known


def _flat_reader(kind: Kind, columns: Mapping[str, str]) -> Reader:
    return lambda number, row: flat_parts(row, kind, columns)


def _turn_reader(known: Format, kind: Kind, keep_marks: bool, source: str | Path) -> Reader:
    apart = read_beside(Path(source)) if known.rest_beside else {}

    def read(number: int, row: Row) -> Parts:
        parts = parts_of(known.from_row(row), kind, keep_marks)
        rest = rest_beside(apart, number, row) if known.rest_beside else row.get(REST)
        return joined(parts, rest)

    return read
