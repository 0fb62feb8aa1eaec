"""What the engine that drew a token and the policy that is trained on it think of it apart.

An engine of another build gives the same weights slightly other probabilities. Truncated importance
sampling by token (Yao et al. 2025, "Your Efficient RL Framework Secretly Brings You Off-Policy RL
Training") weighs each drawn token by

    w = min(policy's probability / engine's probability, cap).

It corrects each token given those before it, and not how likely these were. Never by sample: the
product over a sample's tokens grows with its length, so that long samples would be cut off or
drowned whatever was drawn. Never for truncated draws (`top_p`, `top_k`, `min_p`): the engine's
probabilities are then of what was kept, and every ratio is too small by the mass that was cut.
"""

import math

import torch

from redink.errors import ModelError
from redink.records import Json

FAR = 0.2
"""Nats per token by which no engine's rounding is off; a bfloat16 copy was off by 0.002 to 0.007 on
SmolLM2-135M, an engine that kept part of the weights of before by up to 0.3."""


def importance_weights(
    policy: torch.Tensor, engine: torch.Tensor, cap: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """The weights of drawn tokens, without gradient, and which of them the cap holds.

    Args:
        policy: log-probabilities by the policy as it was when they were drawn, in the precision of
            training, at the temperature of sampling.
        engine: of the same tokens by the engine that drew them, at the same temperature, of the
            whole vocabulary.
        cap: largest weight.
    """
    apart = policy.detach().double() - engine.double()
    limit = math.log(cap)
    return apart.clamp(max=limit).exp().to(policy.dtype), apart > limit


def weighed(logprobs: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """`logprobs` with their gradients times `weights`; the values stay.

    A loss of the ratio of a whole sample (RLOO's) so gets each token's part of its gradient times
    that token's weight, while what is clipped is decided by the policy's own ratio.
    """
    still = logprobs.detach()
    return still + weights * (logprobs - still)


def require_near(figures: Json) -> None:
    """Raises ModelError where a step's engine cannot have had the policy's weights.

    Args:
        figures: the step's, with `sampler_gap` and, where tokens were weighed, `importance`.
    """
    gap = figures.get("sampler_gap")
    if gap is None or "importance" not in figures or gap <= FAR:
        return
    raise ModelError(
        f"step {figures['step']}: the engine's log-probabilities are {gap:.2f} nats per token from "
        "the policy's, more than rounding explains: it has drawn with other weights; choose "
        "engine: transformers, or another version of vLLM"
    )
