"""The one splitter of responses into solution steps."""

import re
from dataclasses import dataclass

from redink.errors import DataError

SEPARATOR = "\n"
"""What stands between two solution steps."""
_FINAL = re.compile(r"\s*####")


@dataclass(frozen=True, slots=True)
class SolutionStep:
    """One solution step: a line that is not empty, with its character span."""

    index: int
    """0-based."""
    start: int
    """Index of its first character in the text."""
    end: int
    """Index behind its last character; white space around a line belongs to no step."""
    text: str

    @property
    def is_final(self) -> bool:
        """Whether it is the `#### N` line."""
        return _FINAL.match(self.text) is not None


def solution_steps(text: str) -> list[SolutionStep]:
    """The lines of `text` that are not empty, 0-based; a `#### N` line is a step of its own."""
    steps: list[SolutionStep] = []
    start = 0
    for line in text.split(SEPARATOR):
        stripped = line.strip()
        if stripped:
            at = start + line.index(stripped[0])
            steps.append(SolutionStep(len(steps), at, at + len(stripped), stripped))
        start += len(line) + len(SEPARATOR)
    return steps


def prefix_text(text: str, steps: int) -> str:
    """The text up to and including its first `steps` solution steps, exactly as written.

    Nothing follows the last step's last character; 0 steps are the empty text. Raises DataError
    where the text has fewer.
    """
    if steps == 0:
        return ""
    found = solution_steps(text)
    if not 0 < steps <= len(found):
        raise DataError(
            f"a prefix of {steps} solution steps was asked of a text that has {len(found)}; "
            "count the steps with solution_steps of the same text"
        )
    return text[: found[steps - 1].end]


def join_steps(steps: list[str] | tuple[str, ...]) -> str:
    """A text whose solution steps are these, in this order.

    Raises DataError for a step that would not come back as one: an empty one, or one with a line
    break or with white space around it.
    """
    for index, step in enumerate(steps):
        if not step or SEPARATOR in step or step.strip() != step:
            raise DataError(
                f"step {index} ({step[:40]!r}) is no single stripped line, so every index behind "
                "it would shift; fold it into one line first"
            )
    return SEPARATOR.join(steps)
