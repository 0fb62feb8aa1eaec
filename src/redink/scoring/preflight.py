"""What a scorer will be trained on, encoded once and counted before anything is spent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redink.errors import DataError
from redink.models.loading import control_tokens
from redink.records import Json
from redink.scoring.batches import EncodedRow
from redink.scoring.labelled import Labelled, LabelledRows
from redink.steps import StepEncoder
from redink.training.encoding import Encoded
from redink.training.lengths import percentile
from redink.training.preflight import Preflight


@dataclass(frozen=True)
class ScorerFlight:
    """The encoded responses and the counts of what became of the rows."""

    rows: tuple[EncodedRow, ...]
    steps: tuple[tuple[int, ...], ...]
    """For each of `rows` the solution steps (0-based) that its positions are the ends of."""
    rows_in: int
    dropped: dict[str, int]
    names: tuple[str, ...] = ()
    """The response that each of `rows` is, by its id."""

    def counts(self) -> Json:
        """The counts as they stand in `training.json` and `scorer.json`."""
        lengths = sorted(len(row.ids) for row in self.rows)
        targets = [target for row in self.rows for target in row.targets]
        return {
            "rows_in": self.rows_in,
            "rows_kept": len(self.rows),
            "dropped": self.dropped,
            "tokens": sum(lengths),
            "longest": lengths[-1],
            "p50": percentile(lengths, 0.5),
            "p95": percentile(lengths, 0.95),
            "loss_tokens": len(targets),
            "positive_share": round(sum(targets) / len(targets), 6),
        }

    def prefixes(self) -> list[Json]:
        """By prefix length (steps, the labelled one included): labels, and the share that is
        right, of soft labels their mean."""
        found: dict[int, list[float]] = {}
        for row, steps in zip(self.rows, self.steps, strict=True):
            for step, target in zip(steps, row.targets, strict=True):
                found.setdefault(step + 1, []).append(target)
        return [
            {"steps": steps, "labels": len(targets), "positive": sum(targets) / len(targets)}
            for steps, targets in sorted(found.items())
        ]

    def as_completions(self) -> Preflight:
        """The rows as a fine-tuning's, with as many positions with loss: what they will take is
        estimated by the same code."""
        rows = tuple(Encoded(row.ids, 1, 1 + len(row.positions)) for row in self.rows)
        return Preflight(rows, self.rows_in, self.dropped, None)


def scorer_flight(found: LabelledRows, tokenizer: Any, max_tokens: int) -> ScorerFlight:
    """Encodes every response once; drops and counts those that cannot be trained on.

    Args:
        found: responses with their labels.
        tokenizer: the base's.
        max_tokens: of a response with its prompt; longer ones are dropped, for a response that
            is cut has lost the steps that its labels are of.

    Raises DataError where nothing is left.
    """
    encoder, special = StepEncoder(tokenizer), tuple(control_tokens(tokenizer))
    rows, steps, names = [], [], []
    dropped = dict(found.dropped)
    for row in found.rows:
        outcome = _encoded(row, encoder, special, max_tokens)
        if isinstance(outcome, str):
            dropped[outcome] = dropped.get(outcome, 0) + 1
        else:
            rows.append(outcome)
            names.append(row.id)
            steps.append(tuple(i for i, target in enumerate(row.targets) if target is not None))
    if not rows:
        reasons = ", ".join(f"{count} {reason}" for reason, count in dropped.items()) or "no rows"
        raise DataError(f"nothing to fit ({reasons}); raise max_tokens or give more data")
    return ScorerFlight(tuple(rows), tuple(steps), found.rows_in, dropped, tuple(names))


def calibration_flight(found: LabelledRows, tokenizer: Any, max_tokens: int) -> ScorerFlight:
    """As `scorer_flight`, of the rows that the temperature is found with."""
    try:
        return scorer_flight(found, tokenizer, max_tokens)
    except DataError as error:
        raise DataError(f"the calibration table: {error}") from None


def _encoded(
    row: Labelled, encoder: StepEncoder, special: Sequence[str], max_tokens: int
) -> EncodedRow | str:
    texts = [row.text, *(message.content for message in row.messages)]
    held = next((token for token in special for text in texts if token in text), None)
    if held is not None:
        return f"holds the special token {held} as text"
    encoded = encoder.encode(row.messages, row.text)
    if len(encoded.ids) > max_tokens:
        return f"longer than max_tokens = {max_tokens}"
    labelled = [
        (end, target)
        for end, target in zip(encoded.ends, row.targets, strict=True)
        if target is not None
    ]
    return EncodedRow(encoded.ids, *(tuple(values) for values in zip(*labelled, strict=True)))
