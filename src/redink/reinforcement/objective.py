"""Policy-gradient steps on TRL's trainers: redink's rollouts, rewards, micro-batches; their loss.

What is TRL's: the loss of a batch of rollouts (clipped ratios, RLOO's by sequence, GRPO's by token
with its KL term), the configuration, and transformers' optimizer, schedule, checkpoints. What takes
the place of TRL's, and why:

- sampling: `redink.reinforcement.sampling`; transformers' `generate`, which TRL calls, pads all
  rows to the longest and keeps finished ones in the batch;
- rewards and advantages (`redink.reinforcement.advantages`), for the penalty after normalisation,
  the choice among samples and dynamic sampling; where these are off the numbers are TRL's;
- log-probabilities: TRL 1.16 projects every position onto the vocabulary on a CPU, this the
  completions' alone;
- micro-batches of like length instead of gradient accumulation over rows in random order;
- the pass for the old log-probabilities, left out where each rollout is trained on once: they are
  those of the policy itself, the ratio is 1, and truncated sampling is no concern of it.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from transformers import Trainer

from redink.records import Json
from redink.reinforcement.advantages import Baseline, advantages_of
from redink.reinforcement.alone import Alone
from redink.reinforcement.collecting import Collector, together
from redink.reinforcement.importance import importance_weights, require_near, weighed
from redink.reinforcement.logprobs import sampled_logprobs
from redink.reinforcement.moving_reference import Reference
from redink.reinforcement.rollouts import LoggedRollout, figures_of
from redink.reinforcement.rows import Batch, Row, batches_of, share
from redink.reinforcement.step_lines import figures_beside, lines_of
from redink.rewards import PenaltyForm
from redink.training.batches import largest_micro_batch
from redink.training.stepwise import StepTrainer


@dataclass(frozen=True)
class Goal:
    """What the policy is moved by, besides TRL's own configuration."""

    baseline: Baseline = "leave-one-out"
    beta: float = 0.0
    """Weight of the divergence from the reference."""
    kl_in_reward: bool = True
    """RLOO takes it off the reward; GRPO's loss has a term of its own."""
    entropy: float = 0.0
    """Weight of the mean entropy per token in the objective, in nats (T1's bonus)."""
    temperature: float = 1.0
    penalty: float = -1.0
    penalty_form: PenaltyForm = "replace"
    updates: int = 1
    """Optimizer steps on each step's rollouts."""
    micro_batch_tokens: int | None = None
    importance_cap: float | None = None
    """Largest weight of a drawn token; None weighs none."""


