"""What completions cost: US dollars per million tokens, by model."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redink.errors import DataError, UsageError

PRICES: Mapping[str, tuple[float, float]] = {
    "gpt-5.2": (1.75, 14.00),
    "gpt-5.1": (1.25, 10.00),
    "gpt-5": (1.25, 10.00),
    "gpt-5-mini": (0.25, 2.00),
    "gpt-5-nano": (0.05, 0.40),
    "gpt-4.1": (2.00, 8.00),
    "gpt-4.1-mini": (0.40, 1.60),
    "gpt-4.1-nano": (0.10, 0.40),
    "gpt-4o": (2.50, 10.00),
    "gpt-4o-2024-05-13": (5.00, 15.00),
    "gpt-4o-mini": (0.15, 0.60),
}
"""Prompt and completion prices of OpenAI's standard tier as others copied them from its pricing
page on 2026-02-07. Prices change: give your own where it matters."""
HOW = "give prices as {MODEL: [prompt, completion]}, US dollars per million tokens"
_snapshot = re.compile(r"-\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens."""

    prompt: float
    completion: float

    def cost(self, prompt_tokens: float, completion_tokens: float) -> float:
        """US dollars for so many tokens."""
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / 1e6


def price_of(
    model: str, overrides: Mapping[str, Sequence[float]] | Path | str | None = None
) -> Price | None:
    """A model's price, or None where it is not known.

    A dated snapshot (`gpt-4o-2024-11-20`) has its own price where the table names it, else that of
    the name without the date.

    Args:
        model: its name at the endpoint.
        overrides: prices that come before the built-in ones: a mapping, or a YAML or JSON file
            with one, `{MODEL: [prompt, completion]}` in US dollars per million tokens.

    Raises UsageError for a price that is none, DataError for a file that cannot be read.
    """
    given = _read(Path(overrides)) if isinstance(overrides, Path | str) else dict(overrides or {})
    for table in (given, PRICES):
        for name in (model, _snapshot.sub("", model)):
            if name in table:
                return _price(name, table[name])
    return None


def _price(name: str, pair: Any) -> Price:
    try:
        if isinstance(pair, str):
            raise TypeError
        prompt, completion = (float(value) for value in pair)
    except (TypeError, ValueError):
        raise UsageError(f"price of {name}: {pair!r} are not two numbers; {HOW}") from None
    if not (0 <= prompt < float("inf") and 0 <= completion < float("inf")):
        raise UsageError(f"price of {name}: {pair!r} must be 0 or more; {HOW}")
    return Price(prompt, completion)


def _read(path: Path) -> dict[str, Any]:
    import yaml

    try:
        table = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise DataError(f"{path}: prices cannot be read ({error}); {HOW}") from error
    if not isinstance(table, dict):
        raise DataError(f"{path}: holds no mapping of models to prices; {HOW}")
    return {str(name): pair for name, pair in table.items()}
