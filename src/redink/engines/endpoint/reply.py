"""What an endpoint's answer means: a completion, try again, wait, refused, or stop everything."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

import orjson

from redink.engines.endpoint.keys import redact
from redink.engines.endpoint.request import MAX_COMPLETION_TOKENS
from redink.engines.endpoint.waits import retry_after

CHARACTERS_PER_TOKEN = 3.5
"""Where a server reports no usage."""
SHOWN = 300
"""Characters of a server's message that are shown."""
Finish = Literal["stop", "length", "filter"]
_FINISHES: Mapping[str, Finish] = {
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "filter",
}


class Kind(Enum):
    """What to do about an answer."""

    DONE = "done"
    AGAIN = "again"
    """It failed; send it again, a limited number of times."""
    LATER = "later"
    """The server pushes back; send it again as often as it takes."""
    UNREACHABLE = "unreachable"
    """No connection at all."""
    RENAME = "rename"
    """The model wants the token limit under its other name."""
    REFUSED = "refused"
    """This request will never be answered."""
    FATAL = "fatal"
    """No request will."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An endpoint's answer to one request."""

    kind: Kind
    text: str = ""
    finish: Finish = "stop"
    prompt_tokens: int | None = None
    """None where the server reports no usage."""
    completion_tokens: int | None = None
    reason: str = ""
    """One line, redacted, where it is no completion."""
    wait: float | None = None
    """Seconds that the server asks to wait."""
    is_overload: bool = False
    """Whether fewer requests at a time may help."""


def read_answer(status: int, headers: Mapping[str, str], raw: bytes, wall: float) -> Answer:
    """What a whole HTTP answer means.

    Args:
        status: of the HTTP answer.
        headers: by names in any case.
        raw: the body.
        wall: seconds since the epoch.
    """
    body = _json(raw)
    if 200 <= status < 300:
        if not isinstance(body, dict):
            return Answer(Kind.AGAIN, reason=f"the reply is not JSON: {_shown(raw)}")
        error = body.get("error")
        if error and not body.get("choices"):
            code = error.get("code") if isinstance(error, dict) else None
            code = code if isinstance(code, int) and 400 <= code < 600 else 500
            return _failed(code, headers, body, raw, wall)
        return _completion(body)
    return _failed(status, headers, body, raw, wall)


def tokens_by_length(characters: int) -> int:
    """Tokens in so many characters, roughly."""
    return math.ceil(characters / CHARACTERS_PER_TOKEN)


def _completion(body: dict[str, Any]) -> Answer:
    prompt, completion = _usage(body.get("usage"))
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        reason = "the reply has no choices"
        return Answer(Kind.AGAIN, "", "stop", prompt, completion, reason)
    message = choice.get("message")
    message = message if isinstance(message, dict) else {}
    finish: Finish = _FINISHES.get(str(choice.get("finish_reason")), "stop")
    text = _text(message["content"] if "content" in message else choice.get("text"))
    refusal = message.get("refusal")
    if isinstance(refusal, str) and refusal:
        text, finish = text or refusal, "filter"
    thought = message.get("reasoning_content") or message.get("reasoning")
    if text is None and finish == "stop" and not thought:
        reason = "the reply has no content"
        return Answer(Kind.AGAIN, "", "stop", prompt, completion, reason)
    return Answer(Kind.DONE, text or "", finish, prompt, completion)


def _failed(status: int, headers: Mapping[str, str], body: Any, raw: bytes, wall: float) -> Answer:
    message, code = _message(body, raw)
    reason = f"{status}: {message}" if message else f"status {status}"
    wait = retry_after(headers, wall)
    if status == 429:
        if code == "insufficient_quota":
            return Answer(Kind.FATAL, reason=f"{reason}; check the account's plan and billing")
        return Answer(Kind.LATER, reason=reason, wait=wait, is_overload=True)
    if status in (408, 409, 425) or status >= 500:
        return Answer(Kind.AGAIN, reason=reason, wait=wait, is_overload=status >= 502)
    if status in (401, 403):
        return Answer(Kind.FATAL, reason=f"{reason}; check the key and what it may use")
    if status in (404, 405, 410):
        hint = "check the model's name and the URL (most end in /v1)"
        return Answer(Kind.FATAL, reason=f"{reason}; {hint}")
    if status == 402:
        return Answer(Kind.FATAL, reason=f"{reason}; check the account's credit")
    if 300 <= status < 400:
        target = redact(headers.get("location", ""))[:SHOWN]
        reason = f"{status}: a redirect to {target or 'nowhere'}, which is not followed"
        return Answer(Kind.FATAL, reason=f"{reason}; name the final URL if you trust it")
    if status == 400 and MAX_COMPLETION_TOKENS in message:
        return Answer(Kind.RENAME, reason=reason)
    return Answer(Kind.REFUSED, reason=reason)


def _json(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        pass
    try:
        # Half of a surrogate pair is refused by orjson, and yet sent by servers that cut texts.
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _text(content: Any) -> str | None:
    """Content as text, its parts joined where it is a list of them; None where there is none."""
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        content = "".join(part for part in parts if isinstance(part, str))
    if not isinstance(content, str):
        return None
    try:
        content.encode()
    except UnicodeEncodeError:
        return content.encode("utf-8", "replace").decode()
    return content


def _usage(usage: Any) -> tuple[int | None, int | None]:
    usage = usage if isinstance(usage, dict) else {}
    counts = (usage.get("prompt_tokens"), usage.get("completion_tokens"))
    prompt, completion = (n if isinstance(n, int) and n >= 0 else None for n in counts)
    return prompt, completion


def _message(body: Any, raw: bytes) -> tuple[str, str]:
    """A server's message, in one redacted line, and its code."""
    error = body.get("error", body) if isinstance(body, dict) else body
    code = ""
    if isinstance(error, dict):
        code = str(error.get("code") or error.get("type") or "")
        text = error.get("message") or error.get("detail")
        if text:
            return _line(str(text)), code
    elif isinstance(error, str):
        return _line(error), code
    return _shown(raw), code


def _shown(raw: bytes) -> str:
    return _line(raw[: 20 * SHOWN].decode("utf-8", "replace"))


def _line(text: str) -> str:
    line = " ".join(redact(text).split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}…"