class PolicyTrainer(StepTrainer):
    """What RLOO's and GRPO's trainers share; to stand before TRL's among a class's bases."""

    accelerator: Any
    collector: Collector
    reference: Reference | None
    goal: Goal
    model_name = "student"

    def prepare(self, collector: Collector, reference: Reference | None, goal: Goal) -> None:
        """Is called once, before training."""
        self.collector, self.reference, self.goal = collector, reference, goal
        # GRPO's loss has the term for the divergence where its trainer's beta says so; TRL was
        # told 0, or it would have loaded a reference of its own.
        self.beta = 0.0 if goal.kl_in_reward else goal.beta
        self.current_gradient_accumulation_steps = 1
        self.rows: list[Row] = []
        self.batches: list[Batch] = []
        self.finished: tuple[list[LoggedRollout], Json] | None = None
        """The step that has just ended, for the log; in every process."""

    def get_train_dataloader(self) -> Any:
        """A row of nothing for every optimizer step: problems come from the collector."""
        return Trainer.get_train_dataloader(self)

    def _get_train_sampler(self, *args: Any) -> Any:
        return Trainer._get_train_sampler(self, *args)

    def _prepare_inputs(self, inputs: Any) -> Any:
        return Trainer._prepare_inputs(self, inputs)

    def log(self, logs: dict[str, float], *args: Any) -> None:
        """What transformers logs; the figures of the rollouts are in `steps.jsonl`."""
        self._metrics["train"].clear()
        Trainer.log(self, logs, *args)

    def training_step(
        self, model: torch.nn.Module, inputs: Any, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """One optimizer step; the first of several on the same rollouts draws them."""
        if self.state.global_step % self.goal.updates == 0:
            self._begin(model)
        began = time.monotonic()
        micro_batches = [batch.inputs for batch in self.batches]
        rows = torch.tensor([sum(len(batch.rows) for batch in self.batches)])
        loss = super().training_step(
            model, {"micro_batches": micro_batches, "loss_tokens": rows}, num_items_in_batch
        )
        self.seconds["training"] += time.monotonic() - began
        if (self.state.global_step + 1) % self.goal.updates == 0:
            self._end()
        return loss

    def _begin(self, model: torch.nn.Module) -> None:
        """Draws the rollouts of a step and finds what each is to be trained with."""
        model.train()
        self.step = self.state.global_step // self.goal.updates + 1
        self.began = time.monotonic()
        self.seconds = {"training": 0.0}
        plain = self.accelerator.unwrap_model(model)
        if hasattr(self.collector.sampler, "refresh"):
            self.collector.sampler.refresh(plain)
        self.collected = self.collector.collect(self.step)
        samples = self.collected.samples
        self.rows = [Row(index, sample.drawn) for index, sample in enumerate(samples)]
        limit = self.goal.micro_batch_tokens or largest_micro_batch(self.args.device.type)
        pad_id = self._tokenizer.pad_token_id
        mine = share(self.rows)
        self.batches = batches_of(mine, limit, pad_id)
        began = time.monotonic()
        self._look_back(model)
        self.seconds["references"] = time.monotonic() - began
        self._give_advantages()
        # Every process has a part in the exchange of gradients, one without rows too.
        self.batches = self.batches or [Batch.idle(pad_id)]
        for batch in self.batches:
            batch.fill(
                self.args.device,
                self._tokens_per_row(),
                ratios=self.goal.updates > 1,
                weighed=self.goal.importance_cap is not None,
            )

    def _tokens_per_row(self) -> float:
        return sum(len(row.drawn.ids) for row in self.rows) / len(self.rows)

    @torch.no_grad()
    def _look_back(self, model: torch.nn.Module) -> None:
        """Log-probabilities of what was drawn, by the policy as it is and by the reference."""
        goal = self.goal
        if goal.updates > 1 or (goal.beta and goal.kl_in_reward):
            # Unwrapped: DDP would exchange buffers, and processes have unequal numbers of batches.
            plain = self.accelerator.unwrap_model(model)
            with self.accelerator.autocast():
                for batch in self.batches:
                    batch.old_B_C = self._score(plain, batch.on(self.args.device))[0]
        if goal.beta and self.reference is not None:
            reference = self.reference.model
            with self.accelerator.autocast():
                for batch in self.batches:
                    batch.reference_B_C = self._score(reference, batch.on(self.args.device))[0]

    def _score(self, plain: Any, inputs: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
        ids_B_T = torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], dim=1)
        mask_B_T = torch.cat([inputs["prompt_mask"], inputs["completion_mask"]], dim=1)
        completion_B_C = inputs["completion_mask"]
        return sampled_logprobs(
            plain, plain, ids_B_T, mask_B_T, completion_B_C, self.goal.temperature
        )

    def _give_advantages(self) -> None:
        goal, groups = self.goal, self.collected.groups
        divergences: list[list[float]] | None = None
        if goal.beta and goal.kl_in_reward:
            mine = [found for batch in self.batches for found in batch.divergences()]
            for index, divergence in together(mine):
                self.rows[index].divergence = divergence
            flat = iter(self.rows)
            divergences = [[next(flat).divergence or 0.0 for _ in group] for group in groups]
        found = advantages_of(
            [[sample.marked for sample in group] for group in groups],
            divergences,
            baseline=goal.baseline,
            beta=goal.beta if goal.kl_in_reward else 0.0,
            penalty=goal.penalty,
            penalty_form=goal.penalty_form,
        )
        values = [value for group in found for value in group]
        for row, value in zip(self.rows, values, strict=True):
            row.advantage = value

    def _get_per_token_logps_and_entropies(
        self,
        model: Any,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        logits_to_keep: int,
        *args: Any,
        **kwargs: Any,
    ) -> tuple[torch.Tensor, torch.Tensor, None]:
        """Takes the place of TRL's: completions alone meet the vocabulary."""
        plain = self.accelerator.unwrap_model(model)
        batch = self._batch
        mask_B_C = batch["completion_mask"]
        with self.accelerator.autocast():
            logprobs_B_C, entropies_B_C = sampled_logprobs(
                model, plain, input_ids, attention_mask, mask_B_C, self.goal.temperature
            )
        self._entropy = (entropies_B_C * mask_B_C).sum()
        # Trained on once, what was drawn is the policy's own: RLOO's ratio is 1, as GRPO's is
        # where it finds no old log-probabilities.
        batch.setdefault("old_logps", (logprobs_B_C.detach() * mask_B_C).sum(1))
        if self.goal.importance_cap is not None:
            logprobs_B_C = self._corrected(batch, logprobs_B_C, self.goal.importance_cap)
        if self.state.global_step % self.goal.updates == 0:
            self._note(batch, logprobs_B_C.detach(), entropies_B_C.detach())
        return logprobs_B_C, entropies_B_C, None

    def _corrected(
        self, batch: dict[str, Any], logprobs_B_C: torch.Tensor, cap: float
    ) -> torch.Tensor:
        """Finds the tokens' importance weights, and what TRL's loss is to be given with them."""
        before_B_C = batch.get("old_per_token_logps", logprobs_B_C.detach())
        weights_B_C, capped_B_C = importance_weights(before_B_C, batch["engine_logps"], cap)
        batch["importance_sampling_ratio"], batch["capped"] = weights_B_C, capped_B_C
        return self._weighed(logprobs_B_C, weights_B_C)

    def _weighed(self, logprobs_B_C: torch.Tensor, weights_B_C: torch.Tensor) -> torch.Tensor:
        """The log-probabilities with what a loss that knows no weights needs of them."""
        return weighed(logprobs_B_C, weights_B_C)

    def _note(
        self, batch: dict[str, Any], logprobs_B_C: torch.Tensor, entropies_B_C: torch.Tensor
    ) -> None:
        """Keeps what the log tells of each row."""
        mask_B_C = batch["completion_mask"]
        counts = mask_B_C.sum(1).clamp(min=1)
        entropies = ((entropies_B_C * mask_B_C).sum(1) / counts).tolist()
        means = ((logprobs_B_C * mask_B_C).sum(1) / counts).tolist()
        for index, entropy, mean in zip(batch["index"].tolist(), entropies, means, strict=True):
            if index >= 0:
                self.rows[index].entropy, self.rows[index].logprob = entropy, mean
        for name, key in (("importance", "importance_sampling_ratio"), ("capped", "capped")):
            if key in batch:
                of_row = ((batch[key] * mask_B_C).sum(1) / counts).tolist()
                for index, value in zip(batch["index"].tolist(), of_row, strict=True):
                    if index >= 0:
                        setattr(self.rows[index], name, value)
        if "ref_per_token_logps" in batch:
            apart_B = ((logprobs_B_C - batch["ref_per_token_logps"]) * mask_B_C).sum(1)
            for index, divergence in zip(batch["index"].tolist(), apart_B.tolist(), strict=True):
                if index >= 0 and self.rows[index].divergence is None:
                    self.rows[index].divergence = divergence

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        """TRL's loss (a mean over rows), less the entropy bonus: T1's L_RL − α·H.

        H is the mean over all tokens of the step, so that a micro-batch's part is its tokens'
        entropy over the step's tokens per row.
        """
        self._batch = inputs
        with self._for_itself():
            loss: torch.Tensor = super()._compute_loss(model, inputs)  # type: ignore[misc]
        if self.goal.entropy:
            rows = len(inputs["advantages"])
            bonus = self._entropy / (inputs["tokens_per_row"] * rows)
            loss = loss - self.goal.entropy * bonus
        return loss

    @contextmanager
    def _for_itself(self) -> Iterator[None]:
        """Keeps TRL from gathering figures of its own over the processes, which nobody reads.

        It takes for granted that all have equally many rows; where one has more it hangs or ends.
        """
        joined = self.accelerator
        self.accelerator = Alone(joined)
        try:
            yield
        finally:
            self.accelerator = joined

    def _summed_loss(self, model: torch.nn.Module, batch: dict[str, Any]) -> torch.Tensor:
        return self.compute_loss(model, dict(batch)) * batch["weight"]  # type: ignore[no-any-return]

    def _end(self) -> None:
        """Gathers the step's figures."""
        mine = [row.facts() for batch in self.batches for row in batch.rows]
        for index, learned in together(mine):
            vars(self.rows[index]).update(learned)
        lines = lines_of(self.rows, self.collected, self.step, self.model_name)
        figures = figures_of(self.step, lines, time.monotonic() - self.began)
        figures |= figures_beside(self.rows, self.collected, self.seconds)
        require_near(figures)
        self.finished = (lines, figures)
