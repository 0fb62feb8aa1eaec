"""What the parts of the engine `batch` share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from redink.engines.batch.requests import Limits


@dataclass(frozen=True)
class Settings:
    """Of one engine; seconds where times are meant."""

    url: str
    model: str
    extra: Mapping[str, Any]
    limits: Limits
    tries: int
    poll: float
    longest_poll: float
    limit_field: str
    """The body's field with the token limit."""
    report: Callable[[str], None]
    """Shows a line of progress."""
