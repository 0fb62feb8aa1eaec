"""The next token of each row: the likeliest, or drawn with the row's own random numbers."""

import hashlib
import random
from collections.abc import Sequence

import torch

from redink.engines.engine import Sampling

NUCLEUS_FIRST = 64
"""Most likely tokens looked at before a whole vocabulary is sorted."""


def row_draws(seed: int, prompt: Sequence[int], sample: int) -> random.Random:
    """The random numbers of one completion, a function of the arguments alone."""
    content = f"{seed}\0{sample}\0{','.join(map(str, prompt))}".encode()
    return random.Random(int.from_bytes(hashlib.blake2b(content, digest_size=16).digest()))


def choose(
    logits_R_V: torch.Tensor, sampling: Sampling, draws: Sequence[random.Random]
) -> torch.Tensor:
    """The next token of every row (int64), from logits of any float type.

    At temperature 0 the likeliest. Else by inverse cumulative probability: the tokens in the order
    of falling probability, cut at the nucleus, and one number of the row's own `draws`. A row's
    token so depends on the other rows only as far as rounding changes its logits.
    """
    if sampling.temperature == 0:
        # On a CPU 4 times as fast as argmax: 1.3 ms for 64 rows of 49,152 bfloat16 logits.
        return logits_R_V.max(dim=-1).indices
    scaled_R_V = logits_R_V.float() / sampling.temperature
    uniform_R_1 = torch.tensor(
        [[draw.random()] for draw in draws], dtype=torch.float64, device=logits_R_V.device
    )
    width = min(NUCLEUS_FIRST, scaled_R_V.shape[-1])
    chosen_R, sure_R = _draw(scaled_R_V, sampling.top_p, uniform_R_1, width)
    unsure = (~sure_R).nonzero()[:, 0]
    if len(unsure):
        whole = scaled_R_V.shape[-1]
        chosen_R[unsure] = _draw(scaled_R_V[unsure], sampling.top_p, uniform_R_1[unsure], whole)[0]
    return chosen_R


def _draw(
    scaled_R_V: torch.Tensor, top_p: float, uniform_R_1: torch.Tensor, width: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens drawn among the `width` likeliest, and whether these were enough to know."""
    total_R_1 = scaled_R_V.logsumexp(-1, keepdim=True)
    values_R_K, ids_R_K = scaled_R_V.topk(width, dim=-1)
    reached_R_K = (values_R_K - total_R_1).exp().double().cumsum(-1)
    everything = width == scaled_R_V.shape[-1]
    if top_p < 1:
        cut_R_1 = (reached_R_K < top_p).sum(-1, keepdim=True)
        sure_R = cut_R_1[:, 0] < width
        mass_R_1 = reached_R_K.gather(1, cut_R_1.clamp(max=width - 1))
    else:
        mass_R_1 = reached_R_K[:, -1:] if everything else torch.ones_like(uniform_R_1)
        sure_R = (uniform_R_1 < reached_R_K[:, -1:])[:, 0]
    place_R_1 = torch.searchsorted(reached_R_K, uniform_R_1 * mass_R_1, right=True)
    chosen_R = ids_R_K.gather(1, place_R_1.clamp(max=width - 1))[:, 0]
    return chosen_R, sure_R | everything
