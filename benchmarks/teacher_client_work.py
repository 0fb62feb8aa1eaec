"""What every client of `teacher_client` is given and gives back."""

from collections.abc import Callable, Sequence
from typing import Any, TypedDict

SAMPLING: dict[str, Any] = {"temperature": 0.3, "top_p": 0.95, "max_tokens": 3200}
MODEL = "test-model"
KEY = "test-key"
TIMEOUT = 600
RETRIES = 20


class Work(TypedDict):
    """What a client is given."""

    url: str
    prompts: list[str]
    concurrency: int
    folder: str
    """Where whatever the client keeps on disk goes."""
    options: dict[str, Any]
    """More settings of redink's engine."""


Texts = Sequence[str | None]
"""One a prompt; None for one that was not answered."""
Answer = Callable[[Work], Texts]
"""Answers all prompts."""
