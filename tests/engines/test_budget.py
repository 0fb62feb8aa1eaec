"""A budget is never exceeded by what was reserved, and is counted once however many share it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from redink.engines.budget import Budget
from redink.engines.engine import Completion
from redink.engines.prices import Price
from redink.errors import BudgetError, UsageError

PRICE = Price(1.0, 10.0)


def test_requests_are_refused_once_they_would_exceed_the_cost():
    budget = Budget(PRICE, max_cost=0.001)
    assert budget.reserve(100, 40)
    assert budget.reserve(100, 40)
    assert not budget.reserve(1, 1)
    assert not budget.is_exhausted
    budget.settle(100, 40, 100, 10)
    assert budget.cost == pytest.approx(0.0002)
    assert budget.tokens == 110
    assert budget.reserve(100, 20)


def test_a_refusal_with_nothing_under_way_is_the_end():
    budget = Budget(max_tokens=100)
    assert budget.reserve(50, 40)
    budget.settle(50, 40, 50, 40)
    assert not budget.reserve(10, 1)
    assert budget.is_exhausted
    error = budget.error()
    assert isinstance(error, BudgetError)
    assert error.exit_code == 3
    assert "90 tokens spent" in str(error)
    assert str(error).endswith("or raise the limit")


def test_a_failed_request_gives_everything_back():
    budget = Budget(PRICE, max_cost=1.0, max_tokens=1000)
    for _ in range(500):
        assert budget.reserve(400, 400)
        budget.settle(400, 400, 0, 0)
    assert budget.cost == 0
    assert budget.tokens == 0


def test_what_was_not_reserved_can_be_recorded():
    budget = Budget(PRICE, max_tokens=30)
    budget.record(Completion("a", 0, "x", 10, 20, "stop"))
    assert budget.tokens == 30
    assert budget.cost == pytest.approx(0.00021)
    assert budget.is_exhausted


def test_siblings_at_other_prices_share_the_limit():
    budget = Budget(PRICE, max_cost=1.0)
    dear = budget.at(Price(100.0, 100.0))
    assert dear.reserve(5000, 4000)
    assert not budget.reserve(0, 20_000)
    dear.settle(5000, 4000, 5000, 4000)
    assert budget.cost == dear.cost == pytest.approx(0.9)


def test_threads_do_not_spend_the_same_money_twice():
    budget = Budget(max_tokens=10_000)

    def spend(_):
        if budget.reserve(6, 4):
            budget.settle(6, 4, 6, 4)
            return 1
        return 0

    with ThreadPoolExecutor(8) as pool:
        granted = sum(pool.map(spend, range(3000)))
    assert budget.tokens == 10 * granted <= 10_000
    assert granted >= 900


def test_without_limits_everything_is_granted_and_counted():
    budget = Budget()
    assert budget.reserve(1e9, 1e9)
    assert budget.cost is None
    assert not budget.is_exhausted


def test_a_limit_of_cost_needs_a_price():
    with pytest.raises(UsageError, match=r"prices as \{MODEL"):
        Budget(max_cost=1.0)
    with pytest.raises(UsageError, match="prices"):
        Budget(PRICE, max_cost=1.0).at(None)
    for limits in ({"max_tokens": 0}, {"max_cost": -1.0}, {"max_cost": float("nan")}):
        with pytest.raises(UsageError, match="above 0"):
            Budget(PRICE, **limits)
