"""Budgets: limits of money and tokens that no request is sent beyond."""

import threading
from dataclasses import dataclass, field

from redink.engines.engine import Completion
from redink.engines.prices import HOW, Price
from redink.errors import BudgetError, UsageError


@dataclass
class _Ledger:
    """What is spent and what is set aside for requests under way; shared by sibling budgets."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    cost: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    reserved_cost: float = 0.0
    reserved_tokens: float = 0.0
    refused: bool = False


class Budget:
    """Counts what completions cost and says when the next request would go beyond a limit.

    It counts what is asked for while it exists; completions out of a journal were paid before and
    are not counted. Threads may share it.

    Args:
        price: of the model; without one there is no cost, and no limit of it.
        max_cost: US dollars at most.
        max_tokens: prompt and completion tokens together at most.

    Raises UsageError for a limit of cost without a price, or a limit that is not above 0.
    """

    def __init__(
        self,
        price: Price | None = None,
        max_cost: float | None = None,
        max_tokens: int | None = None,
    ) -> None:
        if max_cost is not None and price is None:
            raise UsageError(f"max_cost: the price of the model is not known; {HOW}")
        for name, limit in (("max_cost", max_cost), ("max_tokens", max_tokens)):
            if limit is not None and not limit > 0:
                raise UsageError(f"{name} {limit}: use a number above 0")
        self.price, self.max_cost, self.max_tokens = price, max_cost, max_tokens
        self._ledger = _Ledger()

    def at(self, price: Price | None) -> "Budget":
        """The same budget for a model at another price: limits and what is spent are shared."""
        sibling = Budget(price, self.max_cost, self.max_tokens)
        sibling._ledger = self._ledger
        return sibling

    def reserve(self, prompt: float, completion: float) -> bool:
        """Sets tokens aside for a request; False, and nothing set aside, where there is no room."""
        cost, tokens = self._cost(prompt, completion), prompt + completion
        book = self._ledger
        with book.lock:
            over = (
                self.max_cost is not None
                and book.cost + book.reserved_cost + cost > self.max_cost + 1e-12
            ) or (
                self.max_tokens is not None
                and self._tokens() + book.reserved_tokens + tokens > self.max_tokens
            )
            if over:
                # With nothing under way no room will come back: this is the end.
                book.refused = book.refused or book.reserved_tokens < 1e-6
                return False
            book.reserved_cost += cost
            book.reserved_tokens += tokens
            return True

    def settle(
        self, reserved_prompt: float, reserved_completion: float, prompt: int, completion: int
    ) -> None:
        """Gives back what was reserved for a request and counts what it used, 0 if it failed."""
        book = self._ledger
        with book.lock:
            book.reserved_cost = max(
                0.0, book.reserved_cost - self._cost(reserved_prompt, reserved_completion)
            )
            book.reserved_tokens = max(
                0.0, book.reserved_tokens - reserved_prompt - reserved_completion
            )
            self._count(prompt, completion)

    def record(self, completion: Completion) -> None:
        """Counts a completion that nothing was reserved for."""
        with self._ledger.lock:
            self._count(completion.prompt_tokens, completion.completion_tokens)

    @property
    def cost(self) -> float | None:
        """US dollars spent, None where the price is not known."""
        return None if self.price is None else self._ledger.cost

    @property
    def tokens(self) -> int:
        """Prompt and completion tokens spent."""
        return self._tokens()

    @property
    def is_exhausted(self) -> bool:
        """Whether a request was refused, or a limit reached."""
        book = self._ledger
        return (
            book.refused
            or (self.max_cost is not None and book.cost >= self.max_cost)
            or (self.max_tokens is not None and self._tokens() >= self.max_tokens)
        )

    def error(self) -> BudgetError:
        """What to raise at the limit: what was spent, and how to go on."""
        spent = f"{self.tokens} tokens"
        limits = []
        if self.max_cost is not None:
            spent = f"${self._ledger.cost:.4f} and {spent}"
            limits.append(f"max_cost {self.max_cost:g}")
        if self.max_tokens is not None:
            limits.append(f"max_tokens {self.max_tokens}")
        return BudgetError(
            f"stopped at the budget ({', '.join(limits)}): {spent} spent; what is done is kept: "
            "run the same again to go on with a new budget, or raise the limit"
        )

    def _cost(self, prompt: float, completion: float) -> float:
        return self.price.cost(prompt, completion) if self.price else 0.0

    def _tokens(self) -> int:
        return self._ledger.prompt_tokens + self._ledger.completion_tokens

    def _count(self, prompt: int, completion: int) -> None:
        book = self._ledger
        book.cost += self._cost(prompt, completion)
        book.prompt_tokens += prompt
        book.completion_tokens += completion
