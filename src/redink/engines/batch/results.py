"""The rows of a result file, as Batch APIs and vLLM's `run_batch` write them.

{"id": "…", "custom_id": "1f0c…", "response": {"status_code": 200, "body": {…}}, "error": null}
"""

import time
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson

from redink.engines.batch.requests import BatchRequest
from redink.engines.endpoint.keys import redact
from redink.engines.endpoint.reply import Answer, Kind, read_answer, tokens_by_length
from redink.engines.engine import Completion
from redink.errors import DataError

Trouble = Literal["unknown", "broken", "torn"]
_UNFINISHED = ("batch_expired", "batch_cancelled", "request_timeout")


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One line of a result file: an answer to a known request, or what is wrong with the line."""

    number: int
    """1-based."""
    key: str = ""
    answer: Answer | None = None
    trouble: Trouble | None = None


def read_rows(path: Path, known: Container[str]) -> Iterator[ResultRow]:
    """The rows of a result file; a line that cannot be read is one of them, and costs no other.

    Args:
        path: the file, one JSON object a line.
        known: the keys that were asked for.

    Raises DataError where the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield _row(number, line, known)
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror or error}); name a file of batch results"
        ) from error


def to_completion(key: str, answer: Answer, request: BatchRequest | None) -> Completion:
    """An answer as a completion; tokens that the server does not report are guessed by length."""
    prompt, completion = answer.prompt_tokens, answer.completion_tokens
    if prompt is None:
        prompt = tokens_by_length(request.characters if request else 0)
    if completion is None:
        completion = tokens_by_length(len(answer.text))
    return Completion(key, 0, answer.text, prompt, completion, answer.finish)


def _row(number: int, line: bytes, known: Container[str]) -> ResultRow:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        return ResultRow(number, trouble="broken" if line.endswith(b"\n") else "torn")
    if not isinstance(row, dict) or not isinstance(row.get("custom_id"), str):
        return ResultRow(number, trouble="broken")
    key = row["custom_id"]
    if key not in known:
        return ResultRow(number, key, trouble="unknown")
    return ResultRow(number, key, _answer(row))


def _answer(row: Mapping[str, Any]) -> Answer:
    response, error = row.get("response"), row.get("error")
    if isinstance(error, dict) and isinstance(error.get("error"), dict):
        error = error["error"]  # as vLLM writes it
    if isinstance(response, dict) and isinstance(response.get("status_code", 200), int):
        body = response.get("body")
        if body is not None or not error:
            raw = orjson.dumps({} if body is None else body)
            return read_answer(response.get("status_code", 200), {}, raw, time.time())
        if response.get("status_code", 200) >= 400:
            raw = orjson.dumps({"error": error})
            return read_answer(response["status_code"], {}, raw, time.time())
    code = str(error.get("code") or "") if isinstance(error, dict) else ""
    message = (error.get("message") if isinstance(error, dict) else error) or "no answer"
    reason = " ".join(redact(f"{code}: {message}" if code else str(message)).split())[:300]
    return Answer(Kind.LATER if code in _UNFINISHED else Kind.AGAIN, reason=reason)
