"""The area under the ROC curve, against pairs counted one by one."""

import itertools
import random

import pytest

from redink.scoring.ranking import auroc, auroc_interval


def counted(scores, right):
    pairs = [
        (s > t) + 0.5 * (s == t)
        for (s, a), (t, b) in itertools.product(zip(scores, right, strict=True), repeat=2)
        if a and not b
    ]
    return sum(pairs) / len(pairs)


def test_the_area_is_the_share_of_pairs_in_the_right_order():
    generator = random.Random(3)
    for _ in range(20):
        scores = [generator.randrange(5) / 4 for _ in range(30)]
        right = [generator.random() < 0.4 for _ in range(30)]
        assert auroc(scores, right) == pytest.approx(counted(scores, right))


def test_one_class_alone_has_no_area():
    assert auroc([0.1, 0.9], [True, True]) is None
    assert auroc_interval([0.1, 0.9], [True, True], ["a", "b"], resamples=50) is None


def test_an_interval_holds_the_area_and_is_wider_where_items_come_in_groups():
    generator = random.Random(5)
    right = [generator.random() < 0.5 for _ in range(60)]
    scores = [0.3 * r + generator.random() for r in right]
    alone = auroc_interval(scores, right, range(60), resamples=400)
    assert alone.low < auroc(scores, right) < alone.high
    eightfold = auroc_interval(scores * 8, right * 8, list(range(60)) * 8, resamples=400)
    as_if_apart = auroc_interval(scores * 8, right * 8, range(480), resamples=400)
    assert eightfold.high - eightfold.low == pytest.approx(alone.high - alone.low, rel=0.2)
    assert as_if_apart.high - as_if_apart.low < 0.6 * (alone.high - alone.low)
