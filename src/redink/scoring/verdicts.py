"""Log-probabilities of the last tokens of many sequences."""

from collections.abc import Sequence
from typing import Any

import torch

from redink.scoring.batches import EncodedRow, merged_rows, planned_batches, tensors
from redink.training.head import head_at


@torch.no_grad()
def token_log_probabilities(
    model: Any, sequences: Sequence[tuple[tuple[int, ...], int]], pad_id: int, limit: int
) -> list[float]:
    """For each sequence the log-probability of its tokens from a place on, given those before.

    What is read is computed once: sequences that differ in their last token alone share a pass.

    Args:
        model: a causal language model, in evaluation mode.
        sequences: token ids, and the index of the first token that counts (1 or more).
        pad_id: of the padding token.
        limit: padded tokens of a forward pass at most.
    """
    read: dict[tuple[tuple[int, ...], int], list[int]] = {}
    for number, (ids, start) in enumerate(sequences):
        read.setdefault((ids[:-1], start), []).append(number)
    contexts = list(read)
    found = [0.0] * len(sequences)
    for cut in planned_batches([len(ids) for ids, _ in contexts], limit):
        chosen = [contexts[place] for place in cut]
        rows = [EncodedRow(ids, tuple(range(start - 1, len(ids)))) for ids, start in chosen]
        counts = [len(row.positions) for row in rows]
        logs = iter(torch.split(_log_probabilities(model, rows, pad_id), counts))
        for context in chosen:
            logs_N_V = next(logs)
            for number in read[context]:
                ids, start = sequences[number]
                targets_N_1 = torch.tensor(ids[start:], device=logs_N_V.device)[:, None]
                found[number] = float(logs_N_V.gather(1, targets_N_1).sum())
    return found


def _log_probabilities(model: Any, rows: Sequence[EncodedRow], pad_id: int) -> torch.Tensor:
    """Log-probabilities behind the rows' positions, float32, shape (positions, vocabulary)."""
    batch = tensors(merged_rows(rows, pad_id))
    on_device = {name: values.to(model.device) for name, values in batch.items()}
    positions_N = on_device.pop("positions")
    del on_device["targets"]
    with head_at(model.get_output_embeddings(), positions_N):
        logits_1_N_V: torch.Tensor = model(**on_device, use_cache=False).logits
    return logits_1_N_V[0].float().log_softmax(-1)
