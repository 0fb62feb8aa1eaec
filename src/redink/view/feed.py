"""What a run does now, as server-sent events."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool

from redink.live import LiveRun
from redink.view.training import logs_of

SECONDS = 0.5
"""Between two looks at the run's folder."""
KEEPALIVE_SECONDS = 15.0
"""Without a change: proxies and browsers drop a line on which nothing is said."""


async def events(
    folder: Path, gone: Callable[[], Awaitable[bool]], seconds: float = SECONDS
) -> AsyncIterator[bytes]:
    """One event at once, then one at each change, until the listener is gone.

    An event is what `LiveRun.now` tells, and under `logs` each training's mark (`mark_of`), by its
    folder, where there is any.

    Args:
        folder: Of the run.
        gone: Whether nobody listens any more.
        seconds: Between two looks.
    """
    live = LiveRun(folder)

    def look() -> dict[str, Any]:
        logs = logs_of(folder)
        return {**live.now(), **({"logs": logs} if logs else {})}

    said, silent = b"", 0.0
    while not await gone():
        now = orjson.dumps(await run_in_threadpool(look))
        if now != said:
            said, silent = now, 0.0
            yield b"data: " + now + b"\n\n"
        elif silent >= KEEPALIVE_SECONDS:
            silent = 0.0
            yield b": still here\n\n"
        await asyncio.sleep(seconds)
        silent += seconds
