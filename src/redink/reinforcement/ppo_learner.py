"""PPO's forward and backward passes: what the models say of rollouts, and the updates."""

from collections.abc import Sequence
from contextlib import nullcontext
from copy import deepcopy
from typing import Any

import torch

from redink.records import Json
from redink.reinforcement.experience import Lesson, MicroBatch, Seen
from redink.reinforcement.ppo_loss import clipped_share, policy_losses, value_losses
from redink.reinforcement.ppo_settings import PPO
from redink.reinforcement.value_head import PolicyWithValue, chosen_by
from redink.training.tracking import NOWHERE, Tracking

_GRADIENT_NORM = 1.0
_FIGURES = ("loss", "policy_loss", "value_loss", "clipped", "moved")


class PPOLearner:
    """The policy with its value head, the initial policy, the optimizer.

    All passes are without dropout: a model in evaluation mode gives the sampled tokens the same
    probability each time, so that the ratio of the first update is 1.

    Args:
        policy: to be trained, with adapters or without; float32.
        ppo: the settings.
        temperature: at which rollouts are drawn.
        precision: of matrix products: `bf16` (autocast) or `fp32`.
        tracking: what is told of each step, by accelerate's own trackers.
    """

    def __init__(
        self,
        policy: Any,
        ppo: PPO,
        temperature: float,
        precision: str,
        tracking: Tracking = NOWHERE,
    ) -> None:
        from accelerate import Accelerator, DistributedDataParallelKwargs
        from accelerate.state import AcceleratorState

        self.ppo, self.temperature = ppo, temperature
        self.model = PolicyWithValue(policy.eval()).eval()
        # Adapters are taken off to ask for the initial policy: no second copy of the weights.
        self.initial = None if hasattr(policy, "disable_adapter") else _frozen(policy)
        self.optimizer = _optimizer(self.model, ppo)
        self.scheduler = _scheduler(self.optimizer, ppo)
        # A training before this one in the process may have had another precision.
        AcceleratorState._reset_state()
        self.accelerator = Accelerator(
            cpu=policy.device.type != "cuda",
            mixed_precision="bf16" if precision == "bf16" else "no",
            log_with=list(tracking.trackers) or None,
            project_dir=str(tracking.logs) if tracking.logs else None,
            kwargs_handlers=[DistributedDataParallelKwargs(broadcast_buffers=False)],
        )
        self.wrapped = self.accelerator.prepare_model(self.model)

    @property
    def policy(self) -> Any:
        """The model in training, without the value head."""
        return self.model.policy

    @torch.no_grad()
    def judge(self, batches: Sequence[MicroBatch]) -> list[Seen]:
        """What policy, value head and initial policy say of each rollout's new tokens."""
        found: dict[int, Seen] = {}
        with self.accelerator.autocast():
            for batch in batches:
                judged = self.model(**batch.inputs, temperature=self.temperature)
                columns = (
                    judged.logprobs_N, judged.values_N, self._reference(batch), judged.entropies_N
                )  # fmt: skip
                split = [_split(column_N, batch.lengths) for column_N in columns]
                found |= {p: Seen(*each) for p, *each in zip(batch.places, *split, strict=True)}
        return [found[place] for place in range(len(found))]

    def _reference(self, batch: MicroBatch) -> torch.Tensor:
        if self.initial is not None:
            return chosen_by(self.initial, **batch.inputs, temperature=self.temperature)
        with self.policy.disable_adapter():
            return chosen_by(self.policy, **batch.inputs, temperature=self.temperature)

    def update(self, taught: Sequence[Lesson]) -> Json:
        """`ppo_epochs` optimizer steps on a step's rollouts.

        Every process that trains must call it, with at least one lesson.

        Returns means over those steps: `loss`, `policy_loss`, `value_loss`, `clipped` (share of
        tokens whose gradient the clip ends), `moved` (mean of old less new log-probability),
        `grad_norm` before clipping, the last `learning_rate`; where tokens are weighed,
        `importance` (their mean weight) and `capped` (share whose weight the cap holds).
        """
        rows = [self._epoch(taught) for _ in range(self.ppo.ppo_epochs)]
        figures: Json = {name: sum(r[name] for r in rows) / len(rows) for name in rows[0]}
        return figures | self._importance(taught) | {"learning_rate": self._rate}

    @property
    def _rate(self) -> float:
        return float(self.scheduler.get_last_lr()[0])

    def _importance(self, taught: Sequence[Lesson]) -> Json:
        """Means over all processes of what tokens are weighed by."""
        shares = [
            torch.stack(
                [(one.importance_N * one.weights_N).sum(), (one.capped_N * one.weights_N).sum()]
            )
            for one in taught
            if one.importance_N is not None and one.capped_N is not None
        ]
        if not shares:
            return {}
        sums = self.accelerator.reduce(torch.stack(shares).double().sum(0), "sum")
        return dict(zip(("importance", "capped"), sums.tolist(), strict=True))

    def _epoch(self, taught: Sequence[Lesson]) -> dict[str, float]:
        """One optimizer step on all of a step's rollouts."""
        self.optimizer.zero_grad(set_to_none=True)
        totals = torch.zeros(len(_FIGURES), dtype=torch.float64, device=self.accelerator.device)
        # The outer autocast keeps the weights' bfloat16 copies for all micro-batches.
        with self.accelerator.autocast():
            for place, lesson in enumerate(taught):
                last = place == len(taught) - 1
                with nullcontext() if last else self.accelerator.no_sync(self.wrapped):
                    totals += self._backward(lesson)
        norm = self.accelerator.clip_grad_norm_(self.wrapped.parameters(), _GRADIENT_NORM)
        self.optimizer.step()
        self.scheduler.step()
        sums = self.accelerator.reduce(totals, "sum").tolist()
        return dict(zip(_FIGURES, sums, strict=True)) | {"grad_norm": float(norm)}

    def _backward(self, lesson: Lesson) -> torch.Tensor:
        """Adds a micro-batch's gradients; returns its shares of the figures."""
        ppo, weights_N = self.ppo, lesson.weights_N
        judged = self.wrapped(**lesson.batch.inputs, temperature=self.temperature)
        with torch.autocast(self.accelerator.device.type, enabled=False):
            policy_N = policy_losses(
                judged.logprobs_N, lesson.old_logprobs_N, lesson.advantages_N,
                ppo.clip_low, ppo.clip_high,
            )  # fmt: skip
            if lesson.importance_N is not None:
                policy_N = policy_N * lesson.importance_N
            value_N = value_losses(
                judged.values_N, lesson.old_values_N, lesson.returns_N, ppo.value_clip
            )
            policy, value = (policy_N * weights_N).sum(), (value_N * weights_N).sum()
            loss = policy + ppo.value_coefficient * value
            # Gradients are averaged over the processes; the weights are shares of all of them.
            self.accelerator.backward(loss * self.accelerator.num_processes)
        moved_N = lesson.old_logprobs_N - judged.logprobs_N.detach()
        clipped_N = clipped_share(
            (-moved_N).exp(), lesson.advantages_N, ppo.clip_low, ppo.clip_high
        )
        shares = [loss, policy, value, (clipped_N * weights_N).sum(), (moved_N * weights_N).sum()]
        return torch.stack([share.detach().double() for share in shares])


