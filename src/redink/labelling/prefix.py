"""The beginning of a solution, as a model is given it to go on with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from redink.engines.engine import Conversation
from redink.errors import DataError
from redink.prompts import Prompt
from redink.records import Message, Problem
from redink.steps import SEPARATOR, SolutionStep


@dataclass(frozen=True)
class Prefix:
    """The beginning of a solution to a problem, to be gone on with."""

    problem: Problem
    text: str
    """Ends with a solution step's last character."""
    gap: str = SEPARATOR
    """Line breaks behind it: the next step begins a line."""

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by: problem id and text."""
        return self.problem.id, self.opening

    @property
    def opening(self) -> str:
        """The text that is gone on with."""
        return f"{self.text}{self.gap}"

    def conversation(self, name: str, prompt: Prompt) -> Conversation:
        """What is put to an engine."""
        if prompt.is_raw:
            return Conversation(name, (), raw=f"{prompt.text(self.problem)} {self.opening}")
        messages = (*prompt.messages(self.problem), Message("assistant", self.opening))
        return Conversation(name, messages)


def prefix_at(
    problem: Problem,
    text: str,
    steps: Sequence[SolutionStep],
    step: int,
    prompt: Prompt,
    items: Any = None,
) -> Prefix:
    """The prefix of a solution that ends with a solution step.

    Where blank lines stand between steps, as many line breaks are put behind the prefix as leave
    its tokens those that the whole solution has there: some tokenizers join two line breaks, or a
    full stop and the line breaks behind it, others part the last one from what follows.

    Args:
        text: the solution, without calculator annotations.
        steps: its solution steps.
        step: the last one of the prefix.
        prompt: how the problem is put.
        items: the `redink.engines.items.ItemMaker` of the model; without one a prefix ends with one
            line break.
    """
    prefix = Prefix(problem, text[: steps[step].end])
    if step + 1 == len(steps) or items is None:
        return prefix
    breaks = text[steps[step].end : steps[step + 1].start].count(SEPARATOR)
    if breaks == 1:
        return prefix
    try:
        whole = _ids(replace(prefix, gap=SEPARATOR * breaks + steps[step + 1].text), prompt, items)
        for number in range(breaks, 1, -1):
            longer = replace(prefix, gap=SEPARATOR * number)
            ids = _ids(longer, prompt, items)
            if whole[: len(ids)] == ids:
                return longer
    except DataError:  # a control token: said where the prefix is put to the model
        pass
    return prefix


def _ids(prefix: Prefix, prompt: Prompt, items: Any) -> list[int]:
    ids: list[int] = items.prompt_ids(prefix.conversation("", prompt))
    return ids
