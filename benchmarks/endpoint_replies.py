"""What the local test server answers: a reply that the request's body decides, and its faults.

A reply depends on the body alone, so that the same rows give the same texts in every run; its text
names the body's hash. A fault depends on the seed, the body and how often the body has come, so
that a retry may succeed and a run can be repeated. Shares of faults add up to 1 at most.
"""

import hashlib
import json
import time
from dataclasses import dataclass, field
from typing import NamedTuple

FAULTS = (
    "limited",
    "broken",
    "drip",
    "cut",
    "drop",
    "wrong_json",
    "empty_choices",
    "null_content",
    "redirect",
    "hang",
)
"""One of these at most befalls a request; each has a share in `Options`."""
SENTENCES = (
    "The solution first lists what the question gives, which is done correctly. ",
    "In the second line the two amounts are added, and the sum is as it should be. ",
    "Here the rate is applied to the total and not to what is left after the first day. ",
    "Multiplying both sides by the common denominator keeps the equation true. ",
    "The unit changes from hours to minutes, and the factor of sixty is accounted for. ",
    "This value is carried over into the next line without any change. ",
    "The subtraction in this line does not follow from the line before it. ",
    "Checking with the numbers of the question gives the same amount on both sides. ",
)
RANGE = float(2**64)


@dataclass(frozen=True)
class Options:
    """Everything that the server can be told; each field is a flag of the same name."""

    latency: tuple[float, float] = (0.0, 0.0)
    """Seconds before an answer, drawn evenly between the two; random faults wait as long."""
    seed: int = 0
    limited_share: float = 0.0
    """Share of requests answered 429, whatever the load."""
    retry_after: float | None = None
    """Seconds in the Retry-After header of every 429 and 503; no header where left out."""
    capacity: int | None = None
    """429 at once while so many are being answered already."""
    rpm: float | None = None
    """Requests per minute, 429 at once beyond; every answer carries x-ratelimit headers."""
    burst: float | None = None
    """Requests that may come at once under `rpm`; a full minute's where left out."""
    broken_share: float = 0.0
    """Share answered `broken_status`."""
    broken_status: int = 500
    drip_share: float = 0.0
    """Share whose body comes in small pieces over `drip_seconds`."""
    drip_seconds: float = 2.0
    cut_share: float = 0.0
    """Share whose connection is closed in the middle of the body."""
    drop_share: float = 0.0
    """Share whose connection is closed before any answer."""
    wrong_json_share: float = 0.0
    empty_choices_share: float = 0.0
    null_content_share: float = 0.0
    redirect_share: float = 0.0
    redirect_to: str = "http://127.0.0.1:9/v1/chat/completions"
    hang_share: float = 0.0
    """Share that is never answered; the connection stays open."""
    bad_request_share: float = 0.0
    """Share of bodies that are always answered 400."""
    length_share: float = 0.0
    """Share of bodies whose reply ends early, with finish_reason `length`."""
    filter_share: float = 0.0
    """Share of bodies whose reply is withheld, with finish_reason `content_filter`."""
    api_key: str | None = None
    """The only bearer key that is let in; others are answered 401."""
    model: str = "test-model"
    """The name in `GET /v1/models`; requests may name any."""
    reply_bytes: int = 2200
    """Size of the whole JSON body, roughly."""
    usage: bool = True
    """Whether replies carry token counts (a token is counted as four bytes)."""


class Identity(NamedTuple):
    """A request's body, and its draws that no retry changes."""

    hash: str
    verdict: str
    kind: float
    """Evenly between 0 and 1."""


def body_hash(body: bytes) -> str:
    """The name of a body in the server's statistics and in its replies."""
    return hashlib.blake2b(body, digest_size=8).hexdigest()


def identify(body: bytes, seed: int) -> Identity:
    """The body's hash and what follows from it."""
    name = body_hash(body)
    drawn = hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=8).digest()
    verdict = "right" if int(name[-1], 16) % 2 else "wrong"
    return Identity(name, verdict, int.from_bytes(drawn, "big") / RANGE)


