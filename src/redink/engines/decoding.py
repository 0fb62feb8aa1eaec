"""Decoding one batch: greedy or sampled, rows leave as they finish."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from redink.engines.cache import block_cache
from redink.engines.engine import Sampling

KEEP_SHARE = 0.8
"""Finished rows are cut out once at most this share of the rows is still being written."""
NUCLEUS_FIRST = 64
"""Most likely tokens looked at before a whole vocabulary is sorted for top-p."""


@dataclass(frozen=True)
class Generated:
    """The new token ids of one row, end-of-turn included, and how it ended."""

    ids: list[int]
    finished: bool


@torch.inference_mode()
def decode(
    model: Any,
    prompts: Sequence[Sequence[int]],
    sampling: Sampling,
    stop_ids: Sequence[int],
    pad_id: int,
    seed: int,
) -> list[Generated]:
    """Continues every prompt (token ids) by at most `sampling.max_tokens` tokens.

    Prompts are padded on the left. The result depends on the arguments alone: `seed` seeds this
    batch's draws.
    """
    device = model.device
    tokens_R_T, mask_R_T = _pad_left(prompts, pad_id, device)
    stops = torch.tensor(list(stop_ids), device=device)
    generator = torch.Generator(device).manual_seed(seed)
    cache = block_cache(model.config)
    positions_R_T = (mask_R_T.cumsum(1) - 1).clamp(min=0)
    written: list[list[int]] = [[] for _ in prompts]
    ended = [False] * len(prompts)
    rows = list(range(len(prompts)))
    for count in range(1, sampling.max_tokens + 1):
        logits_R_V = model(
            input_ids=tokens_R_T,
            attention_mask=mask_R_T,
            position_ids=positions_R_T,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
        next_R = choose(logits_R_V, sampling, generator)
        stopped = torch.isin(next_R, stops).tolist()
        for row, token, stop in zip(rows, next_R.tolist(), stopped, strict=True):
            if not ended[row]:
                written[row].append(token)
                ended[row] = stop
        live = [place for place, row in enumerate(rows) if not ended[row]]
        if not live or count == sampling.max_tokens:
            break
        if len(live) <= KEEP_SHARE * len(rows):
            kept = torch.tensor(live, device=device)
            cache.batch_select_indices(kept)
            rows = [rows[place] for place in live]
            next_R, mask_R_T, positions_R_T = next_R[kept], mask_R_T[kept], positions_R_T[kept]
        tokens_R_T = next_R[:, None]
        mask_R_T = torch.cat([mask_R_T, mask_R_T.new_ones((len(rows), 1))], dim=1)
        positions_R_T = positions_R_T[:, -1:] + 1
    return [Generated(ids, end) for ids, end in zip(written, ended, strict=True)]


def choose(
    logits_R_V: torch.Tensor, sampling: Sampling, generator: torch.Generator
) -> torch.Tensor:
    """The next token of every row: the likeliest at temperature 0, else drawn from the nucleus."""
    if sampling.temperature == 0:
        return logits_R_V.argmax(dim=-1)
    scaled_R_V = logits_R_V.float() / sampling.temperature
    if sampling.top_p >= 1:
        return torch.multinomial(scaled_R_V.softmax(-1), 1, generator=generator)[:, 0]
    probabilities_R_K, ids_R_K = _nucleus(scaled_R_V, sampling.top_p)
    drawn_R_1 = torch.multinomial(probabilities_R_K, 1, generator=generator)
    return ids_R_K.gather(1, drawn_R_1)[:, 0]


def _nucleus(scaled_R_V: torch.Tensor, top_p: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Probabilities and ids of the likeliest tokens that together reach `top_p`, others at 0."""
    total_R_1 = scaled_R_V.logsumexp(-1, keepdim=True)
    size = scaled_R_V.shape[-1]
    for width in (min(NUCLEUS_FIRST, size), size):
        values_R_K, ids_R_K = scaled_R_V.topk(width, dim=-1)
        probabilities_R_K = (values_R_K - total_R_1).exp()
        reached_R_K = probabilities_R_K.cumsum(-1)
        if width == size or bool((reached_R_K[:, -1] >= top_p).all()):
            break
    before_R_K = reached_R_K - probabilities_R_K
    return probabilities_R_K.masked_fill(before_R_K >= top_p, 0.0), ids_R_K


def _pad_left(
    prompts: Sequence[Sequence[int]], pad_id: int, device: Any
) -> tuple[torch.Tensor, torch.Tensor]:
    longest = max(len(prompt) for prompt in prompts)
    tokens = [[pad_id] * (longest - len(p)) + list(p) for p in prompts]
    mask = [[0] * (longest - len(p)) + [1] * len(p) for p in prompts]
    return torch.tensor(tokens, device=device), torch.tensor(mask, device=device)
