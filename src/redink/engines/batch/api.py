"""A Batch API over HTTP: upload, create, look, cancel, download.

Standard library alone: a batch takes a dozen requests, one after the other, over hours. It
follows no redirect, takes no proxy from the environment and sends the key to no other host.
"""

import http.client
import ssl
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import orjson

from redink.engines.endpoint.address import Address
from redink.engines.endpoint.keys import redact
from redink.engines.endpoint.reply import Answer, Kind, read_answer
from redink.errors import ModelError, StorageError

TRIES = 8
"""Of a request that may be sent again: two minutes."""
PATIENT_TRIES = 40
"""Of a look at a batch that is under way: half an hour."""
LONGEST_WAIT = 60.0
"""Seconds between two of them, where the server names none."""
_PIECE = 1 << 20
Body = bytes | tuple[bytes, ...] | None
_TROUBLES = (OSError, http.client.HTTPException)


class Unanswered(Exception):
    """Nobody knows whether the server did what it was asked."""


@dataclass(frozen=True)
class Batch:
    """A batch as the server describes it."""

    id: str
    status: str
    """`validating`, `in_progress`, `finalizing`, `completed`, `expired`, `failed`, …"""
    input_file: str
    token: str
    """What redink named it when it was made, if the server keeps such things."""
    output_file: str
    error_file: str
    total: int
    completed: int
    failed: int
    errors: tuple[tuple[str, str], ...]
    """Codes and messages of a batch that was refused."""

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> "Batch":
        """From the server's JSON."""
        body = body["job"] if isinstance(body.get("job"), dict) else body
        counts, errors = body.get("request_counts") or {}, body.get("errors") or []
        errors = errors.get("data") or [] if isinstance(errors, dict) else errors
        return cls(
            id=str(body.get("id") or ""),
            status=str(body.get("status") or "").lower(),
            input_file=str(body.get("input_file_id") or ""),
            token=str((body.get("metadata") or {}).get("redink") or ""),
            output_file=str(body.get("output_file_id") or ""),
            error_file=str(body.get("error_file_id") or ""),
            total=int(counts.get("total") or 0),
            completed=int(counts.get("completed") or 0),
            failed=int(counts.get("failed") or 0),
            errors=tuple(
                (str(error.get("code") or ""), redact(str(error.get("message") or "")))
                for error in errors
                if isinstance(error, dict)
            ),
        )

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in ("completed", "expired", "failed", "cancelled")


