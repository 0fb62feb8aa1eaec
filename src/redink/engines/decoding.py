"""Decoding: a batch that is kept full, each finished row's place taken by the next prompt."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import torch

from redink.engines.cache import open_cache
from redink.engines.drawing import choose
from redink.engines.engine import Sampling

KEEP_SHARE = 0.8
"""With no prompt left, finished rows are cut out once at most this share is still being written."""
ADMIT_SHARE = 1 / 16
"""New rows are admitted once this share of the places is free: prompts are cheaper in groups."""
PROMPT_TOKENS = 8192
"""Prompt tokens, padding included, in one forward pass (one prompt may have more)."""


@dataclass(eq=False)
class Row:
    """One completion in the making: prompt ids, new ids (end-of-turn included), how it ended."""

    prompt: Sequence[int]
    limit: int
    """New tokens at most."""
    draws: Random
    ids: list[int] = field(default_factory=list)
    ended: bool = False
    """Whether it ended by itself, at an end-of-turn or a stop text."""

    @property
    def cached(self) -> int:
        """Tokens whose keys and values are there: all but the newest."""
        return len(self.prompt) + len(self.ids) - 1

    @property
    def columns(self) -> int:
        """Tokens that it may come to hold."""
        return len(self.prompt) + self.limit


Picker = Callable[[torch.Tensor, Sampling, Sequence[Random]], torch.Tensor]
"""Chooses the next token of each row, as `redink.engines.drawing.choose` does."""


@dataclass(frozen=True)
class Bounds:
    """What may be held at once: rows, and rows x columns of the cache."""

    rows: int
    cells: int


@torch.inference_mode()
def decode(
    model: Any,
    rows: Sequence[Row],
    sampling: Sampling,
    stop_ids: Sequence[int],
    pad_id: int,
    bounds: Bounds,
    stopped: Callable[[Sequence[int]], bool] = lambda ids: False,
    pick: Picker = choose,
) -> Iterator[list[Row]]:
    """Continues every row until it ends, and yields rows as they finish, some at a time.

    Args:
        model: a causal language model of transformers.
        rows: longest prompt first; the prompts of one forward pass are padded to one length.
        sampling: temperature and top_p.
        stop_ids: tokens that end a row.
        pad_id: any token; it is never attended to.
        bounds: of rows and memory; one row is always admitted.
        stopped: says of a row's new ids whether their text holds a stop text.
        pick: chooses the next tokens.
    """
    batch = Batch(model, min(bounds.rows, len(rows)), sampling, pad_id, pick)
    waiting = deque(rows)
    ends = frozenset(stop_ids)
    while waiting or batch.live:
        group = _admitted(waiting, batch, bounds)
        new = batch.admit(group) if group else batch.step()
        finished = []
        for row, token in new:
            row.ids.append(token)
            row.ended = token in ends or stopped(row.ids)
            if row.ended or len(row.ids) == row.limit:
                batch.remove(row)
                finished.append(row)
        if finished:
            yield finished
        if not (waiting and batch.cache.continuous):
            batch.close_ranks()


def _admitted(waiting: deque[Row], batch: "Batch", bounds: Bounds) -> list[Row]:
    """Takes the rows to admit now off the queue."""
    live = len(batch.live)
    free = bounds.rows - live
    if not waiting or (live and (not batch.cache.continuous or free < ADMIT_SHARE * bounds.rows)):
        return []
    columns = max((row.columns for row in batch.live), default=0)
    group: list[Row] = []
    while waiting and len(group) < free:
        columns = max(columns, waiting[0].columns)
        width = max(len(row.prompt) for row in [*group[:1], waiting[0]])
        full = (live + len(group) + 1) * columns > bounds.cells
        wide = (len(group) + 1) * width > PROMPT_TOKENS
        if ((live or group) and full) or (group and wide):
            break
        group.append(waiting.popleft())
    return group


class Batch:
    """Rows in the slots of one cache."""

    def __init__(
        self, model: Any, slots: int, sampling: Sampling, pad_id: int, pick: Picker = choose
    ) -> None:
        self.model, self.sampling, self.pad_id, self.pick = model, sampling, pad_id, pick
        self.slots: list[Row | None] = [None] * slots
        self.cache = open_cache(model.config, slots, model.device)
        # A ready mask saves making it anew in every layer; other attention functions read theirs.
        self.ready_mask = self.cache.continuous and model.config._attn_implementation == "sdpa"

    @property
    def live(self) -> list[Row]:
        """The rows being written."""
        return [row for row in self.slots if row is not None]

    def remove(self, row: Row) -> None:
        """Frees a row's slot."""
        self.slots[self.slots.index(row)] = None

    def admit(self, rows: Sequence[Row]) -> list[tuple[Row, int]]:
        """Reads the prompts of new rows and returns their first tokens."""
        if not self.cache.continuous:
            self.slots = [None] * len(rows)
        free = [slot for slot, row in enumerate(self.slots) if row is None][: len(rows)]
        for slot, row in zip(free, rows, strict=True):
            self.slots[slot] = row
        # Samples of one prompt lie side by side: it is read once.
        alike = self.cache.continuous
        prompts: list[Sequence[int]] = []
        source = []
        for row in rows:
            if not (alike and prompts and prompts[-1] == row.prompt):
                prompts.append(row.prompt)
            source.append(len(prompts) - 1)
        device = self.model.device
        tokens_P_T, mask_P_T = _pad_left(prompts, self.pad_id, device)
        self.cache.begin_prompts(tokens_P_T.shape[1], free, source)
        positions_P_T = (mask_P_T.cumsum(1) - 1).clamp(min=0)
        logits_P_V = self._forward(tokens_P_T, mask_P_T, positions_P_T)
        return self._choose(logits_P_V[torch.tensor(source, device=device)], rows)

    def step(self) -> list[tuple[Row, int]]:
        """The next token of every row."""
        device = self.model.device
        cached = [row.cached if row else 0 for row in self.slots]
        self.cache.begin_step(max(cached) + 1)
        cached_R_1 = torch.tensor(cached, device=device)[:, None]
        newest = [row.ids[-1] if row else self.pad_id for row in self.slots]
        columns_T = torch.arange(self.cache.columns, device=device)
        mask_R_T = columns_T >= self.cache.columns - 1 - cached_R_1
        if self.ready_mask:
            lowest = torch.finfo(self.model.dtype).min
            mask = torch.zeros(mask_R_T.shape, dtype=self.model.dtype, device=device)
            mask = mask.masked_fill_(~mask_R_T, lowest)[:, None, None]
        else:
            mask = mask_R_T.long()
        logits_R_V = self._forward(torch.tensor(newest, device=device)[:, None], mask, cached_R_1)
        live = [slot for slot, row in enumerate(self.slots) if row is not None]
        if len(live) < len(self.slots) and self.sampling.temperature > 0:
            logits_R_V = logits_R_V[torch.tensor(live, device=device)]
            return self._choose(logits_R_V, self.live)
        chosen = self.pick(logits_R_V, self.sampling, [row.draws for row in self.live]).tolist()
        return [(row, token) for row, token in zip(self.slots, chosen, strict=True) if row]

    def close_ranks(self) -> None:
        """Cuts empty slots out once there are many."""
        kept = [slot for slot, row in enumerate(self.slots) if row is not None]
        if kept and len(kept) <= KEEP_SHARE * len(self.slots):
            self.cache.keep(kept)
            self.slots = [self.slots[slot] for slot in kept]

    def _forward(self, tokens: torch.Tensor, mask: torch.Tensor, positions: torch.Tensor) -> Any:
        return self.model(
            input_ids=tokens,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=self.cache.cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]

    def _choose(self, logits_R_V: torch.Tensor, rows: Sequence[Row]) -> list[tuple[Row, int]]:
        chosen_R = self.pick(logits_R_V, self.sampling, [row.draws for row in rows])
        return list(zip(rows, chosen_R.tolist(), strict=True))


def _pad_left(
    prompts: Sequence[Sequence[int]], pad_id: int, device: Any
) -> tuple[torch.Tensor, torch.Tensor]:
    longest = max(len(prompt) for prompt in prompts)
    tokens = [[pad_id] * (longest - len(p)) + list(p) for p in prompts]
    mask = [[0] * (longest - len(p)) + [1] * len(p) for p in prompts]
    return torch.tensor(tokens, device=device), torch.tensor(mask, device=device)
