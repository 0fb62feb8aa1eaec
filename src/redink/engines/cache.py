"""A key-value cache that grows in blocks."""

from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

BLOCK = 64
"""Positions added at once."""


class BlockLayer(DynamicLayer):  # type: ignore[misc]
    """A layer's keys and values in a buffer with room to spare.

    transformers' own dynamic layer copies the whole cache for every new token. Buffers are
    (rows, heads, room, head size); `keys` and `values` are views of the part in use.
    """

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Appends the new positions and returns all in use."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self.room_keys, self.room_values = key_states[:, :, :0], value_states[:, :, :0]
            self.used = 0
        new = self.used + key_states.shape[2]
        if new > self.room_keys.shape[2]:
            room = -(-(new + 1) // BLOCK) * BLOCK
            self.room_keys = _larger(self.room_keys[:, :, : self.used], key_states, room)
            self.room_values = _larger(self.room_values[:, :, : self.used], value_states, room)
        self.room_keys[:, :, self.used : new] = key_states
        self.room_values[:, :, self.used : new] = value_states
        self.used = new
        self._view()
        return self.keys, self.values

    def batch_select_indices(self, indices: torch.Tensor) -> None:
        """Keeps the rows named by `indices` (int64)."""
        self.room_keys = self.room_keys.index_select(0, indices)
        self.room_values = self.room_values.index_select(0, indices)
        self._view()

    def _view(self) -> None:
        self.keys = self.room_keys[:, :, : self.used]
        self.values = self.room_values[:, :, : self.used]


def _larger(old: torch.Tensor, new: torch.Tensor, room: int) -> torch.Tensor:
    rows, heads, _, size = new.shape
    buffer = new.new_empty((rows, heads, room, size))
    buffer[:, :, : old.shape[2]] = old
    return buffer


def block_cache(config: Any) -> DynamicCache:
    """An empty cache for a model; layers of special kinds (sliding window, …) stay their own."""
    cache = DynamicCache(config=config)
    cache.layers = [BlockLayer() if type(x) is DynamicLayer else x for x in cache.layers]
    return cache
