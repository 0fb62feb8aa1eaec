"""The vLLM engine: fast on GPUs, and on CPUs where vLLM's CPU build is installed."""

import itertools
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from redink.engines.engine import Completion, Conversation, Sampling
from redink.engines.items import Item, ItemMaker, by_key, completion_text, under_own_ids
from redink.engines.journal import Journal
from redink.engines.stopping import StopTexts
from redink.engines.vllm_process import CPU_BATCH, CPU_CACHE_BYTES, is_cpu_build, start, stop
from redink.errors import ModelError, UsageError
from redink.models.loading import end_of_turn_ids
from redink.models.memory import release_memory
from redink.models.source import ModelSource

AHEAD = 2
"""Requests handed over, as a multiple of those that vLLM works on at once."""


class VllmEngine:
    """Completes conversations with vLLM, in processes of its own.

    Prompts, end-of-turn tokens and stop texts are those of the transformers engine: vLLM gets
    token ids. A journal is keyed by completion and written as each arrives. vLLM batches
    whatever is in flight, so bfloat16 text may differ in rare places from one call to the next.

    Args:
        source: the model.
        dtype: `bfloat16`, `float32` or `float16` weights.
        batch_size: completions in flight at once; None takes 128 on a CPU, vLLM's own on a GPU.
        journal: SQLite file of finished completions; those in it are not made again.
        gpu_memory_utilization: share of the GPU's memory that vLLM may take.
        tensor_parallel_size: GPUs that the model is split over.
        compiled: CUDA graphs and compiled kernels; None compiles on a GPU alone (on a CPU it
            takes more than a minute and gains a tenth).
    """

    def __init__(
        self,
        source: ModelSource,
        *,
        dtype: str = "bfloat16",
        batch_size: int | None = None,
        journal: Path | None = None,
        gpu_memory_utilization: float = 0.9,
        tensor_parallel_size: int = 1,
        compiled: bool | None = None,
    ) -> None:
        if dtype not in ("bfloat16", "float32", "float16"):
            raise UsageError(f"dtype {dtype!r}: use bfloat16, float32 or float16")
        if batch_size is not None and batch_size < 1:
            raise UsageError(f"batch_size {batch_size}: use 1 or more")
        if tensor_parallel_size < 1:
            raise UsageError(f"tensor_parallel_size {tensor_parallel_size}: use 1 or more")
        if not 0 < gpu_memory_utilization <= 1:
            raise UsageError(
                f"gpu_memory_utilization {gpu_memory_utilization}: use a share above 0, at most 1"
            )
        self.name = f"vllm:{source.name}"
        self.source, self.dtype, self.batch_size = source, dtype, batch_size
        self._gpu_memory_utilization = gpu_memory_utilization
        self._tensor_parallel_size = tensor_parallel_size
        self._compiled = compiled
        self._journal = Journal(journal) if journal else None
        self.items = ItemMaker(source, f"vllm {dtype}")
        self.options: dict[str, Any] = {}
        """Further settings of vLLM's (EngineArgs), to be given before it starts."""
        self.logprobs: int | None = None
        """Further likeliest tokens whose log-probabilities come with each drawn one's; None asks
        for none, 0 for the drawn one's alone."""
        self._numbers = itertools.count()
        self._arrived: dict[str, Any] = {}
        self._lock = threading.RLock()

    @cached_property
    def tokenizer(self) -> Any:
        """The model's tokenizer."""
        return self.items.tokenizer

    @cached_property
    def running(self) -> Any:
        """The `vllm.LLMEngine`, started when the first completion has to be made."""
        settings: dict[str, Any] = {
            "dtype": self.dtype,
            "tensor_parallel_size": self._tensor_parallel_size,
            "gpu_memory_utilization": self._gpu_memory_utilization,
            "max_num_seqs": self.batch_size,
            "enforce_eager": False if self._compiled is None else not self._compiled,
        }
        if is_cpu_build():
            settings["max_num_seqs"] = self.batch_size or CPU_BATCH
            settings["enforce_eager"] = not self._compiled
            settings["kv_cache_memory_bytes"] = CPU_CACHE_BYTES
            # vLLM 0.32 dies of a seeded request whose prompt is read in parts on a CPU
            # ("CPU Generator does not use offset").
            settings["enable_chunked_prefill"] = False
        return start(self.source, settings | self.options)

    def close(self) -> None:
        """Ends vLLM's processes and gives their memory back; the next call starts new ones."""
        with self._lock:
            engine: Any = self.__dict__.pop("running", None)
            if engine is not None:
                stop(engine)
            self._arrived.clear()
        engine = None
        release_memory()

    def complete(
        self, conversations: Sequence[Conversation], sampling: Sampling
    ) -> Iterator[Completion]:
        """Yields completions as they finish, those of the journal first.

        Several calls may run at once, from several threads too. Raises UsageError for impossible
        sampling settings, DataError where a message holds one of the model's special tokens as
        text, ModelError where a prompt exceeds the context or vLLM fails.
        """
        waiting = by_key(self.items.items(conversations, sampling))
        done = self._journal.get(list(waiting)) if self._journal else {}
        for key, completion in done.items():
            yield from under_own_ids(completion, waiting.pop(key))
        if waiting:
            yield from self._generate(waiting, sampling)

    def _generate(
        self, waiting: Mapping[str, list[Item]], sampling: Sampling
    ) -> Iterator[Completion]:
        queue = deque(waiting)
        with self._lock:
            engine = self.running
        ahead = AHEAD * engine.vllm_config.scheduler_config.max_num_seqs
        in_flight: dict[str, str] = {}
        try:
            while queue or in_flight:
                while queue and len(in_flight) < ahead:
                    key = queue.popleft()
                    in_flight[self._add(engine, waiting[key][0], sampling)] = key
                made = []
                for number, output in self._finished(engine, in_flight):
                    key = in_flight.pop(number)
                    made.append((key, self._completion(waiting[key][0], output, sampling)))
                if self._journal and made:
                    self._journal.put(made)
                for key, completion in made:
                    yield from under_own_ids(completion, waiting[key])
        finally:
            self._abort(engine, in_flight)

    def _add(self, engine: Any, item: Item, sampling: Sampling) -> str:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        from redink.engines.drawing import row_draws

        context = engine.model_config.max_model_len
        if len(item.prompt) >= context:
            raise ModelError(
                f"{self.name}: the prompt of {item.id} has {len(item.prompt)} tokens, the model's "
                f"context holds {context}; drop the problem or choose another model"
            )
        stops = [text for text in sampling.stop if text]
        parameters = SamplingParams(
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            max_tokens=min(sampling.max_tokens, context - len(item.prompt)),
            seed=row_draws(sampling.seed, item.prompt, item.sample).getrandbits(63),
            stop=stops or None,
            stop_token_ids=list(self._stop_ids),
            logprobs=self.logprobs,
            # Completions are decoded here, as a whole; vLLM needs their text for stop texts alone.
            detokenize=bool(stops),
            output_kind=RequestOutputKind.FINAL_ONLY,
        )
        with self._lock, self._explained(engine):
            number = f"redink-{next(self._numbers)}"
            engine.add_request(number, {"prompt_token_ids": list(item.prompt)}, parameters)
        return number

    def _finished(self, engine: Any, in_flight: Mapping[str, str]) -> list[tuple[str, Any]]:
        """What has finished among a call's requests; steps vLLM where nothing has yet."""
        with self._lock:
            if not in_flight.keys() & self._arrived.keys():
                with self._explained(engine):
                    outputs = engine.step()
                self._arrived |= {o.request_id: o for o in outputs if o.finished}
            mine = [number for number in in_flight if number in self._arrived]
            return [(number, self._arrived.pop(number)) for number in mine]

    def _abort(self, engine: Any, in_flight: Mapping[str, str]) -> None:
        """Takes back what a call left unfinished when it failed or its caller stopped listening."""
        with self._lock:
            if in_flight and self._is_running(engine):
                engine.abort_request(list(in_flight))
            for number in in_flight:
                self._arrived.pop(number, None)

    def _is_running(self, engine: Any) -> bool:
        return self.__dict__.get("running") is engine

    @contextmanager
    def _explained(self, engine: Any) -> Iterator[None]:
        """Turns vLLM's failures into ModelError, and ends what is left of its processes."""
        if not self._is_running(engine):
            raise ModelError(f"{self.name}: closed while it was completing; ask again")
        try:
            yield
        except Exception as error:
            self.close()
            raise ModelError(
                f"{self.name}: vLLM failed ({type(error).__name__}: {error}); what it printed "
                "above says why, run the same command again to go on"
            ) from error

    def _completion(self, item: Item, output: Any, sampling: Sampling) -> Completion:
        (choice,) = output.outputs
        ids = list(choice.token_ids)
        text = completion_text(self.tokenizer, item, ids)
        return Completion(
            id=item.id,
            sample=item.sample,
            text=StopTexts(self.tokenizer, sampling.stop).cut(text),
            prompt_tokens=len(item.prompt),
            completion_tokens=len(ids),
            finish=self._finish(item, choice.finish_reason),
        )

    def _finish(self, item: Item, reason: str | None) -> Literal["stop", "length"]:
        if reason == "stop":
            return "stop"
        if reason == "length":
            return "length"
        raise ModelError(
            f"{self.name}: vLLM ended the completion of {item.id} with {reason!r}; run the same "
            "command again to go on"
        )

    @cached_property
    def _stop_ids(self) -> tuple[int, ...]:
        from transformers import AutoConfig, GenerationConfig

        folder = self.source.folder
        if (folder / "generation_config.json").is_file():
            config = GenerationConfig.from_pretrained(folder, local_files_only=True)
        else:
            model = AutoConfig.from_pretrained(
                folder, trust_remote_code=False, local_files_only=True
            )
            config = GenerationConfig.from_model_config(model)
        return end_of_turn_ids(self.tokenizer, config)
