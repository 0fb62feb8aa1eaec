"""The requests of a batch: one line of JSON each, under the journal's key as its custom id.

{"custom_id": "1f0c…", "method": "POST", "url": "/v1/chat/completions", "body": {"model": …}}
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from redink.engines.endpoint.request import (
    MAX_TOKENS,
    check_extra,
    request_body,
    request_key,
    request_path,
)
from redink.engines.engine import Conversation, Sampling
from redink.engines.items import check
from redink.engines.journal import Journal
from redink.errors import DataError, UsageError


@dataclass(frozen=True)
class Limits:
    """What one file may hold; the defaults are OpenAI's."""

    requests: int = 50_000
    size: int = 200_000_000
    """Bytes."""

    def __post_init__(self) -> None:
        if self.requests < 1 or self.size < 1:
            raise UsageError("batch limits: requests and size must be 1 or more")


@dataclass(frozen=True)
class BatchRequest:
    """One completion to be asked for, and who asked for it."""

    key: str
    """In the journal, and the request's custom id."""
    conversation: Conversation
    sample: int
    askers: list[tuple[str, int]] = field(default_factory=list, compare=False)
    """Conversation ids and sample indices that come to this key."""

    @property
    def url(self) -> str:
        """The path that a batch server wants named, whatever its own base URL is."""
        return f"/v1{request_path(self.conversation)}"

    @property
    def characters(self) -> int:
        """Of its prompt."""
        if self.conversation.raw is not None:
            return len(self.conversation.raw)
        return sum(len(message.content) for message in self.conversation.messages)

    def line(
        self,
        model: str,
        sampling: Sampling,
        extra: Mapping[str, Any] | None = None,
        limit: str = MAX_TOKENS,
    ) -> bytes:
        """The request as a line of a batch file; `limit` is the field with the token limit."""
        body = request_body(model, self.conversation, sampling, extra, self.sample, limit=limit)
        row = {"custom_id": self.key, "method": "POST", "url": self.url, "body": body}
        return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def requests_for(
    conversations: Sequence[Conversation],
    sampling: Sampling,
    *,
    model: str,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, BatchRequest]:
    """Every completion that is asked for, once, under its key.

    Raises UsageError for impossible sampling settings or fields of `extra` that redink sets.
    """
    check(sampling)
    fields = check_extra(extra)
    found: dict[str, BatchRequest] = {}
    for conversation in conversations:
        for sample in range(sampling.samples):
            key = request_key(model, conversation, sampling, fields, sample)
            request = found.setdefault(key, BatchRequest(key, conversation, sample))
            request.askers.append((conversation.id, sample))
    return found


def requests_missing(
    conversations: Sequence[Conversation],
    sampling: Sampling,
    *,
    model: str,
    journal: Journal | None,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, BatchRequest]:
    """The requests whose completions are not in the journal, by key."""
    wanted = requests_for(conversations, sampling, model=model, extra=extra)
    for key in journal.get(list(wanted)) if journal else ():
        del wanted[key]
    return wanted


def in_files(lines: Iterable[tuple[str, bytes]], limits: Limits) -> Iterator[dict[str, bytes]]:
    """Lines by key, in groups that each fit into one file.

    Raises DataError for a request that fits into none.
    """
    group: dict[str, bytes] = {}
    size = 0
    for key, line in lines:
        if len(line) > limits.size:
            raise DataError(
                f"batch: the request {key} has {len(line)} bytes, a file may have {limits.size}; "
                "shorten the prompt or raise the limit"
            )
        if len(group) == limits.requests or size + len(line) > limits.size:
            yield group
            group, size = {}, 0
        group[key] = line
        size += len(line)
    if group:
        yield group
