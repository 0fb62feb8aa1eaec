"""The engine that needs nothing but transformers: CPU or one GPU."""

import time
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from redink.engines.engine import Completion, Conversation, Sampling
from redink.engines.items import Item, ItemMaker, by_key, completion_text, under_own_ids
from redink.engines.journal import Journal
from redink.errors import ModelError, UsageError
from redink.models.loading import end_of_turn_ids, load_model
from redink.models.source import ModelSource

COMMIT_SECONDS = 0.25
"""Finished completions wait at most so long, and one step, to be written to the journal."""


class TransformersEngine:
    """Completes conversations with a model on disk.

    The batch is kept full: a finished row's place goes to the next prompt. Each completion has a
    key of its own, a hash of the model, its prompt's token ids, the sampling and the sample index,
    and is in the journal as soon as it is finished: what is there is never generated again,
    whatever other problems, samples or models are asked for, and conversations that come to the
    same key share one completion.

    What that costs: the rows of a batch depend on what was finished before, and bfloat16 rounds
    differently in batches of different shape, so that bfloat16 text may differ between an
    interrupted and an uninterrupted run where two tokens are almost equally likely. float32
    greedy text did not differ in any measurement. Each row draws its own random numbers,
    seeded with the seed, its prompt and its sample index: sampled text depends on the rest of the
    batch through rounding alone.

    Args:
        source: the model.
        dtype: `bfloat16`, `float32` or `float16` weights.
        batch_size: completions generated at once, fewer where the cache would grow too large
            (`cache_cells`).
        journal: SQLite file of finished completions, to be shared at will.
        device: a torch device; None takes a GPU where there is one.
    """

    def __init__(
        self,
        source: ModelSource,
        *,
        dtype: str = "bfloat16",
        batch_size: int = 64,
        journal: Path | None = None,
        device: str | None = None,
    ) -> None:
        if dtype not in ("bfloat16", "float32", "float16"):
            raise UsageError(f"dtype {dtype!r}: use bfloat16, float32 or float16")
        if batch_size < 1:
            raise UsageError(f"batch_size {batch_size}: use 1 or more")
        self.name = f"transformers:{source.name}"
        self.source, self.dtype, self.batch_size = source, dtype, batch_size
        self._device = device
        self.items = ItemMaker(source, dtype)
        self._journal = Journal(journal) if journal else None

    @property
    def tokenizer(self) -> Any:
        """The model's tokenizer."""
        return self.items.tokenizer

    @cached_property
    def model(self) -> Any:
        """The model, loaded when the first completion is generated."""
        from redink.engines.packing import pack

        return pack(load_model(self.source, self.dtype, self._device))

    def complete(
        self, conversations: Sequence[Conversation], sampling: Sampling
    ) -> Iterator[Completion]:
        """Yields every conversation's completions: those in the journal first, others as they end.

        Raises UsageError for impossible sampling settings, DataError where a message holds one of
        the model's special tokens as text or the chat template alters the beginning of an answer,
        ModelError where a prompt exceeds the context or where messages meet a model with neither
        chat template nor end of sequence.
        """
        waiting = by_key(self.items.items(conversations, sampling))
        done = self._journal.get(list(waiting)) if self._journal else {}
        for key, completion in done.items():
            yield from under_own_ids(completion, waiting.pop(key))
        first = [items[0] for items in waiting.values()]
        for batch in self._grouped(self._generate(first, sampling)):
            if self._journal:
                self._journal.put(batch)
            for key, completion in batch:
                yield from under_own_ids(completion, waiting[key])

    def _grouped(
        self, finished: Iterable[list[tuple[str, Completion]]]
    ) -> Iterator[list[tuple[str, Completion]]]:
        """Joins what finishes in quick succession, so that a GPU does not wait for the disk."""
        group: list[tuple[str, Completion]] = []
        since = time.monotonic()
        for part in finished:
            group += part
            if time.monotonic() - since >= COMMIT_SECONDS:
                yield group
                group, since = [], time.monotonic()
        if group:
            yield group

    def _generate(
        self, items: Sequence[Item], sampling: Sampling
    ) -> Iterator[list[tuple[str, Completion]]]:
        if not items:
            return
        from redink.engines.cache import cache_cells
        from redink.engines.decoding import Bounds, Row, decode
        from redink.engines.drawing import row_draws
        from redink.engines.stopping import StopTexts

        rows = {
            Row(
                item.prompt,
                self._room(item, sampling),
                row_draws(sampling.seed, item.prompt, item.sample),
            ): item
            for item in sorted(items, key=lambda i: (-len(i.prompt), i.prompt, i.sample))
        }
        stop_texts = StopTexts(self.tokenizer, sampling.stop)
        cells = cache_cells(self.model.config, self.model.dtype.itemsize, self.model.device)
        finished = decode(
            self.model,
            list(rows),
            sampling,
            end_of_turn_ids(self.tokenizer, self.model.generation_config),
            self.tokenizer.pad_token_id or 0,
            Bounds(self.batch_size, cells),
            stop_texts.reached,
        )
        for group in finished:
            texts = [completion_text(self.tokenizer, rows[row], row.ids) for row in group]
            yield [
                (
                    rows[row].key,
                    Completion(
                        id=rows[row].id,
                        sample=rows[row].sample,
                        text=stop_texts.cut(text),
                        prompt_tokens=len(row.prompt),
                        completion_tokens=len(row.ids),
                        finish="stop" if row.ended else "length",
                    ),
                )
                for row, text in zip(group, texts, strict=True)
            ]

    def _room(self, item: Item, sampling: Sampling) -> int:
        """New tokens that the model's context leaves for an item."""
        context = getattr(self.model.config, "max_position_embeddings", None)
        if not context:
            return sampling.max_tokens
        if len(item.prompt) >= context:
            raise ModelError(
                f"{self.name}: the prompt of {item.id} has {len(item.prompt)} tokens, the model's "
                f"context holds {context}; drop the problem or choose another model"
            )
        return min(sampling.max_tokens, int(context) - len(item.prompt))
