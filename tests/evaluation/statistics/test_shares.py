"""Shares over items in groups: right by hand, honest where items are alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redink.evaluation.statistics.interval import wilson
from redink.evaluation.statistics.shares import clustered_share, harmonic_mean, harmonic_share

hits = st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=30)


def items(*groups):
    """Groups of hits and misses, written as in `"++-"`."""
    return [(n, float(sign == "+")) for n, group in enumerate(groups) for sign in group]


def test_a_share_is_the_mean_over_items():
    share = clustered_share(items("++-", "-", "+"))
    assert share.value == pytest.approx(3 / 5)
    assert share.count == 5
    assert share.interval.low < 3 / 5 < share.interval.high


def test_items_that_repeat_each_other_add_nothing():
    alone = clustered_share(items(*"++-+--+++-"))
    tenfold = clustered_share(items(*(sign * 10 for sign in "++-+--+++-")))
    assert tenfold.value == pytest.approx(alone.value)
    assert tenfold.interval.low == pytest.approx(alone.interval.low)
    assert tenfold.interval.high == pytest.approx(alone.interval.high)


def test_items_of_their_own_give_nearly_the_plain_interval():
    share = clustered_share(items(*"+" * 130, *"-" * 70))
    plain = wilson(130, 200)
    assert share.interval.low == pytest.approx(plain.low, abs=0.002)
    assert share.interval.high == pytest.approx(plain.high, abs=0.002)


def test_nothing_and_one_group_have_no_interval():
    assert clustered_share([]).value is None
    one = clustered_share(items("++-"))
    assert (one.value, one.interval) == (pytest.approx(2 / 3), None)


@given(hits)
def test_an_interval_holds_its_share_and_stays_a_share(given_hits):
    share = clustered_share([(group, float(hit)) for group, hit in given_hits])
    if share.interval is not None:
        assert 0 <= share.interval.low <= share.value <= share.interval.high <= 1


@pytest.mark.parametrize(
    ("one", "other", "mean"),
    [(0.5, 0.5, 0.5), (0.2, 0.8, 0.32), (0.0, 1.0, 0.0), (0.0, 0.0, 0.0), (None, 1.0, None)],
)
def test_the_harmonic_mean_is_guarded(one, other, mean):
    assert harmonic_mean(one, other) == (None if mean is None else pytest.approx(mean))


@given(hits, hits)
def test_a_harmonic_interval_holds_its_mean(first, second):
    one = [(group, float(hit)) for group, hit in first]
    other = [(group, float(hit)) for group, hit in second]
    share = harmonic_share(one, other)
    assert share.count == len(first) + len(second)
    if share.interval is not None:
        assert 0 <= share.interval.low <= share.interval.high <= 1
        assert share.interval.high >= share.value - 1e-9


def test_the_extremes_keep_an_interval():
    perfect = harmonic_share(items(*"+" * 20), items(*"+" * 20))
    assert perfect.value == 1.0
    assert 0.7 < perfect.interval.low < 1 <= perfect.interval.high
    none = harmonic_share(items(*"-" * 20), items(*"+" * 20))
    assert none.value == 0.0
    assert none.interval.low == 0.0
    assert 0.1 < none.interval.high < 0.6
