"""From a data set with labelled steps to a table of step labels."""

from collections.abc import Callable

from redink.formats.format import REST, Row
from redink.formats.rest import joined
from redink.formats.stepwise.catalogue import STEP_FORMATS
from redink.formats.stepwise.rest import parts_of
from redink.formats.wording import Parts


def step_reader(format: str) -> Callable[[int, Row], Parts]:
    """Reads the rows of one of `STEP_FORMATS`: fields of problem, response and labels."""
    known = STEP_FORMATS[format]

    def read(number: int, row: Row) -> Parts:
        return joined(parts_of(known.from_row(row)), row.get(REST))

    return read
