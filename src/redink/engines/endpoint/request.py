"""What an endpoint is asked: the body of a request, where it goes, and its key in the journal."""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from redink.engines.engine import Conversation, Sampling
from redink.errors import DataError, UsageError
from redink.records import Json

RESERVED = ("model", "messages", "prompt", "n", "stream")
"""Fields of a body that `extra` must not set."""
GO_ON = "continue_final_message"
"""vLLM's and SGLang's field that has an assistant's last message gone on with."""
MAX_TOKENS, MAX_COMPLETION_TOKENS = "max_tokens", "max_completion_tokens"


def request_key(
    model: str,
    conversation: Conversation,
    sampling: Sampling,
    extra: Mapping[str, Any] | None = None,
    sample: int = 0,
) -> str:
    """The journal's key: a content hash of everything that a completion depends on.

    The URL is not part of it, nor how a server wants the token limit named: a model is the same
    model behind another address. A greedy completion depends on no seed, nucleus or sample index.

    Args:
        model: the name that the endpoint knows the model by.
        conversation: messages or a raw text; its id is not part of the key.
        sampling: its settings; `samples` is not part of the key.
        extra: what is merged into the body.
        sample: 0-based index among the conversation's completions.

    Raises DataError where a text is no Unicode (half of a surrogate pair), UsageError where the
    beginning of an answer is to be gone on with and `extra` does not say that the server can.
    """
    if conversation.is_begun and not (extra or {}).get(GO_ON):
        raise UsageError(
            f"conversation {conversation.id}: a server answers a message in place of going on "
            "with it; use a model that runs in this machine, or, where the server knows the field, "
            f"an endpoint with extra: {{{GO_ON}: true}}"
        )
    drawn = sampling.temperature > 0
    content = [
        "endpoint",
        model,
        [[message.role, message.content] for message in conversation.messages],
        conversation.raw,
        float(sampling.temperature),
        [float(sampling.top_p), sampling.seed, sample] if drawn else None,
        sampling.max_tokens,
        list(sampling.stop),
        dict(extra or {}),
    ]
    try:
        data = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        raise DataError(
            f"conversation {conversation.id}: its text cannot be sent ({error}); clean the text"
        ) from error
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def request_body(
    model: str,
    conversation: Conversation,
    sampling: Sampling,
    extra: Mapping[str, Any] | None = None,
    sample: int = 0,
    *,
    limit: str = MAX_TOKENS,
) -> Json:
    """The JSON body of the request for one completion.

    `seed` is sent only where the sampling names one and draws at all, mixed with the sample index
    so that samples differ. `extra` comes last: it adds or replaces fields, and a None in it
    removes one (`{"temperature": None}` for models that take none).

    Args:
        limit: the field that holds the token limit; some models want `max_completion_tokens`.
    """
    body: Json = {"model": model}
    if conversation.raw is not None:
        body["prompt"] = conversation.raw
    else:
        body["messages"] = [
            {"role": message.role, "content": message.content} for message in conversation.messages
        ]
    body["temperature"] = sampling.temperature
    if sampling.temperature > 0:
        if sampling.top_p < 1:
            body["top_p"] = sampling.top_p
        if sampling.seed:
            body["seed"] = request_seed(sampling.seed, sample)
    body[limit] = sampling.max_tokens
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if conversation.is_begun:
        body["add_generation_prompt"] = False
    for name, value in (extra or {}).items():
        if name == GO_ON and not conversation.is_begun:
            continue
        if name == MAX_COMPLETION_TOKENS:
            body.pop(MAX_TOKENS, None)
        if value is None:
            body.pop(name, None)
        else:
            body[name] = value
    return body


def request_path(conversation: Conversation) -> str:
    """The path after the endpoint's base URL: raw texts go to the completions of old."""
    return "/chat/completions" if conversation.raw is None else "/completions"


def request_seed(seed: int, sample: int) -> int:
    """The seed of one sample: 31 bits, different for each."""
    digest = hashlib.blake2b(f"{seed}\0{sample}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") & 0x7FFFFFFF


def check_extra(extra: Mapping[str, Any] | None) -> dict[str, Any]:
    """`extra` as a dictionary.

    Raises UsageError where it sets what redink itself sets, or holds what is no JSON.
    """
    fields = dict(extra or {})
    for name in RESERVED:
        if name in fields:
            raise UsageError(f"extra: {name} is set by redink itself; remove it from extra")
    try:
        orjson.dumps(fields)
    except TypeError as error:
        raise UsageError(f"extra: not JSON ({error}); use texts, numbers, lists, maps") from error
    return fields
