"""Rollouts drawn by vLLM, which is given the policy's weights before each step."""

from collections.abc import Sequence
from typing import Any

from redink.engines.engine import Sampling
from redink.engines.items import Item
from redink.engines.stopping import StopTexts
from redink.engines.vllm_policy import DrawnTokens, PolicyEngine
from redink.models.source import ModelSource
from redink.reinforcement.drawing import Drawing, RolloutDraws
from redink.reinforcement.prompting import RolloutPrompts
from redink.reinforcement.sampling import Asked, Drawn, plain_policy


class VllmSampler:
    """Draws rollouts with vLLM, in processes of its own beside the training.

    The prompts, ends of turn and stop texts are those of `PolicySampler`. Each rollout has a seed
    of its own, a function of training's seed, step, prompt and sample; vLLM computes whatever is
    in flight together, so that the same seeds may give another text in rare places.

    Args:
        source: the student: vLLM starts from its files.
        tokenizer: its tokenizer, with a chat template.
        drawing: how rollouts are drawn; nothing may be truncated.
        batch_size: rollouts in flight at once.
        dtype: of vLLM's weights.
        memory: share of the GPU's memory that vLLM may take.
    """

    def __init__(
        self,
        source: ModelSource,
        tokenizer: Any,
        drawing: Drawing,
        *,
        batch_size: int,
        dtype: str,
        memory: float,
    ) -> None:
        self.tokenizer, self.drawing = tokenizer, drawing
        self.prompts = RolloutPrompts(tokenizer, drawing.prompt)
        self.engine = PolicyEngine(
            source, dtype=dtype, batch_size=batch_size, gpu_memory_utilization=memory
        )
        self.engine.items.tokenizer = tokenizer

    def refresh(self, model: Any) -> None:
        """Gives vLLM the policy's weights as they are now."""
        self.engine.take_over(plain_policy(model))

    def draw(self, asked: Sequence[Asked], step: int) -> list[Drawn]:
        """Draws rollouts, in the order in which they were asked for.

        Args:
            asked: rollouts; the samples of a problem are told apart by their index.
            step: of the training, from 1: part of the random numbers.

        Raises ModelError where a prompt leaves no room in the model's context or vLLM fails.
        """
        prompts = {one.problem.id: self.prompts.ids(one.problem) for one in asked}
        items = [
            Item(one.problem.id, one.sample, prompts[one.problem.id], f"{place}")
            for place, one in enumerate(asked)
        ]
        drawing = self.drawing
        sampling = Sampling(
            drawing.temperature,
            1.0,
            drawing.max_tokens,
            seed=RolloutDraws(drawing.seed, step, (), 0).getrandbits(62),
            stop=self.prompts.prompt.stop,
        )
        stops = StopTexts(self.tokenizer, self.prompts.prompt.stop)
        drawn = self.engine.draw(items, sampling)
        return [
            self._drawn(one, item, found, stops)
            for one, item, found in zip(asked, items, drawn, strict=True)
        ]

    def answering(self) -> PolicyEngine:
        """What answers problems with the policy's weights of the moment."""
        return self.engine

    def close(self) -> None:
        """Ends vLLM's processes."""
        self.engine.close()

    def _drawn(self, one: Asked, item: Item, found: DrawnTokens, stops: StopTexts) -> Drawn:
        return Drawn(
            problem=one.problem,
            sample=one.sample,
            prompt_ids=item.prompt,
            ids=found.ids,
            logprobs=found.logprobs,
            text=stops.cut(self.tokenizer.decode(found.ids, skip_special_tokens=True)),
            finish=found.finish,
        )
