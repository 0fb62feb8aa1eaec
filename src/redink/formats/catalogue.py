"""Every format by name."""

import difflib
from functools import cache
from pathlib import Path

from redink.errors import UsageError
from redink.formats import alpaca, cft, one_shot_cft, openai, sharegpt, trl
from redink.formats.flat import SUFFIXES as FLAT_SUFFIXES
from redink.formats.format import Format
from redink.formats.stepwise.catalogue import STEP_FORMATS

FLAT, HUB = "parquet", "hub"
_MODULES = (cft, one_shot_cft, alpaca, sharegpt, trl, openai)
ABOUT = {
    **{module.FORMAT.name: module.FORMAT.about for module in _MODULES},
    FLAT: "redink's tables as one flat file, Parquet or JSON Lines, with every field",
    HUB: "a folder in the layout of the Hugging Face hub, with a data card and every field",
    **{name: known.about for name, known in STEP_FORMATS.items()},
}
"""Every format's name and what it is."""


@cache
def training_formats() -> dict[str, Format]:
    """The formats that hold training examples: a prompt and a completion."""
    return {module.FORMAT.name: module.FORMAT for module in _MODULES}


def check_name(name: str) -> str:
    """The name of a format. Raises UsageError for an unknown one, with the nearest."""
    if name in ABOUT:
        return name
    close = difflib.get_close_matches(name.lower().replace("_", "-"), ABOUT, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}? " if close else ""
    raise UsageError(f"format {name!r} is unknown; {hint}there are {', '.join(ABOUT)}")


def file_of(name: str, out: Path) -> Path:
    """The file to write: `out`, with the format's usual ending where it has none.

    Raises UsageError for an ending that the format does not have.
    """
    suffixes = _suffixes(name)
    if not out.suffix:
        return out.with_suffix(suffixes[0])
    if out.suffix not in suffixes:
        raise UsageError(f"{out}: format {name} is written as {' or '.join(suffixes)}")
    return out


def _suffixes(name: str) -> tuple[str, ...]:
    if name == FLAT:
        return FLAT_SUFFIXES
    return (STEP_FORMATS.get(name) or training_formats()[name]).suffixes
