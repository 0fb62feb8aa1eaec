"""The engine that needs nothing but transformers: CPU or one GPU."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from redink.engines.engine import Completion, Conversation, Sampling
from redink.engines.journal import Journal
from redink.errors import DataError, ModelError, UsageError
from redink.models.loading import control_tokens, end_of_turn_ids, load_model, load_tokenizer
from redink.models.source import ModelSource, fingerprint


@dataclass(frozen=True)
class _Item:
    """One completion to be made: conversation, sample index and prompt token ids."""

    id: str
    sample: int
    prompt: tuple[int, ...]


class TransformersEngine:
    """Completes conversations with a model on disk.

    Batches are cut from the whole list before anything is generated (by prompt length, ties by
    id), and a journal is keyed by batch. So what a batch holds, and with it bfloat16 greedy text,
    never depends on what an earlier process had done already.

    Args:
        source: the model.
        dtype: `bfloat16` or `float32` weights.
        batch_size: completions generated at once.
        journal: SQLite file of finished completions; a restarted process generates only the
            batches that are not in it.
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
        self._journal = Journal(journal) if journal else None

    @cached_property
    def tokenizer(self) -> Any:
        """The model's tokenizer."""
        return load_tokenizer(self.source)

    @cached_property
    def model(self) -> Any:
        """The model, loaded when the first batch is generated."""
        return load_model(self.source, self.dtype, self._device)

    def complete(
        self, conversations: Sequence[Conversation], sampling: Sampling
    ) -> Iterator[Completion]:
        """Yields every conversation's completions, batch by batch.

        Raises UsageError for impossible sampling settings, DataError where a message holds one of
        the model's special tokens as text, ModelError where a prompt exceeds the context.
        """
        _check(sampling)
        for batch in self._batches(conversations, sampling):
            yield from self._complete_batch(batch, sampling)

    def _batches(
        self, conversations: Sequence[Conversation], sampling: Sampling
    ) -> Iterator[list[_Item]]:
        items = []
        for conversation in conversations:
            prompt = tuple(self._prompt_ids(conversation))
            items += [_Item(conversation.id, n, prompt) for n in range(sampling.samples)]
        items.sort(key=lambda item: (len(item.prompt), item.id, item.sample))
        for start in range(0, len(items), self.batch_size):
            yield items[start : start + self.batch_size]

    def _complete_batch(self, batch: list[_Item], sampling: Sampling) -> list[Completion]:
        digest = self._batch_digest(batch, sampling)
        keys = [f"{digest}-{number}" for number in range(len(batch))]
        done = self._journal.get(keys) if self._journal else {}
        if len(done) == len(batch):
            # Ids are the caller's own: the same prompts may come back under other ids.
            return [
                replace(done[key], id=item.id, sample=item.sample)
                for key, item in zip(keys, batch, strict=True)
            ]
        completions = self._generate(batch, sampling, int(digest[:12], 16))
        if self._journal:
            self._journal.put(zip(keys, completions, strict=True))
        return completions

    def _generate(self, batch: list[_Item], sampling: Sampling, seed: int) -> list[Completion]:
        from redink.engines.decoding import decode

        context = getattr(self.model.config, "max_position_embeddings", None)
        longest = len(batch[-1].prompt)
        if context and longest >= context:
            raise ModelError(
                f"{self.name}: the prompt of {batch[-1].id} has {longest} tokens, the model's "
                f"context holds {context}; drop the problem or choose another model"
            )
        room = min(sampling.max_tokens, context - longest) if context else sampling.max_tokens
        stops = end_of_turn_ids(self.tokenizer, self.model.generation_config)
        rows = decode(
            self.model,
            [item.prompt for item in batch],
            replace(sampling, max_tokens=room),
            stops,
            self.tokenizer.pad_token_id,
            seed,
        )
        texts = self.tokenizer.batch_decode([row.ids for row in rows], skip_special_tokens=True)
        return [
            Completion(
                id=item.id,
                sample=item.sample,
                text=text,
                prompt_tokens=len(item.prompt),
                completion_tokens=len(row.ids),
                finish="stop" if row.finished else "length",
            )
            for item, row, text in zip(batch, rows, texts, strict=True)
        ]

    def _prompt_ids(self, conversation: Conversation) -> list[int]:
        messages = [asdict(message) for message in conversation.messages]
        for message in messages:
            for special in self._control_tokens:
                if special in message["content"]:
                    raise DataError(
                        f"conversation {conversation.id}: its text holds {special!r}, which the "
                        "model would read as a control token; remove it from the text"
                    )
        rendered = self.tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True
        )
        ids: list[int] = self.tokenizer(rendered, add_special_tokens=False)["input_ids"]
        return ids

    def _batch_digest(self, batch: list[_Item], sampling: Sampling) -> str:
        settings = [sampling.temperature, sampling.top_p, sampling.max_tokens, sampling.seed]
        parts = [self._fingerprint, self.dtype, settings, [(i.prompt, i.sample) for i in batch]]
        return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()

    @cached_property
    def _control_tokens(self) -> tuple[str, ...]:
        return tuple(control_tokens(self.tokenizer))

    @cached_property
    def _fingerprint(self) -> str:
        return fingerprint(self.source)


def _check(sampling: Sampling) -> None:
    if sampling.max_tokens < 1 or sampling.samples < 1:
        raise UsageError("sampling: max_tokens and samples must be 1 or more")
    if sampling.temperature < 0 or not 0 < sampling.top_p <= 1:
        raise UsageError("sampling: temperature must be 0 or more, top_p above 0 and at most 1")
