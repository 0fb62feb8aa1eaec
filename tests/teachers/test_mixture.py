"""Shares of several teachers."""

from collections import Counter

import pytest

from redink.teachers.mixture import assigned, shares_of

IDS = [f"r{n}" for n in range(4000)]


def test_shares_are_kept_and_need_not_come_to_one():
    shares = shares_of({"a": 2, "b": 1, "c": 1})
    assert sum(shares.values()) == pytest.approx(1)
    count = Counter(assigned(key, shares, 0) for key in IDS)
    assert all(abs(count[name] / len(IDS) - shares[name]) < 0.03 for name in "abc")


def test_a_further_teacher_takes_rows_over_and_moves_no_other():
    before, after = {"a": 0.5, "b": 0.5}, {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}
    moved = [key for key in IDS if assigned(key, before, 1) != assigned(key, after, 1)]
    assert {assigned(key, after, 1) for key in moved} == {"c"}


def test_another_address_of_a_model_moves_no_row_and_another_seed_does():
    here = {"endpoint:m@http://127.0.0.1:1/v1": 0.5, "symbolic": 0.5}
    there = {"endpoint:m@http://127.0.0.1:99/v1": 0.5, "symbolic": 0.5}
    is_model = [assigned(key, here, 4) != "symbolic" for key in IDS]
    assert is_model == [assigned(key, there, 4) != "symbolic" for key in IDS]
    assert is_model != [assigned(key, here, 5) != "symbolic" for key in IDS]
