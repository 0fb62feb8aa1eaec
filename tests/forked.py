"""Processes that begin at once, to be killed: forked from a server that has the imports already."""

import gc
import multiprocessing
import os
import sys
from multiprocessing.process import BaseProcess
from pathlib import Path

from redink.cli import main

PRELOADED = [
    "pytest",
    "aiohttp",
    "pandas",
    "pyarrow.parquet",
    "reasoning_gym",
    "rich.progress",
    "transformers.models.llama.modeling_llama",
    "redink.cli.app",
    "redink.cli.critiquing",
    "redink.engines.batch.engine",
    "redink.engines.endpoint.client",
    "redink.engines.transformers",
    "redink.evaluation.benchmarks.catalogue",
    "redink.formats",
    "redink.recipe",
    "redink.run",
    "redink.stages.critique",
    "redink.training.trainer",
]


def forked(function, *arguments) -> BaseProcess:
    """Calls a module's function in a process of its own; `exitcode` says how it went.

    Nothing of this process but the arguments is seen there: no open file, thread or monkeypatch.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    process = context.Process(target=function, args=arguments)
    process.start()
    return process


def typed(arguments: list[str], said: Path, errors: Path) -> None:
    """redink as a user types it, for `forked`; what it writes goes to two files."""
    gc.freeze()  # a collection took 0.3 s less without what was imported
    sys.argv = ["redink", *arguments]
    for path, place in ((said, 1), (errors, 2)):
        with path.open("w") as file:
            os.dup2(file.fileno(), place)
    main()
