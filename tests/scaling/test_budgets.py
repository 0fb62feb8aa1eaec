"""Budgets as tokens and multiples, and the arms that models at budgets are."""

import pytest

from redink.errors import UsageError
from redink.evaluation.seeds import arm_of, seed_of
from redink.scaling.budgets import arm_at, arms_at, budgets_of


def test_multiples_and_numbers_come_to_tokens_in_order():
    assert budgets_of(["4x", "1x", "0.5x"], 64) == (32, 64, 256)
    assert budgets_of([512, 64, "128"], 7) == (64, 128, 512)
    assert budgets_of("2X", 10) == (20,)


@pytest.mark.parametrize(
    ("budgets", "unit"),
    [([], 8), (["x"], 8), ([0], 8), ([-4], 8), (["1x", 8], 8), (["0x"], 8), ([1], 0), ([1.5], 8)],
)
def test_what_is_no_budget_is_refused(budgets, unit):
    with pytest.raises(UsageError, match=r"scale: .*; (give|name)"):
        budgets_of(budgets, unit)


def test_a_model_at_a_budget_is_an_arm_and_its_seeds_stay_seeds():
    assert arm_at("cft", 256) == "cft:256"
    assert arm_at("cft@2", 256) == "cft:256@2"
    assert arm_of(arm_at("cft@2", 256)) == "cft:256"
    assert seed_of(arm_at("cft@2", 256)) == "2"
    assert arm_at("me@home", 8) == "me@home:8"
    assert arms_at(["a", "b"], ["1x", "2x"], 4) == ["a:4", "a:8", "b:4", "b:8"]
