"""The local test server's side of HTTP/1.1: one object per connection, one request at a time."""

import asyncio
import json
import resource
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from benchmarks.endpoint_replies import Bucket, Identity, Options, Replies, attempt_draws, identify

REASONS = {200: "OK", 302: "Found", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found"}
REASONS |= {429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable"}
PIECES = 20
"""Pieces of a body that drips."""


@dataclass
class Counts:
    """What came and what went since the start or the last reset."""

    received: Counter[str] = field(default_factory=Counter)
    """By body: arrivals."""
    answered: Counter[str] = field(default_factory=Counter)
    """By body: whole, unspoiled answers of status 200."""
    again: Counter[str] = field(default_factory=Counter)
    """By body: arrivals after a whole answer."""
    statuses: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    abandoned: int = 0
    """Requests whose client left before the answer."""
    in_flight: int = 0
    peak_in_flight: int = 0
    connections: int = 0
    open: int = 0
    peak_open: int = 0

    def as_json(self) -> dict[str, Any]:
        """What `GET /stats` returns."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "requests": self.received.total(),
            "bodies": len(self.received),
            "answered": self.answered.total(),
            "bodies_answered": len(self.answered),
            "sent_again_after_success": self.again.total(),
            "sent_again": sorted(self.again),
            "by_status": dict(self.statuses),
            "by_fault": dict(self.faults),
            "abandoned": self.abandoned,
            "in_flight": self.in_flight,
            "peak_in_flight": self.peak_in_flight,
            "connections": self.connections,
            "peak_connections": self.peak_open,
            "server_cpu_seconds": used.ru_utime + used.ru_stime,
            "received_by_body": dict(self.received),
            "answered_by_body": dict(self.answered),
        }


class Server:
    """What all connections share."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.replies = Replies(options)
        self.bucket = Bucket(options.rpm, options.burst or options.rpm) if options.rpm else None
        self.counts = Counts()

    def reset(self) -> None:
        """Forgets all counts, so that bodies come for the first time again."""
        now = self.counts
        self.counts = Counts(in_flight=now.in_flight, open=now.open)


class Connection(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport
        self.waiting = b""
        self.is_busy = False
        self.is_open = False
        self.timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.is_open = transport, True
        counts = self.server.counts
        counts.connections += 1
        counts.open += 1
        counts.peak_open = max(counts.peak_open, counts.open)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone, or was sent away."""
        self.is_open = False
        self.server.counts.open -= 1
        if self.is_busy:
            self.is_busy = False
            self.server.counts.in_flight -= 1
            self.server.counts.abandoned += 1
        if self.timer:
            self.timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Some bytes of a request."""
        self.waiting = self.waiting + data if self.waiting else data
        if not self.is_busy:
            self.next_request()

    def next_request(self) -> None:
        """Handles the request that is whole, if one is."""
        end = self.waiting.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.waiting[:end].lower()
        start, size = end + 4, 0
        at = head.find(b"\r\ncontent-length:")
        if at >= 0:
            size = int(head[at + 17 :].split(b"\r\n", 1)[0])
        elif b"\r\ntransfer-encoding:" in head:
            self.send(400, b'{"error": {"message": "send a Content-Length"}}')
            self.transport.close()
            return
        if len(self.waiting) < start + size:
            if b"\r\nexpect: 100-continue" in head and len(self.waiting) == start:
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return
        line = self.waiting[: self.waiting.find(b"\r\n")]
        raw_head, body = self.waiting[:end], self.waiting[start : start + size]
        self.waiting = self.waiting[start + size :]
        self.handle(line, raw_head, body)

    def handle(self, line: bytes, head: bytes, body: bytes) -> None:
        """Sends a request where it belongs."""
        method, _, rest = line.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0].rstrip(b"/")
        if method == b"GET" and path == b"/stats":
            self.send(200, json.dumps(self.server.counts.as_json()).encode())
        elif method == b"POST" and path == b"/reset":
            self.server.reset()
            self.send(200, b"{}")
        elif not self.is_known(head):
            self.server.counts.statuses["401"] += 1
            self.send(401, error_body("invalid_api_key", "Incorrect API key provided."))
        elif method == b"GET" and path.endswith(b"/models"):
            listed = [{"id": self.server.options.model, "object": "model", "owned_by": "test"}]
            self.send(200, json.dumps({"object": "list", "data": listed}).encode())
        elif method == b"POST" and path.endswith(b"/chat/completions"):
            self.chat(body)
            return
        else:
            self.send(404, error_body("not_found", "There is nothing here."))
        self.after_answer()

    def is_known(self, head: bytes) -> bool:
        """Whether the request carries the key, where one is asked for."""
        key = self.server.options.api_key
        return key is None or f"bearer {key}".encode().lower() in head.lower()

    def chat(self, body: bytes) -> None:
        """Answers a chat completion, now or after its latency."""
        server, counts = self.server, self.server.counts
        identity = identify(body, server.options.seed)
        name = identity.hash
        counts.received[name] += 1
        if name in counts.answered:
            counts.again[name] += 1
        capacity = server.options.capacity
        if capacity is not None and counts.in_flight >= capacity:
            self.refuse("capacity")
            return
        if server.bucket and not server.bucket.take():
            self.refuse("rpm")
            return
        waited, drawn = attempt_draws(name, counts.received[name], server.options.seed)
        low, high = server.options.latency
        self.is_busy = True
        counts.in_flight += 1
        counts.peak_in_flight = max(counts.peak_in_flight, counts.in_flight)
        fault = server.replies.fault(drawn)
        if fault:
            counts.faults[fault] += 1
        if fault == "hang":
            return
        delay = low + (high - low) * waited
        if delay:
            self.timer = self.loop.call_later(delay, self.answer, identity, fault, len(body))
        else:
            self.answer(identity, fault, len(body))

    def refuse(self, why: str) -> None:
        """429 at once."""
        self.server.counts.faults[why] += 1
        self.send_status(429)
        self.after_answer()

    def answer(self, identity: Identity, fault: str | None, size: int) -> None:
        """The answer to a chat completion, after its latency."""
        self.timer = None
        server = self.server
        if server.replies.is_bad_request(identity):
            self.send_status(400)
        elif fault == "limited":
            self.send_status(429)
        elif fault == "broken":
            self.send_status(server.options.broken_status)
        elif fault == "redirect":
            server.counts.statuses["302"] += 1
            self.send(302, b"", f"Location: {server.options.redirect_to}\r\n")
        elif fault == "drop":
            self.transport.close()
        else:
            body = server.replies.completion(identity, fault, size)
            server.counts.statuses["200"] += 1
            if fault == "cut":
                self.transport.write(self.head(200, len(body)) + body[: len(body) // 2])
                self.transport.close()
            elif fault == "drip":
                self.transport.write(self.head(200, len(body)))
                self.drip(identity, body, 0)
                return
            else:
                is_whole = fault is None and not self.transport.is_closing()
                self.send(200, body)
                if is_whole:
                    server.counts.answered[identity.hash] += 1
        self.finished()

    def drip(self, identity: Identity, body: bytes, sent: int) -> None:
        """One piece of a slow body, and the next after a while."""
        self.timer = None
        piece = -(-len(body) // PIECES)
        self.transport.write(body[sent : sent + piece])
        if sent + piece < len(body):
            wait = self.server.options.drip_seconds / (PIECES - 1)
            self.timer = self.loop.call_later(wait, self.drip, identity, body, sent + piece)
            return
        self.server.counts.answered[identity.hash] += 1
        self.finished()

    def finished(self) -> None:
        """The answer is written."""
        if self.is_busy:
            self.is_busy = False
            self.server.counts.in_flight -= 1
        self.after_answer()

    def after_answer(self) -> None:
        """Goes on with a request that came meanwhile."""
        if self.waiting and self.is_open and not self.transport.is_closing():
            self.next_request()

    def send_status(self, status: int) -> None:
        """An answer that is an error."""
        self.server.counts.statuses[str(status)] += 1
        after, bucket = self.server.options.retry_after, self.server.bucket
        more = ""
        if status in (429, 503) and after is not None:
            more = f"Retry-After: {after:g}\r\n"
        elif status == 429 and bucket and bucket.level < 1:
            more = f"Retry-After: {bucket.wait:.3f}\r\n"
        self.send(
            status, error_body(REASONS.get(status, "Error").lower(), f"status {status}"), more
        )

    def send(self, status: int, body: bytes, more: str = "") -> None:
        """Writes a whole answer."""
        if not self.transport.is_closing():
            self.transport.write(self.head(status, len(body), more) + body)

    def head(self, status: int, size: int, more: str = "") -> bytes:
        """The status line and the headers."""
        limits = self.server.bucket.headers() if self.server.bucket else ""
        return (
            f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}\r\n"
            f"Content-Type: application/json\r\n{limits}{more}Content-Length: {size}\r\n\r\n"
        ).encode()


def error_body(kind: str, message: str) -> bytes:
    """An error as OpenAI's API words it."""
    return json.dumps({"error": {"message": message, "type": kind, "code": kind}}).encode()
