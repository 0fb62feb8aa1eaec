"""Servers on loopback for the endpoint engine: one with random faults, one that does as told.

The first runs in a process of its own (`benchmarks.endpoint_server`); the second in a thread.
"""

import json
import sys
import threading
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from redink.engines.endpoint.engine import EndpointEngine
from redink.engines.engine import Conversation, Sampling
from redink.errors import RedinkError
from redink.records import Message

ROOT = str(Path(__file__).parents[3])
KEYS = ("OPENAI_API_KEY", "REDINK_API_KEY", "OWN_KEY")
SAMPLING = Sampling(temperature=0.3, top_p=0.95, max_tokens=600)


def conversations(count, start=0):
    """Rows that differ."""
    return [
        Conversation(f"row{n}", (Message("user", f"Critique solution {n}."),))
        for n in range(start, start + count)
    ]


def reply(text="fine", finish="stop", **fields):
    """A chat completion's body."""
    message = {"role": "assistant", "content": text} | fields.pop("message", {})
    usage = {"prompt_tokens": 10, "completion_tokens": 5}
    return {"choices": [{"message": message, "finish_reason": finish}], "usage": usage} | fields


def collected(iterator):
    """What an iterator yields, and what it raises at last."""
    results = []
    try:
        for result in iterator:
            results.append(result)
    except RedinkError as error:
        return results, error
    return results, None


@pytest.fixture(autouse=True)
def no_keys(monkeypatch):
    """No key of the user's in any test, and no waiting between tries."""
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("redink.engines.endpoint.waits.FIRST_WAIT", 0.02)


@pytest.fixture
def server():
    """`server(option=…)` starts the test server and returns it."""
    if ROOT not in sys.path:
        sys.path.insert(0, ROOT)
    from benchmarks.endpoint_server import start_server

    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(start_server(**options))


@pytest.fixture
def engine():
    """`engine(url, …)` opens the engine; it is closed at the end."""
    with ExitStack() as stack:

        def opened(url, model="m", **options):
            made = EndpointEngine(f"endpoint:{model}@{url}", **options)
            stack.callback(made.close, 0.0)
            return made

        yield opened


class Scripted:
    """A server whose every answer comes from `answer(number, body, headers)`.

    That returns a body, or a status and a body, or those and headers; numbers count from 0.
    """

    def __init__(self, answer, port=0):
        self.requests, self.lock = [], threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 65536

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with outer.lock:
                    number = len(outer.requests)
                    outer.requests.append((self.path, body, dict(self.headers)))
                found = answer(number, body, self.headers)
                status, payload, headers = (200, found, {}) if isinstance(found, dict) else found
                data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(data)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def do_GET(self):
                with outer.lock:
                    outer.requests.append((self.path, None, dict(self.headers)))
                found = answer(-1, None, self.headers)
                status = 200 if isinstance(found, dict) else found[0]
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def scripted():
    """`scripted(answer)` starts a Scripted server."""
    with ExitStack() as stack:

        def start(answer, port=0):
            made = Scripted(answer, port)
            stack.callback(made.close)
            return made

        yield start
