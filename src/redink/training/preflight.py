"""What will be trained on, encoded once and counted before anything is spent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from redink.errors import DataError
from redink.models.loading import template_end_of_turn
from redink.records import Example, Json
from redink.training.encoding import Encoded, encode, holds_special_token
from redink.training.lengths import percentile
from redink.training.prefetching import PrefetchedTokenizer
from redink.training.settings import OverLength


@dataclass(frozen=True)
class Preflight:
    """The encoded examples and the counts of what became of the rows."""

    rows: tuple[Encoded, ...]
    rows_in: int
    dropped: dict[str, int]
    """Reason → rows; nothing is dropped unseen."""
    end_of_turn: int | None
    """The token that ends an assistant's turn in the student's chat template."""
    names: tuple[str, ...] = ()
    """What each of `rows` is called."""
    over_length: int = 0
    """Rows longer than `max_tokens`, whatever became of them."""
    truncated: int = 0
    """Kept rows that lost a part of their completion or its end of turn."""

    def counts(self) -> Json:
        """The counts as they stand in `training.json`."""
        lengths = sorted(len(row.ids) for row in self.rows)
        ends = sum(row.ids[row.loss_to - 1] == self.end_of_turn for row in self.rows)
        return {
            "rows_in": self.rows_in,
            "rows_kept": len(self.rows),
            "dropped": self.dropped,
            "tokens": sum(lengths),
            "loss_tokens": sum(row.loss_tokens for row in self.rows),
            "longest": lengths[-1],
            "end_of_turn_share": ends / len(self.rows),
            "over_length": self.over_length,
            "truncated": self.truncated,
            "p50": percentile(lengths, 0.5),
            "p95": percentile(lengths, 0.95),
        }


def preflight(
    examples: Sequence[Example],
    tokenizer: Any,
    max_tokens: int,
    over_length: OverLength = "drop",
) -> Preflight:
    """Encodes every example once; drops and counts those that cannot be trained on.

    Args:
        examples: prompt-completion examples.
        tokenizer: the student's.
        max_tokens: of an example, prompt and completion together.
        over_length: what becomes of longer ones. `drop` leaves them out; `truncate` keeps the
            prompt whole and cuts the completion, whose end of turn then carries no loss (a row
            whose prompt alone fills `max_tokens` is dropped); `raise` refuses them.

    Raises DataError for a completion without text, for a row over length under `raise`, and where
    nothing is left.
    """
    kept: list[tuple[str, Encoded]] = []
    dropped: dict[str, int] = {}
    over = truncated = 0
    for name, outcome in _encoded(examples, tokenizer):
        if isinstance(outcome, Encoded) and len(outcome.ids) > max_tokens:
            over += 1
            if over_length == "raise":
                raise DataError(
                    f"{name}: {len(outcome.ids):,} tokens, over max_tokens = {max_tokens}; raise "
                    "max_tokens, or let over_length be drop or truncate"
                )
            whole, outcome = outcome, _fitted(outcome, max_tokens, over_length)
            truncated += isinstance(outcome, Encoded) and outcome.loss_to < whole.loss_to
        if isinstance(outcome, Encoded):
            kept.append((name, outcome))
        else:
            dropped[outcome] = dropped.get(outcome, 0) + 1
    if not kept:
        reasons = ", ".join(f"{count} {reason}" for reason, count in dropped.items()) or "no rows"
        raise DataError(f"nothing to train on ({reasons}); raise max_tokens or give more data")
    names, rows = zip(*kept, strict=True)
    end = template_end_of_turn(tokenizer)
    return Preflight(rows, len(examples), dropped, end, names, over, truncated)


def _encoded(examples: Sequence[Example], tokenizer: Any) -> Iterator[tuple[str, Encoded | str]]:
    """Each example's name, and its ids or the reason why it cannot be encoded."""
    fast = PrefetchedTokenizer(tokenizer)
    for number, example in enumerate(fast.prefetched(examples)):
        name = str(example.meta.get("id", f"row {number}"))
        if not "".join(message.content for message in example.completion).strip():
            raise DataError(f"{name}: the completion is empty, so it carries no loss; leave it out")
        if special := holds_special_token(example.prompt + example.completion, fast):
            yield name, f"holds the special token {special} as text"
        else:
            yield name, encode(example, fast)


def _fitted(row: Encoded, max_tokens: int, over_length: OverLength) -> Encoded | str:
    """A row over length, cut; or the reason to drop it."""
    if over_length == "drop":
        return f"longer than max_tokens = {max_tokens}"
    if row.loss_from >= max_tokens:
        return f"its prompt alone fills max_tokens = {max_tokens}"
    return replace(row, ids=row.ids[:max_tokens], loss_to=min(row.loss_to, max_tokens))
