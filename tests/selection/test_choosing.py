"""Orders of preference do not depend on the rows' order; caps and turns keep to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redink.errors import UsageError
from redink.selection.choosing import dealt, edges, preferred, within

IDS = [f"r{place}" for place in range(9)]
LENGTHS = [50, 10, 90, 30, 70, 20, 80, 40, 60]


def test_preferences_by_length():
    def lengths(take):
        return [LENGTHS[place] for place in preferred(IDS, LENGTHS, take)]

    assert lengths("longest") == sorted(LENGTHS, reverse=True)
    assert lengths("shortest") == sorted(LENGTHS)
    assert lengths("middle")[:3] == [50, 40, 60]
    assert preferred(IDS, LENGTHS, "first") == list(range(9))


@given(st.randoms(use_true_random=False), st.sampled_from(["random", "longest", "middle"]))
def test_what_is_preferred_does_not_depend_on_the_order_of_the_rows(shuffle, take):
    lengths = [length // 30 for length in LENGTHS]
    rows = list(zip(IDS, lengths, strict=True))
    usual = [IDS[place] for place in preferred(IDS, lengths, take, seed=3)]
    shuffle.shuffle(rows)
    ids, mixed = zip(*rows, strict=True)
    assert [ids[place] for place in preferred(ids, mixed, take, seed=3)] == usual


def test_another_seed_is_another_draw():
    draws = {tuple(preferred(IDS, LENGTHS, "random", seed)) for seed in range(20)}
    assert len(draws) == 20


def test_draws_are_even():
    ids = [f"row {place}" for place in range(40)]
    first = [preferred(ids, [0] * 40, "random", seed)[0] for seed in range(2000)]
    counts = [first.count(place) for place in range(40)]
    assert min(counts) > 20
    assert max(counts) < 90


def test_rows_are_dealt_round_robin_in_their_order():
    assert dealt([0, 1, 2, 3, 4, 5], ["a", "a", "a", "b", "b", "c"]) == [0, 3, 5, 1, 4, 2]
    assert dealt([2, 1, 5, 0], ["a", "a", "a", "b", "b", "c"]) == [2, 5, 1, 0]


def test_groups_are_filled_up_to_their_limits():
    groups = ["a", "a", "b", "b", "c"]
    assert within([4, 3, 2, 1, 0], groups, 1) == [4, 3, 1]
    assert within(range(5), groups, {"a": 2, "b": 1}) == [0, 1, 2]


def test_edges_are_the_shortest_and_the_longest():
    assert edges(LENGTHS, IDS, [2, 1]) == {
        1: "among the 2 shortest",
        5: "among the 2 shortest",
        2: "among the 1 longest",
    }
    assert edges(LENGTHS, IDS, [0, 0]) == {}
    assert len(edges(LENGTHS, IDS, [50, 50])) == 9


@pytest.mark.parametrize("trim", [[1], [1, 2, 3], [-1, 0]])
def test_edges_need_two_counts(trim):
    with pytest.raises(UsageError, match="trim"):
        edges(LENGTHS, IDS, trim)


def test_a_draw_is_the_same_in_every_process():
    assert preferred(["a", "b", "c", "d", "e"], [0] * 5, "random", 5) == [4, 2, 1, 3, 0]
