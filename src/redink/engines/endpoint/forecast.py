"""How many tokens a request will take, before it is sent: no tokenizer, only what came so far."""

from collections.abc import Mapping
from typing import Any

from redink.engines.endpoint.order import Order
from redink.engines.endpoint.reply import CHARACTERS_PER_TOKEN
from redink.engines.endpoint.request import MAX_COMPLETION_TOKENS, MAX_TOKENS

KNOWN_AFTER = 8
"""Replies after which their mean is believed; until then a reply is as long as it may be."""
ROOM = 1.5
"""A reply is expected this much longer than the mean, so that a budget holds."""


class Forecast:
    """Running means of what the server reports, by prompt characters and by reply.

    Args:
        extra: what is merged into every body; it may hold a token limit of its own.
    """

    def __init__(self, extra: Mapping[str, Any]) -> None:
        limits = [extra.get(name) for name in (MAX_TOKENS, MAX_COMPLETION_TOKENS)]
        self._limit = next((limit for limit in limits if isinstance(limit, int)), None)
        self._characters = self._prompt_tokens = 0
        self._replies = self._reply_tokens = 0

    def expected(self, order: Order) -> tuple[float, float]:
        """Prompt and completion tokens that an order will take."""
        ratio = 1 / CHARACTERS_PER_TOKEN
        if self._replies >= KNOWN_AFTER and self._prompt_tokens:
            ratio = self._prompt_tokens / max(1, self._characters)
        most = float(order.sampling.max_tokens if self._limit is None else self._limit)
        if self._replies < KNOWN_AFTER:
            return order.characters * ratio, most
        mean = self._reply_tokens / self._replies
        # A server that does not keep to the limit is believed, not the limit.
        return order.characters * ratio, min(max(most, mean), ROOM * mean)

    def seen(self, order: Order, prompt_tokens: int, completion_tokens: int) -> None:
        """Learns from what a reply took."""
        self._characters += order.characters
        self._prompt_tokens += prompt_tokens
        self._replies += 1
        self._reply_tokens += completion_tokens
