"""What a plain row cannot carry, so that it can be put back when the row is read again.

Without need nothing is added. With need (a question in which `Solution:` stands alone, text with
white space around it, calculator annotations that training leaves out, a verdict that the text
does not say), the column `redink` holds the fields as JSON text, or stays empty:

    {"problem": {"question": "Complete:\\n\\nSolution:\\n..."}, "response": {"text": "..."}}
"""

from collections.abc import Iterator
from typing import Any

import orjson

from redink.formats.entry import Entry
from redink.formats.fields import defaults
from redink.formats.format import REST, Keep, Row, RowError
from redink.formats.wording import Parts, differing
from redink.records import field_names, to_row
from redink.teachers.verdict import read_verdict

_LINKS = ("problem_id", "response_id")
_MADE_UP = ("source", "origin", "teacher", "verdict", "why")
"""Fields that importing fills in where nothing is said."""


def rest_of(entry: Entry, parts: Parts, keep: Keep) -> Parts:
    """The fields of an entry that reading `parts` would not give back.

    Args:
        entry: what is written.
        parts: what is read from its plain row.
        keep: `needed` looks at the texts and the verdict, `all` at every field, ids included.
    """
    if keep == "nothing":
        return {}
    found = differing(entry, parts)
    if keep == "all":
        for name in parts:
            found[name] = all_fields(getattr(entry, name), found.get(name, {}), parts[name])
    elif entry.critique is not None:
        reading = read_verdict(entry.critique.text)
        if (reading.verdict, reading.why) != (entry.critique.verdict, entry.critique.why):
            said = {"verdict": entry.critique.verdict, "why": entry.critique.why}
            found["critique"] = found.get("critique", {}) | said
    return found


def joined(parts: Parts, rest: Any) -> Parts:
    """`parts` with what `rest` puts right; raises RowError where that is none of ours."""
    if not rest:
        return parts
    if isinstance(rest, str | bytes):
        try:
            rest = orjson.loads(rest)
        except ValueError:
            raise RowError("field 'redink' is no JSON; remove the column") from None
    if not isinstance(rest, dict) or not all(isinstance(v, dict) for v in rest.values()):
        raise RowError("field 'redink' holds something else; rename the column")
    return {name: {**fields, **rest.get(name, {})} for name, fields in parts.items()}


def with_rest(rows: list[Row], rests: list[Parts]) -> Iterator[Row]:
    """Rows with the column of what they cannot carry, where any needs it."""
    if not any(rests):
        yield from rows
        return
    # One type in every row: readers that infer columns from the first rows refuse others later.
    for row, rest in zip(rows, rests, strict=True):
        yield {**row, REST: orjson.dumps(rest).decode() if rest else ""}


def all_fields(record: Any, wrong: dict[str, Any], read: dict[str, Any]) -> dict[str, Any]:
    """Every field of a record but links and those that `read` has; `wrong` ones come first."""
    record_type: Any = type(record)
    usual = defaults(record_type)
    row = to_row(record)
    kept = dict(wrong)
    for name in field_names(record_type):
        if name in _LINKS or name in read or name in kept:
            continue
        if name in _MADE_UP or name not in usual or getattr(record, name) != usual[name]:
            kept[name] = row[name]
    return kept
