"""What a run does now, as server-sent events."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import orjson
from starlette.concurrency import run_in_threadpool

from redink.live import LiveRun

SECONDS = 0.5
"""Between two looks at the run's folder."""
KEEPALIVE_SECONDS = 15.0
"""Without a change: proxies and browsers drop a line on which nothing is said."""


async def events(
    folder: Path, gone: Callable[[], Awaitable[bool]], seconds: float = SECONDS
) -> AsyncIterator[bytes]:
    """One event at once, then one at each change, until the listener is gone.

    Args:
        folder: Of the run.
        gone: Whether nobody listens any more.
        seconds: Between two looks.
    """
    live = LiveRun(folder)
    said, silent = b"", 0.0
    while not await gone():
        now = orjson.dumps(await run_in_threadpool(live.now))
        if now != said:
            said, silent = now, 0.0
            yield b"data: " + now + b"\n\n"
        elif silent >= KEEPALIVE_SECONDS:
            silent = 0.0
            yield b": still here\n\n"
        await asyncio.sleep(seconds)
        silent += seconds
