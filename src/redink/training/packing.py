"""Several documents in one row, with attention that never crosses a border.

documents   5 6 7 | 8 9          input_ids      5 6 7 8 9 0 0 ...   filled up to a bucket
                                 position_ids   0 1 2 0 1 0 1 ...   the filling is a document too
                                 borders        0 3 5 T             of the documents

Attention is computed for each document by itself, causally: nothing is masked away, so that
isolation needs no mask and costs nothing.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from transformers import AttentionInterface, AttentionMaskInterface

from redink.training.batches import BUCKET
from redink.training.encoding import IGNORED, Encoded

NAME = "redink_packed"
PACKABLE = frozenset({"llama", "mistral", "olmo2", "phi3", "qwen2", "qwen3"})
"""Model types whose tokens meet each other in attention alone; others (recurrent layers,
convolutions over the sequence) would leak across borders."""


def isolates(model: Any, longest: int) -> bool:
    """Whether documents of up to `longest` tokens stay apart in a packed row of `model`."""
    config = model.config
    window = getattr(config, "sliding_window", None)
    if getattr(config, "use_sliding_window", True) is False:
        window = None
    within = window is None or longest <= window
    return config.model_type in PACKABLE and within


@contextmanager
def packed_attention(model: Any) -> Iterator[None]:
    """Attention by document in `model` (one that `isolates`) while the block runs.

    Outside it the model attends as before, so that it can generate between steps.
    """
    AttentionInterface.register(NAME, attend_by_document)
    AttentionMaskInterface.register(NAME, no_mask)
    before = model.config._attn_implementation
    model.set_attn_implementation(NAME)
    try:
        yield
    finally:
        model.set_attn_implementation(before)


def pack(rows: Sequence[Encoded], pad_id: int) -> dict[str, list[Any]]:
    """One row of all documents: ids, labels, positions and borders.

    The first label of each document is never predicted: it carries no loss, for a completion
    follows a prompt.
    """
    ids = [token for row in rows for token in row.ids]
    labels = [label for row in rows for label in row.labels]
    positions = [place for row in rows for place in range(len(row.ids))]
    borders = [0]
    for row in rows:
        borders.append(borders[-1] + len(row.ids))
    filling = -len(ids) % BUCKET
    if filling:
        borders.append(borders[-1] + filling)
    return {
        "input_ids": [ids + [pad_id] * filling],
        "labels": [labels + [IGNORED] * filling],
        "position_ids": [positions + list(range(filling))],
        "borders": borders,
    }


def attend_by_document(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    borders: Sequence[int] = (),
    **others: Any,
) -> tuple[torch.Tensor, None]:
    """Causal attention within each document of one packed row.

    Args:
        module: the attention layer.
        query, key, value: (1, heads, T, head size); keys and values may have fewer heads.
        attention_mask: unused, there is none.
        dropout: share of attention weights that are dropped.
        scaling: of the products; by default one over the root of the head size.
        borders: 0, the end of each document, T.

    Returns (1, T, heads, head size) and None.
    """
    sizes = [end - start for start, end in pairwise(borders)]
    shared = key.shape[1] != query.shape[1]
    parts = [
        F.scaled_dot_product_attention(
            q, k, v, dropout_p=dropout, is_causal=True, scale=scaling, enable_gqa=shared
        )
        for q, k, v in zip(
            *(torch.split(tensor, sizes, 2) for tensor in (query, key, value)), strict=True
        )
    ]
    return torch.cat(parts, 2).transpose(1, 2).contiguous(), None


def no_mask(*args: Any, **kwargs: Any) -> None:
    """Attention by document needs no mask."""
