"""A step's rollouts as PPO sees them: micro-batches, what was said of them, what is learned."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from redink.reinforcement.gae import advantages, token_rewards
from redink.reinforcement.importance import importance_weights
from redink.reinforcement.ppo_loss import token_weights
from redink.reinforcement.ppo_settings import PPO
from redink.reinforcement.sampling import Drawn
from redink.reinforcement.whitening import whitened
from redink.training.batches import collate, micro_batches
from redink.training.encoding import Encoded
from redink.training.head import loss_positions


@dataclass(frozen=True)
class MicroBatch:
    """Rollouts of similar length. Their new tokens stand one after the other, N of them with what
    fills up:

        rollout   0 0 0 2 2 2 2 2 5 5 _ _        lengths 3, 5, 2
    """

    places: tuple[int, ...]
    """The rollouts' places in the step."""
    lengths: tuple[int, ...]
    """New tokens of each."""
    inputs: dict[str, torch.Tensor]
    """Arguments of `PolicyWithValue.forward`."""

    @property
    def size(self) -> int:
        """N."""
        return len(self.inputs["targets_N"])

    def filled(self, values: Sequence[float]) -> torch.Tensor:
        """A float32 tensor of shape (N,) from one value for each new token; 0 fills up."""
        found_N = torch.zeros(self.size)
        found_N[: len(values)] = torch.tensor(values, dtype=torch.float32)
        return found_N.to(self.inputs["targets_N"].device)


@dataclass(frozen=True)
class Seen:
    """What the models said of one rollout's new tokens before the step's first update."""

    logprobs: list[float]
    values: list[float]
    reference: list[float]
    """Log-probabilities under the initial policy."""
    entropies: list[float]

    @property
    def divergence(self) -> list[float]:
        """Of each token: log policy − log initial policy, in nats (an unbiased estimate of KL)."""
        pairs = zip(self.logprobs, self.reference, strict=True)
        return [ours - theirs for ours, theirs in pairs]


@dataclass(frozen=True)
class EnginesView:
    """What drew the rollouts thinks of their tokens; see `redink.reinforcement.importance`."""

    logprobs: Sequence[Sequence[float]]
    """Of each rollout's new tokens."""
    cap: float
    """Of a token's weight."""


@dataclass(frozen=True)
class Lesson:
    """What one micro-batch teaches; every tensor is float32 of shape (N,)."""

    batch: MicroBatch
    old_logprobs_N: torch.Tensor
    old_values_N: torch.Tensor
    advantages_N: torch.Tensor
    """Whitened."""
    returns_N: torch.Tensor
    weights_N: torch.Tensor
    """Shares in the loss; 0 for what fills up and for rollouts without a reward."""
    importance_N: torch.Tensor | None = None
    """Weights in the policy's loss; None weighs all alike."""
    capped_N: torch.Tensor | None = None
    """1 where the cap holds such a weight."""


def cut(drawn: Sequence[Drawn], pad_id: int, limit: int, device: torch.device) -> list[MicroBatch]:
    """A step's rollouts in micro-batches of at most `limit` padded tokens.

    Args:
        drawn: each with at least one new token.
        pad_id: of the padding token.
        limit: see `redink.training.batches.micro_batches`.
        device: of the tensors.
    """
    rows = [
        Encoded((*one.prompt_ids, *one.ids), len(one.prompt_ids), len(one.prompt_ids + one.ids))
        for one in drawn
    ]
    found = []
    for places in micro_batches([len(row.ids) for row in rows], limit):
        merged = collate([rows[place] for place in places], pad_id)
        tensors = {name: torch.tensor(values, device=device) for name, values in merged.items()}
        indices_N, targets_N = loss_positions(tensors.pop("labels"))
        inputs = tensors | {"indices_N": indices_N, "targets_N": targets_N}
        found.append(MicroBatch(tuple(places), tuple(len(drawn[p].ids) for p in places), inputs))
    return found


def lessons(
    batches: Sequence[MicroBatch],
    seen: Sequence[Seen],
    rewards: Sequence[float | None],
    sequences: int,
    ppo: PPO,
    drawn_by: EnginesView | None = None,
) -> tuple[list[Lesson], list[list[float]]]:
    """What a step teaches: advantages by GAE over rewards and divergence, whitened globally.

    Every process that trains must call it.

    Args:
        batches: of this process's rollouts.
        seen: of each rollout.
        rewards: of each rollout, penalties in them; None is not learned from.
        sequences: rollouts with a reward, of all processes.
        ppo: the settings.
        drawn_by: what the policy's loss weighs tokens by; None weighs none.

    Returns a lesson for each micro-batch, and each rollout's advantages before whitening.
    """
    raw = [
        advantages(token_rewards(one.divergence, reward, ppo.beta), one.values, ppo.gamma, ppo.lam)
        for one, reward in zip(seen, rewards, strict=True)
    ]
    order = [place for batch in batches for place in batch.places]
    flat = torch.tensor([value for place in order for value in raw[place]], dtype=torch.float64)
    counts = torch.tensor([rewards[p] is not None for p in order for _ in raw[p]], dtype=torch.bool)
    white = whitened(flat, counts).tolist()
    found, start = [], 0
    for batch in batches:
        end = start + sum(batch.lengths)
        lesson = _lesson(batch, seen, raw, white[start:end], rewards, sequences)
        found.append(lesson if drawn_by is None else _weighed(lesson, drawn_by))
        start = end
    return found, raw


def _lesson(
    batch: MicroBatch,
    seen: Sequence[Seen],
    raw: Sequence[Sequence[float]],
    white: Sequence[float],
    rewards: Sequence[float | None],
    sequences: int,
) -> Lesson:
    places = batch.places
    kept = [rewards[place] is not None for place in places]
    values = [value for place in places for value in seen[place].values]
    gained = [value for place in places for value in raw[place]]
    return Lesson(
        batch=batch,
        old_logprobs_N=batch.filled([p for place in places for p in seen[place].logprobs]),
        old_values_N=batch.filled(values),
        advantages_N=batch.filled(white),
        returns_N=batch.filled([v + a for v, a in zip(values, gained, strict=True)]),
        weights_N=batch.filled(token_weights(batch.lengths, kept, sequences)),
    )


def _weighed(lesson: Lesson, drawn_by: EnginesView) -> Lesson:
    batch = lesson.batch
    engine_N = batch.filled([p for place in batch.places for p in drawn_by.logprobs[place]])
    weights_N, capped_N = importance_weights(lesson.old_logprobs_N, engine_N, drawn_by.cap)
    return replace(lesson, importance_N=weights_N, capped_N=capped_N.float())
