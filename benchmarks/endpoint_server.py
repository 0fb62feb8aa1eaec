"""An OpenAI-compatible chat server on loopback whose speed and faults are chosen: for tests.

    python -m benchmarks.endpoint_server [--port 0] [--latency 0.5 1.5] [--limited-share 0.2]
        [--retry-after 1] ...        (every flag: --help; what each does: endpoint_replies.py)

It listens on 127.0.0.1 alone, prints `{"port": N}` in one line when it does, and ends at SIGTERM.
`GET /stats` returns how often each body was received, answered in full and sent again after that;
`POST /reset` forgets the counts; `GET /v1/models` names one model. A body is known by its bytes
(`body_hash`), and its reply names that hash, so rows to be told apart need different bodies.

    with start_server(latency=(0.5, 1.5), limited_share=0.2) as server:
        ... server.url ... server.stats()["sent_again_after_success"]
"""

import argparse
import asyncio
import json
import os
import resource
import signal
import subprocess
import sys
import types
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from benchmarks.endpoint_http import Connection, Server
from benchmarks.endpoint_replies import Options, body_hash

__all__ = ["Options", "RunningServer", "body_hash", "raise_open_files", "start_server"]

BACKLOG = 4096
"""Connections that may wait to be accepted: clients open 1,024 at once."""


class RunningServer:
    """A server in a process of its own."""

    def __init__(self, port: int, process: subprocess.Popen[str]) -> None:
        self.port = port
        self.process = process
        self.root = f"http://127.0.0.1:{port}"
        self.url = f"{self.root}/v1"
        """What an OpenAI-compatible client is given as its base URL."""

    def stats(self) -> dict[str, Any]:
        """What `GET /stats` returns now."""
        return self._ask(urllib.request.Request(f"{self.root}/stats"))

    def reset(self) -> None:
        """Forgets all counts."""
        self._ask(urllib.request.Request(f"{self.root}/reset", method="POST", data=b""))

    def _ask(self, request: urllib.request.Request) -> dict[str, Any]:
        # A proxy named in the environment must not come between this process and loopback.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as answer:
            found: dict[str, Any] = json.load(answer)
        return found


@contextmanager
def start_server(*, port: int = 0, **options: Any) -> Iterator[RunningServer]:
    """Runs a server in a process of its own for the length of a `with` block.

    Args:
        port: 0 for any that is free.
        options: fields of `Options`; None leaves a field as it is.

    The process ends with the block, and with the calling process should that be killed.
    Raises RuntimeError where the server does not start.
    """
    command = [sys.executable, "-m", "benchmarks.endpoint_server", "--with-stdin"]
    command += ["--port", str(port), *as_flags(options)]
    process = subprocess.Popen(
        command,
        cwd=Path(__file__).resolve().parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the test server did not start: {' '.join(command)}")
        yield RunningServer(json.loads(line)["port"], process)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()


def as_flags(options: dict[str, Any]) -> list[str]:
    """Fields of `Options` as a command line."""
    known = {field.name for field in fields(Options)}
    flags: list[str] = []
    for name, value in options.items():
        if name not in known:
            raise ValueError(f"the test server has no option {name}; it has {sorted(known)}")
        flag = f"--{name.replace('_', '-')}"
        if isinstance(value, bool):
            flags.append(flag if value else f"--no-{flag[2:]}")
        elif isinstance(value, tuple | list):
            flags += [flag, *map(str, value)]
        elif value is not None:
            flags += [flag, str(value)]
    return flags


def parsed(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line: a flag for each field of `Options`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--with-stdin", action="store_true", help="end where standard input ends")
    hints = get_type_hints(Options)
    for field in fields(Options):
        flag, hint = f"--{field.name.replace('_', '-')}", hints[field.name]
        if get_origin(hint) in (Union, types.UnionType):
            hint = get_args(hint)[0]
        if hint is bool:
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=field.default)
        elif get_origin(hint) is tuple:
            parser.add_argument(flag, type=float, nargs=2, default=field.default)
        else:
            parser.add_argument(flag, type=hint, default=field.default)
    return parser.parse_args(arguments)


def raise_open_files() -> None:
    """Lets this process open as many files as the system permits: a connection is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def serve(port: int, options: Options, *, with_stdin: bool) -> None:
    """Serves until SIGTERM or SIGINT."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    if with_stdin:
        loop.add_reader(0, lambda: None if os.read(0, 65536) else ended.set())
    shared = Server(options)
    listening = await loop.create_server(
        lambda: Connection(shared), "127.0.0.1", port, backlog=BACKLOG
    )
    print(json.dumps({"port": listening.sockets[0].getsockname()[1]}), flush=True)
    await ended.wait()
    listening.close()


def main() -> None:
    """Runs the server."""
    given = vars(parsed())
    port, with_stdin = given.pop("port"), given.pop("with_stdin")
    given["latency"] = tuple(given["latency"])
    raise_open_files()
    asyncio.run(serve(port, Options(**given), with_stdin=with_stdin))


if __name__ == "__main__":
    main()
