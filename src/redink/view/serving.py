"""Opening a port and serving the viewer on it."""

import contextlib
import ipaddress
import re
import socket
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from redink.errors import UsageError
from redink.view.app import make_app
from redink.view.guard import LOOPBACK
from redink.view.run import ViewedRun

PORT = 8642
"""Tried first where none is asked for; else any free one."""
TOKEN = re.compile(r"[A-Za-z0-9_-]{8,200}")


@dataclass(frozen=True)
class Opened:
    """A port that is open."""

    socket: socket.socket
    host: str
    token: str | None

    @property
    def address(self) -> str:
        """What to type into a browser on this machine, with the token."""
        port = self.socket.getsockname()[1]
        host = "127.0.0.1" if self.host in ("0.0.0.0", "localhost") else self.host
        host = "::1" if host == "::" else host
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{port}/" + (f"?token={self.token}" if self.token else "")


def open_port(host: str, port: int | None, token: str | None) -> Opened:
    """Binds a socket.

    Args:
        host: An address of this machine; other than loopback only with a token.
        port: 0 for any free one; 8642 or any free one where None.
        token: Letters, digits, `-` and `_`, eight or more.

    Raises UsageError for another host without a token, a weak token, and a port that is taken.
    """
    if token is not None and not TOKEN.fullmatch(token):
        raise UsageError("--token: give 8 to 200 letters, digits, - or _; or `auto` to have one")
    if not is_loopback(host) and token is None:
        raise UsageError(
            f"--host {host}: other machines could read and write the run; add --token auto, or "
            "leave --host out"
        )
    for candidate in (PORT, 0) if port is None else (port,):
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            return Opened(socket.create_server((host, candidate), family=family), host, token)
        except OSError as error:
            if candidate == 0 or port is not None:
                raise UsageError(
                    f"--host {host} --port {candidate}: cannot be opened ({error.strerror}); "
                    "leave --port out to have a free one"
                ) from None
    raise AssertionError("a free port is always tried last")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def serve(
    folder: Path,
    opened: Opened,
    *,
    author: str,
    browser: bool,
    say: Callable[[str], None],
) -> None:
    """Serves a run until interrupted.

    Args:
        folder: Of the run, or of one stage.
        opened: From `open_port`.
        author: Who reviews.
        browser: Whether to open the page.
        say: Prints a line.
    """
    hosts = (*LOOPBACK, opened.host) if is_loopback(opened.host) else None
    app = make_app(ViewedRun(folder), author=author, token=opened.token, hosts=hosts)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, lifespan="off",
        proxy_headers=False, timeout_graceful_shutdown=1,
    )  # fmt: skip
    threading.Thread(target=_warm, daemon=True).start()
    say(f"viewing {folder} at {opened.address}")
    say("Ctrl+C ends it.")
    if browser:
        threading.Timer(0.3, webbrowser.open, [opened.address]).start()
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[opened.socket])


def _warm() -> None:
    """Imports what the first answers need while the browser opens: pyarrow imports pandas with the
    first array that it makes, which took 0.4 s of a first page."""
    import pyarrow as pa

    from redink.mathml import mathml

    pa.array([""])
    mathml("x")
