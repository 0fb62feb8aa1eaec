"""One solution with what is known of each of its steps: what every format is read into.

Inside, indices are 0-based; each format's own convention ends in its own file.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from redink.formats.format import Row, RowError, checked_text

Labels = tuple[bool | None, ...]


@dataclass(frozen=True)
class MarkedSteps:
    """A question, a solution in steps, and whether each step is right."""

    question: str
    steps: tuple[str, ...]
    """As the data set has them: a step may be of several lines."""
    labels: Labels
    """None where the data set says nothing of a step."""
    first_error: int | None
    """0-based; None where there is none, or where it is not known."""
    problem: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the problem."""
    response: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the response."""
    meta: Mapping[str, Any] = field(default_factory=dict)
    """What else the row says."""

    @property
    def without_error(self) -> bool:
        """Whether every step is known to be right."""
        return self.first_error is None and all(self.labels)


@dataclass(frozen=True)
class StepFormat:
    """One way of writing solutions with labelled steps."""

    name: str
    about: str
    suffixes: tuple[str, ...]
    """Endings of its files; the first where none is given."""
    to_row: Callable[[MarkedSteps], Row]
    """Raises RowError for labels that the format cannot say."""
    from_row: Callable[[Mapping[str, Any]], MarkedSteps]
    """Raises RowError for a row that is not of this format."""


def up_to(first_error: int | None, count: int) -> Labels:
    """The labels of `count` steps where only the first wrong one is told: nothing behind it."""
    if first_error is None:
        return (True,) * count
    return (*(True,) * first_error, False, *(None,) * (count - first_error - 1))


def first_false(labels: Sequence[bool | None]) -> int | None:
    """The step that is wrong first; None where none is, or a step before is not known."""
    for index, label in enumerate(labels):
        if not label:
            return index if label is False else None
    return None


def told_first_error(marked: MarkedSteps) -> int | None:
    """For formats that tell the first wrong step alone.

    Raises RowError where it is not known whether there is one.
    """
    if marked.first_error is None and not marked.without_error:
        raise RowError("nobody knows which step is wrong first, and this format must say it")
    return marked.first_error


def labelled_beginning(marked: MarkedSteps) -> tuple[tuple[str, ...], tuple[bool, ...]]:
    """The steps before the first one without a label, for formats that label every step.

    Raises RowError where the first step has none.
    """
    known: list[bool] = []
    for label in marked.labels:
        if label is None:
            break
        known.append(label)
    if not known:
        raise RowError("its first step has no label, and this format labels every step")
    return marked.steps[: len(known)], tuple(known)


def texts_in(row: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A list of texts in a row. Raises RowError where it is missing, empty or something else."""
    value = row.get(name)
    if value is None:
        there = ", ".join(map(str, row)) or "none"
        raise RowError(f"no field {name!r} (there are {there})")
    if not isinstance(value, list | tuple):
        raise RowError(f"field {name!r} must be a list of steps, not {type(value).__name__}")
    if not value:
        raise RowError(f"field {name!r} holds no step")
    return tuple(checked_text(item, f"{name}[{index}]") for index, item in enumerate(value))


def index_in(value: Any, name: str, count: int, first: int) -> int:
    """A 0-based index from one that counts from `first`. Raises RowError for one out of range."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if isinstance(value, float) and value.is_integer():
        value, whole = int(value), True
    if isinstance(value, str) and value.strip().isdigit():
        value, whole = int(value), True
    if not whole:
        raise RowError(f"field {name!r} is {str(value)[:40]!r}, not the number of a step")
    if not first <= value < first + count:
        raise RowError(
            f"field {name!r} names step {value}, and the {count} steps are numbered from {first} "
            f"to {first + count - 1}"
        )
    return int(value) - first


def label_in(value: Any, name: str) -> bool | None:
    """A label: true or false, 1 or 0, + or -; a share of at least one half is right.

    -100, which trainers ignore, and null are no label. Raises RowError for anything else.
    """
    if value is None or (value == -100 and not isinstance(value, bool)):
        return None
    if isinstance(value, str) and value.strip() in ("+", "-"):
        return value.strip() == "+"
    if isinstance(value, bool | int | float) and 0 <= value <= 1:
        return value >= 0.5
    raise RowError(f"field {name!r} is {str(value)[:40]!r}, no label of a step")


def matched(count: int, steps: int) -> None:
    """Raises RowError where there are not as many labels as steps."""
    if count != steps:
        raise RowError(f"{count} labels for {steps} steps; there must be one for each")
