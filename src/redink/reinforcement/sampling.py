"""Rollouts from the model in training, in its own process.

A bfloat16 copy of the weights writes them by redink's own decoding (`redink.engines.decoding`):
the batch is kept full, the samples of a problem share the reading of its prompt, and each row has
random numbers of its own, so that a training that is gone on with draws what it would have drawn.

What is drawn by the copy is trained on as the policy's own. The two differ by rounding alone, as
long as nothing is truncated: the log-probabilities that the objective uses are the policy's,
recomputed in the precision of training, never the copy's. Truncation (`top_p`, `top_k`, `min_p`)
leaves those of untruncated sampling in both places, at the same temperature: the importance ratio
is that of the whole distributions, and is 1 where each rollout is trained on once.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from redink.engines.cache import cache_cells
from redink.engines.decoding import Bounds, Row, decode
from redink.engines.engine import Sampling
from redink.engines.packing import ROWS_HINT, PackedLinear, pack
from redink.engines.stopping import StopTexts
from redink.engines.transformers import TransformersEngine
from redink.errors import DataError
from redink.models.loading import end_of_turn_ids
from redink.records import Problem
from redink.reinforcement.drawing import Drawing, PolicyPicker, RolloutDraws
from redink.reinforcement.prompting import RolloutPrompts
from redink.rewards import Rollout

Finish = Literal["stop", "length"]


@dataclass(frozen=True)
class Asked:
    """One rollout to be drawn."""

    problem: Problem
    sample: int
    """Index among the problem's rollouts of this step."""


@dataclass(frozen=True)
class Drawn:
    """One rollout as it was drawn."""

    problem: Problem
    sample: int
    prompt_ids: tuple[int, ...]
    ids: tuple[int, ...]
    """New tokens; where it ended by itself, the last is the end of turn."""
    logprobs: tuple[float, ...]
    """Of each new token, by the copy that drew it, at the temperature, before truncation."""
    text: str
    finish: Finish

    def rollout(self) -> Rollout:
        """What is marked of it."""
        mean = sum(self.logprobs) / max(1, len(self.logprobs))
        return Rollout(self.problem, self.text, len(self.ids), self.finish, mean)


class PolicySampler:
    """Draws rollouts from a copy of the policy's weights.

    Args:
        model: the policy before training, with adapters or without; left as it is. To be given
            before a trainer changes its forward.
        tokenizer: its tokenizer, with a chat template.
        drawing: how rollouts are drawn.
        batch_size: rollouts written at once, fewer where the cache would grow too large.
        dtype: of the copy's weights.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        drawing: Drawing,
        *,
        batch_size: int = 64,
        dtype: torch.dtype = torch.bfloat16,
    ) -> None:
        self.tokenizer, self.drawing, self.batch_size = tokenizer, drawing, batch_size
        self.prompts = RolloutPrompts(tokenizer, drawing.prompt)
        self.copy = copy.deepcopy(plain_policy(model)).eval().requires_grad_(False)
        for parameter in self.copy.parameters():
            # The buffers keep their type: rotary frequencies rounded to bfloat16 turn far tokens
            # by the wrong angle.
            parameter.data = parameter.data.to(dtype)
        pack(self.copy)

    def refresh(self, model: Any) -> None:
        """Takes over the policy's weights as they are now."""
        with torch.no_grad():
            policy = plain_policy(model)
            places = dict(self.copy.named_modules())
            for name, module in policy.named_modules():
                place = places[name]
                if isinstance(place, PackedLinear):
                    _repack(place, module)
                    continue
                for key, parameter in module.named_parameters(recurse=False):
                    getattr(place, key).copy_(parameter)

    def draw(self, asked: Sequence[Asked], step: int) -> list[Drawn]:
        """Draws rollouts, in the order in which they were asked for.

        Args:
            asked: rollouts; the samples of a problem are told apart by their index.
            step: optimizer step, from 1: part of the random numbers.

        Raises DataError where a prompt leaves no room in the model's context.
        """
        rows = {self._row(item, step): place for place, item in enumerate(asked)}
        order = sorted(rows, key=lambda row: (-len(row.prompt), row.prompt, rows[row]))
        model, drawing = self.copy, self.drawing
        stops = StopTexts(self.tokenizer, self.prompts.prompt.stop)
        cells = cache_cells(model.config, model.dtype.itemsize, model.device)
        found: list[Drawn | None] = [None] * len(asked)
        finished = decode(
            model,
            order,
            Sampling(drawing.temperature, drawing.top_p, drawing.max_tokens),
            end_of_turn_ids(self.tokenizer, model.generation_config),
            self.tokenizer.pad_token_id or 0,
            Bounds(self.batch_size, cells),
            stops.reached,
            PolicyPicker(drawing),
        )
        for row in (row for group in finished for row in group) if order else ():
            found[rows[row]] = self._drawn(asked[rows[row]], row, stops)
        return [drawn for drawn in found if drawn is not None]

    def answering(self) -> TransformersEngine:
        """What answers problems with the weights of the moment."""
        items = self.prompts.items
        engine = TransformersEngine(items.source, batch_size=self.batch_size)
        engine.model, engine.items = self.copy, items
        engine.items.fingerprint = "in memory"
        return engine

    def close(self) -> None:
        """Nothing is kept open."""

    def _row(self, item: Asked, step: int) -> Row:
        prompt, room = self.prompts.ids(item.problem), self.drawing.max_tokens
        context = getattr(self.copy.config, "max_position_embeddings", None)
        if context and len(prompt) >= context:
            raise DataError(
                f"problem {item.problem.id}: its prompt has {len(prompt)} tokens, the model's "
                f"context holds {context}; drop the problem or choose another student"
            )
        if context:
            room = min(room, int(context) - len(prompt))
        return Row(prompt, room, RolloutDraws(self.drawing.seed, step, prompt, item.sample))

    def _drawn(self, item: Asked, row: Row, stops: StopTexts) -> Drawn:
        draws = row.draws
        assert isinstance(draws, RolloutDraws)
        return Drawn(
            problem=item.problem,
            sample=item.sample,
            prompt_ids=tuple(row.prompt),
            ids=tuple(row.ids),
            logprobs=tuple(draws.logprobs),
            text=stops.cut(self.tokenizer.decode(row.ids, skip_special_tokens=True)),
            finish="stop" if row.ended else "length",
        )


def plain_policy(model: Any) -> Any:
    """The policy without adapters and without a head of another kind: they are added to a copy."""
    from redink.training.lora import merged_copy

    return merged_copy(model)


def _repack(place: PackedLinear, linear: Any) -> None:
    weight = linear.weight.detach().to(torch.bfloat16)
    place.packed = torch.ops.mkldnn._reorder_linear_weight(weight, ROWS_HINT)
    if place.bias is not None and linear.bias is not None:
        place.bias.copy_(linear.bias)
