"""The prompts that rollouts begin with, as token ids."""

from pathlib import Path
from typing import Any

from redink.engines.engine import Conversation
from redink.engines.items import ItemMaker
from redink.models.source import ModelSource
from redink.prompts import prompt_named
from redink.records import Problem


class RolloutPrompts:
    """Puts problems as they are put in training; each is rendered once.

    Args:
        tokenizer: the student's, with a chat template.
        prompt: how problems are put, a name in `redink.prompts`.
    """

    def __init__(self, tokenizer: Any, prompt: str) -> None:
        self.prompt = prompt_named(prompt)
        self.items = ItemMaker(ModelSource("model in training", Path()), "in memory")
        self.items.tokenizer = tokenizer
        self._found: dict[str, tuple[int, ...]] = {}

    def ids(self, problem: Problem) -> tuple[int, ...]:
        """The token ids of a problem's prompt."""
        if problem.id not in self._found:
            if self.prompt.is_raw:
                asked = Conversation(problem.id, (), raw=self.prompt.text(problem))
            else:
                asked = Conversation(problem.id, self.prompt.messages(problem))
            self._found[problem.id] = tuple(self.items.prompt_ids(asked))
        return self._found[problem.id]