class BatchApi:
    """The Batch API of one server.

    Args:
        address: whose model answers.
        key: its API key, if it wants one.
        timeout: seconds without a byte after which a request has failed.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        address: Address,
        key: str | None,
        timeout: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url, self._key, self._timeout, self._sleep = address.url, key, timeout, sleep
        self._parts = urlsplit(address.url)

    def upload(self, name: str, lines: Collection[bytes]) -> str:
        """Uploads a file of requests; its id. It may be sent again: uploads cost nothing."""
        edge = f"redink-{name}"
        head = (
            f'--{edge}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
            f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: application/jsonl\r\n\r\n"
        )
        body = (head.encode(), *lines, f"\r\n--{edge}--\r\n".encode())
        kind = {
            "Content-Type": f"multipart/form-data; boundary={edge}",
            "Content-Length": str(sum(map(len, body))),
        }
        return str(self._json("POST", "/files", body, kind).get("id") or "")

    def create(self, file_id: str, endpoint: str, token: str) -> Batch:
        """Makes a batch of an uploaded file, once.

        Raises Unanswered where the server may have made it without saying so, ModelError where it
        refuses.
        """
        body = {
            "input_file_id": file_id,
            "endpoint": endpoint,
            "completion_window": "24h",
            "metadata": {"redink": token},
        }
        kind = {"Content-Type": "application/json"}
        for wait in self._waits():
            try:
                status, headers, raw = self._ask("POST", "/batches", orjson.dumps(body), kind)
            except ConnectionRefusedError as error:
                answer = Answer(Kind.UNREACHABLE, reason=redact(str(error)))
            except _TROUBLES as error:
                raise Unanswered(redact(str(error) or type(error).__name__)) from error
            else:
                if 200 <= status < 300:
                    batch = _read_json(raw)
                    if batch is None or not Batch.read(batch).id:
                        raise Unanswered("the reply names no batch")
                    return Batch.read(batch)
                answer = read_answer(status, headers, raw, time.time())
                if status >= 500 or status == 408:
                    raise Unanswered(answer.reason)
            self._go_on(answer, wait)
        raise AssertionError("unreachable")

    def batch(self, batch_id: str) -> Batch:
        """How a batch stands; waits longer for the server than other requests do."""
        path = f"/batches/{quote(batch_id, safe='')}"
        return Batch.read(self._json("GET", path, tries=PATIENT_TRIES))

    def cancel(self, batch_id: str) -> Batch:
        """Asks for a batch to be cancelled."""
        return Batch.read(self._json("POST", f"/batches/{quote(batch_id, safe='')}/cancel", b""))

    def batches(self) -> Iterator[Batch]:
        """The account's batches."""
        after, seen = "", set[str]()
        while True:
            page = self._json("GET", f"/batches?limit=100{after}")
            found = [Batch.read(body) for body in page.get("data") or []]
            found = [batch for batch in found if batch.id not in seen]
            yield from found
            if not found or not page.get("has_more"):
                return
            seen.update(batch.id for batch in found)
            after = f"&after={quote(found[-1].id, safe='')}"

    def download(self, file_id: str, target: Path) -> None:
        """Writes a file of results to `target`, whole.

        Raises ModelError where it cannot be had, StorageError where it cannot be written.
        """
        for wait in self._waits():
            try:
                answer = self._download(f"/files/{quote(file_id, safe='')}/content", target)
            except StorageError:
                raise
            except _TROUBLES as error:
                answer = self._trouble(error)
            if answer is None:
                return
            self._go_on(answer, wait)

    def _download(self, path: str, target: Path) -> Answer | None:
        connection = self._connect()
        try:
            connection.request("GET", f"{self._parts.path}{path}", headers=self._headers())
            response = connection.getresponse()
            if response.status != 200:
                raw = response.read(_PIECE)
                return read_answer(response.status, dict(response.headers), raw, time.time())
            promised, size = response.length, 0
            with _writing(target) as stream:
                while piece := response.read(_PIECE):
                    _write(stream, piece, target)
                    size += len(piece)
            if promised is not None and size != promised:
                return Answer(Kind.AGAIN, reason=f"the file broke off after {size} bytes")
            return None
        finally:
            connection.close()

    def _json(
        self,
        method: str,
        path: str,
        body: Body = None,
        headers: Any = None,
        tries: int = TRIES,
    ) -> dict[str, Any]:
        """The JSON of a request that may be sent again."""
        for wait in self._waits(tries):
            try:
                status, got, raw = self._ask(method, path, body, headers or {})
            except _TROUBLES as error:
                answer = self._trouble(error)
            else:
                found = _read_json(raw)
                if 200 <= status < 300 and found is not None:
                    return found
                answer = read_answer(status, got, raw, time.time())
            self._go_on(answer, wait)
        raise AssertionError("unreachable")

    def _ask(
        self, method: str, path: str, body: Body, headers: Mapping[str, str]
    ) -> tuple[int, Mapping[str, str], bytes]:
        connection = self._connect()
        try:
            everything = self._headers() | dict(headers)
            connection.request(method, f"{self._parts.path}{path}", body, everything)
            response = connection.getresponse()
            return response.status, dict(response.headers), response.read()
        finally:
            connection.close()

    def _headers(self) -> dict[str, str]:
        headers = {"User-Agent": "redink"}
        return headers | ({"Authorization": f"Bearer {self._key}"} if self._key else {})

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(host, port, timeout=self._timeout, context=context)
        return http.client.HTTPConnection(host, port, timeout=self._timeout)

    def _trouble(self, error: Exception) -> Answer:
        kind = Kind.FATAL if isinstance(error, ssl.SSLCertVerificationError) else Kind.AGAIN
        return Answer(kind, reason=redact(str(error) or type(error).__name__))

    def _waits(self, tries: int = TRIES) -> Iterator[float | None]:
        """Seconds after each try, None after the last."""
        for number in range(tries - 1):
            yield min(LONGEST_WAIT, 2.0**number)
        yield None

    def _go_on(self, answer: Answer, wait: float | None) -> None:
        """Waits for the next try; raises ModelError where there is none."""
        again = answer.kind in (Kind.AGAIN, Kind.LATER, Kind.UNREACHABLE)
        if wait is None or not again:
            raise ModelError(
                f"{self.url}: the Batch API cannot be used ({answer.reason}); what was submitted "
                "goes on there: run the same command again to go on, or use the engine endpoint"
            )
        self._sleep(wait if answer.wait is None else answer.wait)


def _read_json(raw: bytes) -> dict[str, Any] | None:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None


def _writing(target: Path) -> Any:
    try:
        return target.open("wb")
    except OSError as error:
        raise _unwritable(target, error) from error


def _write(stream: Any, piece: bytes, target: Path) -> None:
    try:
        stream.write(piece)
        stream.flush()
    except OSError as error:
        raise _unwritable(target, error) from error


def _unwritable(target: Path, error: OSError) -> StorageError:
    return StorageError(
        f"{target}: cannot be written ({error.strerror or error}); free disk space, then run the "
        "same command again"
    )
