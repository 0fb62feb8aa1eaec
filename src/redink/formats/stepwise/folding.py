"""Steps of several lines as solution steps, which are one line each: no index ever shifts.

The line breaks inside a step become spaces in the response, and white space around it goes; the
step as it was is kept in the labels' `meta["unfolded"]` under its 0-based index, so that writing
gives it back:

    "First,\\n\\n  3 + 4 = 7."  ->  "First, 3 + 4 = 7."
                                   {"unfolded": {"0": "First,\\n\\n  3 + 4 = 7."}}
"""

from collections.abc import Mapping, Sequence
from typing import Any

from redink.formats.format import RowError
from redink.records import Response, StepLabels
from redink.steps import SEPARATOR, join_steps, solution_steps
from redink.training.rendering import plain_solution

UNFOLDED = "unfolded"


def folded(steps: Sequence[str]) -> tuple[str, dict[str, str]]:
    """The text whose solution steps are these, and those that had to be changed, as they were.

    Raises RowError for an empty step: it would shift every index behind it.
    """
    lines, unfolded = [], {}
    for index, step in enumerate(steps):
        line = one_line(step)
        if not line:
            raise RowError(
                f"step {index + 1} of {len(steps)} is empty, so its label belongs to nothing"
            )
        if step != line:
            unfolded[str(index)] = step
        lines.append(line)
    return join_steps(lines), unfolded


def has_lines(step: str) -> bool:
    """Whether a step is of several lines."""
    return SEPARATOR in step.strip()


def one_line(step: str) -> str:
    """A step in one line: its lines, stripped, with single spaces between them."""
    return " ".join(line for part in step.split(SEPARATOR) if (line := part.strip()))


def steps_of(response: Response, labels: StepLabels) -> tuple[str, ...]:
    """The steps of a labelled response, those that had to be changed as they were.

    Raises RowError where there are not as many as labels.
    """
    found = split_into(response.text, len(labels.labels))
    kept = _unfolded(labels.meta)
    return tuple(
        kept[str(index)] if one_line(kept.get(str(index), "")) == step else step
        for index, step in enumerate(found)
    )


def split_into(text: str, count: int) -> list[str]:
    """The `count` solution steps of a text, with its calculator annotations or without them.

    Raises RowError where there are not as many either way.
    """
    found: list[str] = []
    for form in (text, plain_solution(text)):
        found = [step.text for step in solution_steps(form)]
        if len(found) == count:
            return found
    raise RowError(f"{count} labels for {len(found)} solution steps; there must be one for each")


def _unfolded(meta: Mapping[str, Any]) -> Mapping[str, str]:
    kept = meta.get(UNFOLDED)
    if not isinstance(kept, Mapping):
        return {}
    return {str(key): step for key, step in kept.items() if isinstance(step, str)}
