"""Log-probabilities of sampled tokens and the entropy of what they were drawn from."""

from typing import Any

import torch

from redink.training.head import POSITION_BUCKET, head_at
from redink.training.stepwise import plain_model

ROWS_AT_ONCE = 32
"""Positions whose softmax is computed at once."""


class _Scored(torch.autograd.Function):
    """logits (N, V) → log-probability of the targets and entropy (N each), at a temperature.

    Its gradient takes the place of the logits, as in `redink.training.head`: with x = logits / T,
    p = softmax(x), H = −Σ p·log p

        ∂ log p_t / ∂x = 1[t] − p        ∂H / ∂x = −p · (log p + H).
    """

    @staticmethod
    def forward(
        ctx: Any, logits_N_V: torch.Tensor, targets_N: torch.Tensor, temperature: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        kind = torch.promote_types(logits_N_V.dtype, torch.float32)
        sums, entropies = [], []
        for part in torch.split(logits_N_V, ROWS_AT_ONCE):
            scaled = part.to(kind) / temperature
            total = scaled.logsumexp(1, keepdim=True)
            logs = scaled.sub_(total)
            entropies.append(-(logs.exp() * logs).sum(1))
            sums.append(total[:, 0])
        logsum_N, entropy_N = torch.cat(sums), torch.cat(entropies)
        chosen_N = logits_N_V.gather(1, targets_N[:, None])[:, 0].to(kind) / temperature
        ctx.save_for_backward(logits_N_V, targets_N, logsum_N, entropy_N)
        ctx.temperature = temperature
        return chosen_N - logsum_N, entropy_N

    @staticmethod
    def backward(  # type: ignore[override]
        ctx: Any, of_logprob_N: torch.Tensor, of_entropy_N: torch.Tensor
    ) -> tuple[torch.Tensor, None, None]:
        logits_N_V, targets_N, logsum_N, entropy_N = ctx.saved_tensors
        for start in range(0, len(logits_N_V), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            logs = logits_N_V[rows].to(logsum_N.dtype) / ctx.temperature - logsum_N[rows, None]
            shares = logs.exp()
            by_entropy = of_entropy_N[rows, None]
            # −p·(g_H·(log p + H) + g_l), and g_l at the target.
            logs.add_(entropy_N[rows, None]).mul_(by_entropy).add_(of_logprob_N[rows, None])
            gradient = logs.mul_(shares).neg_()
            gradient.scatter_add_(1, targets_N[rows, None], of_logprob_N[rows, None])
            logits_N_V[rows] = gradient.div_(ctx.temperature)
        return logits_N_V, None, None


def score(
    logits_N_V: torch.Tensor, targets_N: torch.Tensor, temperature: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """The log-probabilities of `targets_N` and the entropies (N each, nats), at `temperature`.

    In float32, or float64 for logits of that type. The logits are of no use after a backward pass.
    """
    found: tuple[torch.Tensor, torch.Tensor] = _Scored.apply(  # type: ignore[no-untyped-call]
        logits_N_V, targets_N, temperature
    )
    return found


def sampled_logprobs(
    model: Any,
    plain: Any,
    input_ids_B_T: torch.Tensor,
    mask_B_T: torch.Tensor,
    completion_B_C: torch.Tensor,
    temperature: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-probability and entropy at each token of padded completions, 0 where there is none.

    The vocabulary is projected onto at the positions of completions alone: SmolLM2's has 49,152
    tokens, and prompts are half of what the model reads.

    Args:
        model: the policy, or the reference, as it is called (it may be wrapped).
        plain: the same unwrapped, to reach its output head.
        input_ids_B_T: prompts padded on the left, completions padded on the right.
        mask_B_T: 1 at their tokens.
        completion_B_C: 1 at the tokens of completions, the last C columns of T.
        temperature: of sampling.
    """
    rows_B_C, columns = completion_B_C.bool(), completion_B_C.shape[1]
    first = input_ids_B_T.shape[1] - columns
    places = rows_B_C.nonzero()
    flat_N = places[:, 0] * input_ids_B_T.shape[1] + places[:, 1] + first
    filling = -len(flat_N) % POSITION_BUCKET
    indices_N = torch.cat([flat_N - 1, flat_N.new_zeros(filling)])
    targets_N = torch.cat([input_ids_B_T.flatten()[flat_N], flat_N.new_zeros(filling)])
    positions_B_T = (mask_B_T.cumsum(1) - 1).clamp(min=0)
    with head_at(plain_model(plain).get_output_embeddings(), indices_N):
        logits_1_N_V = model(
            input_ids=input_ids_B_T,
            attention_mask=mask_B_T,
            position_ids=positions_B_T,
            use_cache=False,
        ).logits
    logprob_N, entropy_N = score(logits_1_N_V[0], targets_N, temperature)
    kept = len(flat_N)
    return _spread(logprob_N[:kept], rows_B_C), _spread(entropy_N[:kept], rows_B_C)


def _spread(values_N: torch.Tensor, places_B_C: torch.Tensor) -> torch.Tensor:
    return values_N.new_zeros(places_B_C.shape).masked_scatter(places_B_C, values_N)
