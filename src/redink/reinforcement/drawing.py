"""How rollouts are drawn, token by token, and with which probability each token was."""

import hashlib
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from redink.engines.drawing import NUCLEUS_FIRST
from redink.engines.engine import Sampling


@dataclass(frozen=True)
class Drawing:
    """How rollouts are drawn from the policy."""

    temperature: float = 1.0
    """Above 0; the policy's log-probabilities, KL and entropy are taken at it too."""
    top_p: float = 1.0
    top_k: int = 0
    """Likeliest tokens to draw from; 0 draws from all."""
    min_p: float = 0.0
    """Tokens below this share of the likeliest one's probability are not drawn."""
    max_tokens: int = 256
    """New tokens of a rollout at most."""
    seed: int = 0
    prompt: str = "plain"
    """How problems are put, a name in `redink.prompts`."""

    @property
    def truncates(self) -> bool:
        """Whether some tokens cannot be drawn, so that rollouts are not quite the policy's own."""
        return self.top_p < 1 or self.top_k > 0 or self.min_p > 0


class RolloutDraws(random.Random):
    """The random numbers of one rollout, and the log-probability of each token it drew.

    A function of the arguments alone: a training that is gone on with draws what it would have.

    Args:
        seed: of the training.
        step: optimizer step, from 1.
        prompt: token ids.
        sample: index among the prompt's rollouts of this step.
    """

    def __init__(self, seed: int, step: int, prompt: Sequence[int], sample: int) -> None:
        content = f"{seed}\0{step}\0{sample}\0{','.join(map(str, prompt))}".encode()
        digest = hashlib.blake2b(content, digest_size=16).digest()
        super().__init__(int.from_bytes(digest))
        self.logprobs: list[float] = []
        """Natural logarithms, at the temperature and before any truncation."""

    def __new__(cls, *args: object) -> "RolloutDraws":
        """`random.Random` would take the arguments for a seed."""
        return super().__new__(cls)


class PolicyPicker:
    """Draws the next token of each row and notes its log-probability with the row's draws.

    As `redink.engines.drawing.choose`, with `top_k` and `min_p`: the tokens in the order of falling
    probability, cut, and one number of the row's own.
    """

    def __init__(self, drawing: Drawing) -> None:
        self.drawing = drawing
        self.width = max(NUCLEUS_FIRST, drawing.top_k)

    def __call__(
        self, logits_R_V: torch.Tensor, sampling: Sampling, draws: Sequence[random.Random]
    ) -> torch.Tensor:
        """The next tokens (int64) of rows whose `draws` are `RolloutDraws`."""
        scaled_R_V = logits_R_V.float() / self.drawing.temperature
        uniform_R_1 = torch.tensor(
            [[draw.random()] for draw in draws], dtype=torch.float64, device=logits_R_V.device
        )
        whole = scaled_R_V.shape[-1]
        found = self._draw(scaled_R_V, uniform_R_1, min(self.width, whole))
        tokens_R, logprobs_R, sure_R = found
        unsure = (~sure_R).nonzero()[:, 0]
        if len(unsure):
            again = self._draw(scaled_R_V[unsure], uniform_R_1[unsure], whole)
            tokens_R[unsure], logprobs_R[unsure] = again[:2]
        for draw, logprob in zip(draws, logprobs_R.tolist(), strict=True):
            if isinstance(draw, RolloutDraws):
                draw.logprobs.append(logprob)
        return tokens_R

    def _draw(
        self, scaled_R_V: torch.Tensor, uniform_R_1: torch.Tensor, width: int
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Tokens drawn among the `width` likeliest, their log-probabilities, and whether these
        were enough to know."""
        everything = width == scaled_R_V.shape[-1]
        values_R_K, ids_R_K = scaled_R_V.topk(width, dim=-1)
        logprobs_R_K = values_R_K - scaled_R_V.logsumexp(-1, keepdim=True)
        reached_R_K = logprobs_R_K.exp().double().cumsum(-1)
        kept_R, sure_R = self._kept(logprobs_R_K, reached_R_K, everything)
        last_R_1 = (kept_R - 1)[:, None]
        mass_R_1 = reached_R_K.gather(1, last_R_1)
        if not self.drawing.truncates and not everything:
            sure_R = (uniform_R_1 < reached_R_K[:, -1:])[:, 0]
            mass_R_1 = torch.ones_like(uniform_R_1)
        place_R_1 = torch.searchsorted(reached_R_K, uniform_R_1 * mass_R_1, right=True)
        place_R_1 = torch.minimum(place_R_1, last_R_1)
        return (
            ids_R_K.gather(1, place_R_1)[:, 0],
            logprobs_R_K.gather(1, place_R_1)[:, 0],
            sure_R,
        )

    def _kept(
        self, logprobs_R_K: torch.Tensor, reached_R_K: torch.Tensor, everything: bool
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """How many of the sorted tokens may be drawn, and whether that is sure."""
        rows, width = logprobs_R_K.shape
        kept_R = torch.full((rows,), width, dtype=torch.int64, device=logprobs_R_K.device)
        sure_R = torch.full((rows,), everything, device=logprobs_R_K.device)
        total: torch.Tensor | float = 1.0
        if self.drawing.top_k:
            kept_R.clamp_(max=self.drawing.top_k)
            sure_R[:] = True
            total = reached_R_K.gather(1, (kept_R - 1)[:, None])
        if self.drawing.min_p:
            likely = logprobs_R_K >= logprobs_R_K[:, :1] + math.log(self.drawing.min_p)
            sure_R |= likely.sum(-1) < width
            kept_R = torch.minimum(kept_R, likely.sum(-1))
        if self.drawing.top_p < 1:
            before_R = (reached_R_K < self.drawing.top_p * total).sum(-1)
            sure_R |= before_R < width
            kept_R = torch.minimum(kept_R, before_R + 1)
        return kept_R.clamp(min=1, max=width), sure_R