def _split(column_N: torch.Tensor, lengths: Sequence[int]) -> list[list[float]]:
    """One list for each rollout."""
    flat: list[float] = column_N[: sum(lengths)].tolist()
    found, start = [], 0
    for length in lengths:
        found.append(flat[start : start + length])
        start += length
    return found


def _frozen(policy: Any) -> Any:
    """A copy that stays as the policy is now, in the same precision, so that their divergence
    begins at exactly 0."""
    return deepcopy(policy).eval().requires_grad_(False)


def _optimizer(model: PolicyWithValue, ppo: PPO) -> torch.optim.AdamW:
    """AdamW with decay on matrices alone; the value head may have a rate of its own."""
    head = {id(weight) for weight in model.value_head.parameters()}
    groups: dict[tuple[bool, bool], list[torch.nn.Parameter]] = {}
    for weight in model.parameters():
        if weight.requires_grad:
            groups.setdefault((id(weight) in head, weight.dim() >= 2), []).append(weight)
    own = ppo.learning_rate if ppo.value_learning_rate is None else ppo.value_learning_rate
    rows: list[dict[str, Any]] = [
        {
            "params": weights,
            "lr": own if of_head else ppo.learning_rate,
            "weight_decay": ppo.weight_decay if decays else 0.0,
        }
        for (of_head, decays), weights in groups.items()
    ]
    return torch.optim.AdamW(rows, lr=ppo.learning_rate, fused=True)


def _scheduler(optimizer: torch.optim.Optimizer, ppo: PPO) -> Any:
    """Constant rates after the warm-up, as ReFT's code has it."""
    from transformers import get_constant_schedule_with_warmup

    updates = ppo.steps * ppo.ppo_epochs
    return get_constant_schedule_with_warmup(optimizer, round(ppo.warmup_ratio * updates))
