"""Keys and values of a batch whose rows come and go."""

from collections.abc import Sequence
from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

BLOCK = 64
"""Columns of room after the newest one; a cache is copied once in so many steps."""


class WindowCache:
    """Rows of different ages side by side, aligned at their newest token.

    Three rows that hold 5, 2 and 4 tokens, the newest in column `end - 1`:

        . . a a a a a _ _        the window is the columns that the longest row needs,
        . x x x x b b _ _        what is left of a row's own tokens (x: an earlier row's) is masked,
        . . . d d d d _ _        `_` is room for the next steps

    A new row is written into the slot of a finished one, ending where the others end; nothing is
    copied but its own prompt. transformers' dynamic layer copies the whole cache at every token.
    """

    continuous = True

    def __init__(self, config: Any, slots: int, device: torch.device) -> None:
        self.device = device
        self.slots, self.columns, self.end, self.room = slots, 0, 0, 0
        self.target: list[tuple[int, int]] | None = None
        """Slots that the running forward pass fills, each with its row there; None in a step."""
        self.cache = DynamicCache(config=config)
        self.cache.layers = [WindowLayer(self) for _ in self.cache.layers]

    def begin_prompts(self, width: int, slots: Sequence[int], source: Sequence[int]) -> None:
        """Prepares a forward pass over prompts of at most `width` tokens."""
        if width > self.end:
            self._move(width)
        self.columns = max(self.columns, width)
        self.target = list(zip(slots, source, strict=True))

    def begin_step(self, columns: int) -> None:
        """Prepares a forward pass over one more token a row; the longest has `columns` then."""
        self.target = None
        self.columns = columns - 1
        if self.end == self.room:
            self._move(self.columns)
        self.end += 1
        self.columns = columns

    def keep(self, slots: Sequence[int]) -> None:
        """Drops all rows but those of the named slots, which close ranks in that order."""
        self.slots = len(slots)
        indices = torch.tensor(list(slots), device=self.device)
        for layer in self.cache.layers:
            layer.select(indices)

    def _move(self, end: int) -> None:
        """Moves the window so that it ends at column `end` or later, with room after it."""
        end = max(end, self.columns)
        self.room = end + BLOCK
        for layer in self.cache.layers:
            layer.move(self.end, end, self.columns, self.room)
        self.end = end


class WindowLayer(DynamicLayer):  # type: ignore[misc]
    """One layer's keys and values, each (slots, heads, room, head size)."""

    def __init__(self, window: WindowCache) -> None:
        super().__init__()
        self.window = window
        self.is_initialized = False

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Writes prompts to their slots and returns them, or a step's tokens and the window."""
        window = self.window
        if not self.is_initialized:
            self.dtype, self.device = key_states.dtype, key_states.device
            _, heads, _, size = key_states.shape
            # Zeros: a masked column that held NaN would still spoil the sum over the values.
            self.keys = key_states.new_zeros((window.slots, heads, window.room, size))
            self.values = torch.zeros_like(self.keys)
            self.is_initialized = True
        first, end = window.end - key_states.shape[2], window.end
        if window.target is None:
            self.keys[:, :, first:end] = key_states
            self.values[:, :, first:end] = value_states
            start = end - window.columns
            return self.keys[:, :, start:end], self.values[:, :, start:end]
        for slot, row in window.target:
            self.keys[slot, :, first:end] = key_states[row]
            self.values[slot, :, first:end] = value_states[row]
        return key_states, value_states

    def get_seq_length(self) -> int:
        """Columns that are there before the running forward pass."""
        return 0 if self.window.target is not None else max(self.window.columns - 1, 0)

    def select(self, slots: torch.Tensor) -> None:
        """Keeps the named slots (int64)."""
        self.keys, self.values = self.keys[slots], self.values[slots]

    def move(self, old_end: int, end: int, columns: int, room: int) -> None:
        """Copies `columns` columns ending at `old_end` to end at `end` of a new buffer."""
        if self.is_initialized:
            self.keys = _moved(self.keys, old_end, end, columns, room)
            self.values = _moved(self.values, old_end, end, columns, room)


def _moved(old: torch.Tensor, old_end: int, end: int, columns: int, room: int) -> torch.Tensor:
    slots, heads, _, size = old.shape
    new = old.new_zeros((slots, heads, room, size))
    new[:, :, end - columns : end] = old[:, :, old_end - columns : old_end]
    return new


class WholeCache:
    """transformers' own cache, for models with layers of other kinds (sliding window, state, …).

    Rows leave it, and none is admitted before all have left.
    """

    continuous = False

    def __init__(self, config: Any, slots: int, device: torch.device) -> None:
        self.config, self.device, self.slots, self.columns = config, device, slots, 0
        self.cache = DynamicCache(config=config)

    def begin_prompts(self, width: int, slots: Sequence[int], source: Sequence[int]) -> None:
        """Begins a new batch with prompts of at most `width` tokens."""
        self.cache = DynamicCache(config=self.config)
        self.columns = width

    def begin_step(self, columns: int) -> None:
        """Prepares a forward pass over one more token of each row."""
        self.columns += 1

    def keep(self, slots: Sequence[int]) -> None:
        """Drops all rows but those of the named slots."""
        self.slots = len(slots)
        self.cache.batch_select_indices(torch.tensor(list(slots), device=self.device))


def open_cache(config: Any, slots: int, device: torch.device) -> WindowCache | WholeCache:
    """An empty cache for a model with this configuration."""
    plain = all(type(layer) is DynamicLayer for layer in DynamicCache(config=config).layers)
    return (WindowCache if plain else WholeCache)(config, slots, device)


def cache_cells(config: Any, item_bytes: int, device: torch.device) -> int:
    """Tokens whose keys and values may be held at once: rows x columns of the cache.

    On a CPU a quarter of the free memory, 4 GiB at most; on a GPU four fifths of what is free.
    """
    if device.type == "cuda":
        free = 0.8 * torch.cuda.mem_get_info(device)[0]
    else:
        import psutil

        free = min(4 * 2**30, psutil.virtual_memory().available / 4)
    return int(free // cell_bytes(config, item_bytes))


def cell_bytes(config: Any, item_bytes: int) -> int:
    """Bytes of one token's keys and values in all layers.

    Args:
        config: the model's.
        item_bytes: of one number.
    """
    text = config.get_text_config()
    queries = getattr(text, "num_attention_heads", 1)
    heads = getattr(text, "num_key_value_heads", None) or queries
    size = getattr(text, "head_dim", None) or text.hidden_size // queries
    return int(2 * text.num_hidden_layers * heads * size * item_bytes)
