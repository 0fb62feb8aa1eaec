"""What will be trained on, counted before anything is spent."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redink.errors import DataError
from redink.models.loading import template_end_of_turn
from redink.progress import duration
from redink.records import Example, Json
from redink.training.encoding import Encoded, encode, holds_special_token


@dataclass(frozen=True)
class Preflight:
    """The encoded examples and the counts of what became of the rows."""

    rows: tuple[Encoded, ...]
    rows_in: int
    dropped: dict[str, int]
    """Reason → rows; nothing is truncated, nothing is dropped unseen."""
    end_of_turn: int | None
    """The token that ends an assistant's turn in the student's chat template."""

    def counts(self) -> Json:
        """The counts as they stand in `training.json`."""
        lengths = [len(row.ids) for row in self.rows]
        ends = sum(row.ids[row.loss_to - 1] == self.end_of_turn for row in self.rows)
        return {
            "rows_in": self.rows_in,
            "rows_kept": len(self.rows),
            "dropped": self.dropped,
            "tokens": sum(lengths),
            "loss_tokens": sum(row.loss_tokens for row in self.rows),
            "longest": max(lengths),
            "end_of_turn_share": ends / len(self.rows),
        }


def preflight(examples: Sequence[Example], tokenizer: Any, max_tokens: int) -> Preflight:
    """Encodes every example; drops and counts those that cannot be trained on whole.

    Args:
        examples: prompt-completion examples.
        tokenizer: the student's.
        max_tokens: a longer example (prompt and completion, in tokens) is dropped, not cut.

    Raises DataError for a completion without text and where nothing is left.
    """
    rows: list[Encoded] = []
    dropped: dict[str, int] = {}
    for number, example in enumerate(examples):
        name = example.meta.get("id", f"row {number}")
        if not "".join(message.content for message in example.completion).strip():
            raise DataError(f"{name}: the completion is empty, so it carries no loss; leave it out")
        reason = None
        if special := holds_special_token(example.prompt + example.completion, tokenizer):
            reason = f"holds the special token {special} as text"
        else:
            encoded = encode(example, tokenizer)
            if len(encoded.ids) > max_tokens:
                reason = f"longer than max_tokens = {max_tokens}"
        if reason is None:
            rows.append(encoded)
        else:
            dropped[reason] = dropped.get(reason, 0) + 1
    if not rows:
        reasons = ", ".join(f"{count} {reason}" for reason, count in dropped.items()) or "no rows"
        raise DataError(f"nothing to train on ({reasons}); raise max_tokens or give more data")
    return Preflight(tuple(rows), len(examples), dropped, template_end_of_turn(tokenizer))


def print_preflight(label: str, counts: Json, steps: int, seconds: float) -> None:
    """Prints the counts as a small table on standard error; `seconds` is the estimated time."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=label, title_justify="left", show_header=False)
    table.add_row("rows", f"{counts['rows_in']:,} in, {counts['rows_kept']:,} kept")
    for reason, count in counts["dropped"].items():
        table.add_row("dropped", f"{count:,} {reason}")
    share = counts["loss_tokens"] / counts["tokens"]
    table.add_row(
        "tokens", f"{counts['tokens']:,}, {counts['loss_tokens']:,} with loss ({share:.0%})"
    )
    table.add_row("longest", f"{counts['longest']:,} tokens")
    table.add_row("end of turn", f"carries loss in {counts['end_of_turn_share']:.0%} of rows")
    table.add_row("steps", f"{steps:,}, about {duration(seconds)}")
    Console(file=sys.stderr).print(table)
