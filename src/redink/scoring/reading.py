"""The logits of many responses in few forward passes."""

from collections.abc import Sequence
from typing import Any

import torch

from redink.scoring.batches import EncodedRow, merged_rows, planned_batches, tensors
from redink.scoring.model import logits_at


@torch.no_grad()
def read_logits(
    model: Any, rows: Sequence[EncodedRow], pad_id: int, limit: int
) -> list[list[float]]:
    """Each row's logits at its positions.

    Tokens see only those before them: one pass over a response gives the logit of each prefix.

    Args:
        model: a token classifier with one logit, in evaluation mode.
        rows: encoded responses; one without positions is not computed.
        pad_id: of the padding token.
        limit: padded tokens of a micro-batch at most.
    """
    found: list[list[float]] = [[] for _ in rows]
    asked = [number for number, row in enumerate(rows) if row.positions]
    for cut in planned_batches([len(rows[number].ids) for number in asked], limit):
        numbers = [asked[place] for place in cut]
        batch = tensors(merged_rows([rows[number] for number in numbers], pad_id))
        on_device = {name: values.to(model.device) for name, values in batch.items()}
        logits: list[float] = logits_at(model, on_device).tolist()
        start = 0
        for number in numbers:
            count = len(rows[number].positions)
            found[number] = logits[start : start + count]
            start += count
    return found
