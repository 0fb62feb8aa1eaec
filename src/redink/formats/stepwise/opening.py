"""A question and the first step in one text, as Math-Shepherd and RLHFlow write them."""

import re

from redink.formats.format import RowError

_FIRST = re.compile(r"\bStep 1:")
_NUMBERED = "Step {number}: {text}"


def parted(text: str) -> tuple[str, str]:
    """The question and the first step, parted before the last `Step 1:`.

    Raises RowError where there is none: nothing else tells where the question ends.
    """
    found = list(_FIRST.finditer(text))
    if not found:
        raise RowError(
            f"no 'Step 1:' in {text[:60]!r}, so nobody can tell where the question ends and the "
            "first step begins"
        )
    at = found[-1].start()
    return text[:at].strip(), text[at:].strip()


def numbered(steps: tuple[str, ...]) -> list[str]:
    """Steps that begin with `Step 1:`, `Step 2:`, ... where they do not yet."""
    return [
        step if step.startswith(f"Step {number}:") else _NUMBERED.format(number=number, text=step)
        for number, step in enumerate(steps, 1)
    ]
