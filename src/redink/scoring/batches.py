"""Encoded responses, and how they become micro-batches of a scorer.

ids        q q s s \\n s s s \\n        positions   4 8
targets            1         0         of the steps that carry a label; one logit each
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from redink.training.batches import micro_batches, padded_length

if TYPE_CHECKING:
    import torch

PLANNED_TOGETHER = 256
"""Rows whose micro-batches are planned at once: planning takes time by their square."""


@dataclass(frozen=True)
class EncodedRow:
    """One response as token ids, and where its logits are read."""

    ids: tuple[int, ...]
    positions: tuple[int, ...]
    """Indices in `ids`, ascending."""
    targets: tuple[float, ...] = ()
    """What is learned at each of the positions; none where nothing is learned."""


def merged_rows(rows: Sequence[EncodedRow], pad_id: int) -> dict[str, list[Any]]:
    """Pads rows on the right to one bucketed length T.

    Returns `input_ids` and `attention_mask` (B x T), `positions` (flat indices into (B*T)) and
    `targets`, row after row.
    """
    length = padded_length(max(len(row.ids) for row in rows))
    batch: dict[str, list[Any]] = {
        "input_ids": [],
        "attention_mask": [],
        "positions": [],
        "targets": [],
    }
    for number, row in enumerate(rows):
        pad = length - len(row.ids)
        batch["input_ids"].append([*row.ids, *[pad_id] * pad])
        batch["attention_mask"].append([1] * len(row.ids) + [0] * pad)
        batch["positions"] += [number * length + position for position in row.positions]
        batch["targets"] += row.targets
    return batch


def tensors(batch: dict[str, list[Any]]) -> "dict[str, torch.Tensor]":
    """A merged micro-batch as tensors: targets float32, all else int64."""
    import torch

    return {
        name: torch.tensor(values, dtype=torch.float32 if name == "targets" else torch.long)
        for name, values in batch.items()
    }


def planned_batches(lengths: Sequence[int], limit: int) -> list[list[int]]:
    """As `micro_batches`, for any number of rows; returns indices into `lengths`.

    Args:
        lengths: tokens of each row.
        limit: padded tokens of a micro-batch at most.
    """
    order = sorted(range(len(lengths)), key=lambda index: (-lengths[index], index))
    cuts: list[list[int]] = []
    for start in range(0, len(order), PLANNED_TOGETHER):
        part = order[start : start + PLANNED_TOGETHER]
        found = micro_batches([lengths[index] for index in part], limit)
        cuts += [[part[place] for place in cut] for cut in found]
    return cuts
