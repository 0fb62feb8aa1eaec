"""Rollouts as the rows of micro-batches."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from redink.reinforcement.sampling import Drawn
from redink.training.batches import BUCKET, micro_batches
from redink.training.group import place, process_count

LEARNED = ("entropy", "logprob", "divergence", "importance", "capped")
"""What the process that trains on a row finds of it."""


@dataclass(eq=False)
class Row:
    """A rollout that is trained on."""

    index: int
    """Among the step's rows."""
    drawn: Drawn
    advantage: float = 0.0
    divergence: float | None = None
    """log policy − log reference, summed over its tokens, in nats."""
    entropy: float | None = None
    """Mean over its tokens, in nats."""
    logprob: float | None = None
    """Mean over its tokens, by the policy that is trained."""
    importance: float | None = None
    """Mean over its tokens of what they are weighed by."""
    capped: float | None = None
    """Share of its tokens whose weight the cap holds."""

    @property
    def mean_divergence(self) -> float | None:
        """`divergence` per token."""
        return None if self.divergence is None else self.divergence / len(self.drawn.ids)

    def facts(self) -> tuple[int, dict[str, float | None]]:
        """What another process does not know of it."""
        return self.index, {name: getattr(self, name) for name in LEARNED}


def share(rows: Sequence[Row]) -> list[Row]:
    """This process's rows: dealt by falling length, so that all have about as many tokens."""
    order = sorted(rows, key=lambda row: (-len(row.drawn.ids), row.index))
    return order[place() :: process_count()]


def batches_of(rows: Sequence[Row], limit: int, pad_id: int) -> list["Batch"]:
    """Micro-batches of rows of similar length.

    Args:
        rows: to be trained on.
        limit: padded tokens of a micro-batch at most.
        pad_id: of the padding token.
    """
    lengths = [len(row.drawn.prompt_ids) + len(row.drawn.ids) for row in rows]
    cuts = micro_batches(lengths, limit) if rows else []
    return [Batch([rows[index] for index in cut], pad_id) for cut in cuts]


@dataclass(eq=False)
class Batch:
    """A micro-batch as TRL's losses read it.

    prompt_ids  0 5 6    completion_ids  7 8 9 0    prompt_mask  0 1 1    completion_mask  1 1 1 0
    """

    rows: list[Row]
    pad_id: int
    old_B_C: torch.Tensor | None = None
    """Log-probabilities by the policy that drew, where they are needed."""
    reference_B_C: torch.Tensor | None = None
    inputs: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def idle(cls, pad_id: int) -> "Batch":
        """A micro-batch that counts nothing."""
        return cls([], pad_id)

    def on(self, device: torch.device) -> dict[str, torch.Tensor]:
        """The padded tensors, on `device`."""
        prompts = [row.drawn.prompt_ids for row in self.rows] or [(self.pad_id,)]
        answers = [row.drawn.ids for row in self.rows] or [(self.pad_id,)]
        before, after = max(map(len, prompts)), max(map(len, answers))
        after += -(before + after) % BUCKET
        found = {
            "prompt_ids": [[self.pad_id] * (before - len(p)) + list(p) for p in prompts],
            "prompt_mask": [[0] * (before - len(p)) + [1] * len(p) for p in prompts],
            "completion_ids": [[*a, *[self.pad_id] * (after - len(a))] for a in answers],
            "completion_mask": [[1] * len(a) + [0] * (after - len(a)) for a in answers],
        }
        return {name: torch.tensor(values, device=device) for name, values in found.items()}

    def fill(
        self, device: torch.device, tokens_per_row: float, *, ratios: bool, weighed: bool
    ) -> None:
        """Makes `inputs`, once the rows have their advantages.

        Args:
            device: where they are to be.
            tokens_per_row: mean new tokens of all rows of the step, for the entropy bonus.
            ratios: whether the policy moves on while it is trained on these rows, so that the
                loss needs the log-probabilities by the policy that drew.
            weighed: whether the loss needs those by the engine that drew.
        """
        advantages = [row.advantage for row in self.rows] or [0.0]
        indices = [row.index for row in self.rows] or [-1]
        self.inputs = {
            **self.on(device),
            "advantages": torch.tensor(advantages, dtype=torch.float32, device=device),
            "index": torch.tensor(indices),
            "weight": len(self.rows),
            "tokens_per_row": tokens_per_row,
        }
        if ratios and self.old_B_C is not None:
            self.inputs["old_per_token_logps"] = self.old_B_C
            self.inputs["old_logps"] = (self.old_B_C * self.inputs["completion_mask"]).sum(1)
        if weighed:
            self.inputs["engine_logps"] = self._engine_B_C(device)
        if self.reference_B_C is not None:
            self.inputs["ref_per_token_logps"] = self.reference_B_C

    def _engine_B_C(self, device: torch.device) -> torch.Tensor:
        found_B_C = torch.zeros(self.inputs["completion_mask"].shape, dtype=torch.float64)
        for number, row in enumerate(self.rows):
            logprobs = torch.tensor(row.drawn.logprobs, dtype=torch.float64)
            found_B_C[number, : len(logprobs)] = logprobs
        return found_B_C.to(device)

    def divergences(self) -> list[tuple[int, float]]:
        """Each row's index and log policy − log reference, summed over its tokens."""
        if self.old_B_C is None or self.reference_B_C is None:
            return []
        # Both are 0 where there is no token.
        sums = (self.old_B_C.double() - self.reference_B_C.double()).sum(1).tolist()
        return [(row.index, value) for row, value in zip(self.rows, sums, strict=False)]