def attempt_draws(name: str, attempt: int, seed: int) -> tuple[float, float]:
    """Two numbers evenly between 0 and 1 for one arrival of a body: for latency and fault."""
    drawn = hashlib.blake2b(f"{seed}:{name}:{attempt}".encode(), digest_size=16).digest()
    return int.from_bytes(drawn[:8], "big") / RANGE, int.from_bytes(drawn[8:], "big") / RANGE


@dataclass
class Replies:
    """Bodies of answers, made once and filled in."""

    options: Options
    _shares: list[tuple[float, str]] = field(default_factory=list)
    _filling: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        total = 0.0
        for fault in FAULTS:
            share: float = getattr(self.options, f"{fault}_share")
            total += share
            if share:
                self._shares.append((total, fault))
        if total > 1 + 1e-9:
            raise ValueError(f"the shares of faults add up to {total}, more than 1")
        size = max(0, self.options.reply_bytes - 380)
        for first in range(len(SENTENCES)):
            turned = "".join(SENTENCES[first:] + SENTENCES[:first])
            self._filling.append((turned * (size // len(turned) + 1))[:size].rpartition(" ")[0])

    def fault(self, draw: float) -> str | None:
        """The fault for a draw between 0 and 1, if any."""
        for bound, fault in self._shares:
            if draw < bound:
                return fault
        return None

    def is_bad_request(self, identity: Identity) -> bool:
        """Whether the body is one of those always refused."""
        return identity.kind >= 1 - self.options.bad_request_share

    def text(self, identity: Identity) -> str:
        """The critique for a body: without its conclusion where it ends early."""
        filling = self._filling[int(identity.hash[0], 16) % len(self._filling)]
        if identity.kind < self.options.length_share:
            return f"Critique {identity.hash}. {filling[: len(filling) // 2]}"
        return f"Critique {identity.hash}. {filling}\n\nConclusion: {identity.verdict} [END]"

    def completion(self, identity: Identity, fault: str | None, prompt_bytes: int) -> bytes:
        """The body of a 200, spoiled as the fault says."""
        share, filtered = self.options.length_share, self.options.filter_share
        is_filtered = share <= identity.kind < share + filtered
        text = "" if is_filtered else self.text(identity)
        finish = "length" if identity.kind < share else "content_filter" if is_filtered else "stop"
        content = None if is_filtered or fault == "null_content" else text
        message = {"role": "assistant", "content": content}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
        reply: dict[str, object] = {
            "id": f"chatcmpl-{identity.hash}",
            "object": "chat.completion",
            "created": 1700000000,
            "model": self.options.model,
            "choices": [] if fault == "empty_choices" else [choice],
        }
        if self.options.usage:
            prompt, completion = prompt_bytes // 4, len(text) // 4
            counts = {"prompt_tokens": prompt, "completion_tokens": completion}
            reply["usage"] = counts | {"total_tokens": prompt + completion}
        body = json.dumps(reply).encode()
        return body[:-2] + b',,"' if fault == "wrong_json" else body


@dataclass
class Bucket:
    """Requests per minute as hosted services count them: a bucket that fills steadily."""

    rpm: float
    burst: float
    level: float = 0.0
    at: float = 0.0

    def __post_init__(self) -> None:
        self.level, self.at = self.burst, time.monotonic()

    def take(self) -> bool:
        """Takes one request; False where none is left."""
        now = time.monotonic()
        self.level = min(self.burst, self.level + (now - self.at) * self.rpm / 60)
        self.at = now
        if self.level < 1:
            return False
        self.level -= 1
        return True

    @property
    def wait(self) -> float:
        """Seconds until one more request fits."""
        return max(0.0, (1 - self.level) * 60 / self.rpm)

    def headers(self) -> str:
        """The x-ratelimit headers, each line with its end."""
        full = (self.burst - self.level) * 60 / self.rpm
        return (
            f"x-ratelimit-limit-requests: {self.rpm:g}\r\n"
            f"x-ratelimit-remaining-requests: {int(self.level)}\r\n"
            f"x-ratelimit-reset-requests: {full:.3f}s\r\n"
        )
