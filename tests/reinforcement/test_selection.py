"""Which samples and problems are trained on."""

import itertools
import random
import statistics

import pytest

from redink.reinforcement.selection import is_settled, most_varied
from tests.reinforcement.policy_world import marked


def best_variance(rewards, count):
    """Of all subsets."""
    return max(statistics.pvariance(subset) for subset in itertools.combinations(rewards, count))


@pytest.mark.parametrize("seed", range(12))
def test_the_chosen_samples_vary_as_much_as_any_could(seed):
    numbers = random.Random(seed)
    rewards = [numbers.choice([0.0, 0.1, 1.0, numbers.random()]) for _ in range(8)]
    for count in range(2, 9):
        kept = most_varied(rewards, count)
        assert len(set(kept)) == count
        assert kept == sorted(kept)
        spread = statistics.pvariance([rewards[place] for place in kept])
        assert spread == pytest.approx(best_variance(rewards, count), abs=1e-11)


def test_right_and_wrong_are_halved_and_earlier_samples_go_first():
    assert most_varied([1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0], 4) == [0, 1, 2, 5]
    assert most_varied([0.0, 0.0, 1.0, 0.0, 0.0], 3) == [0, 1, 2]


def test_what_cannot_be_scored_is_taken_only_where_the_rest_is_too_little():
    assert most_varied([None, 1.0, 0.0, None, 1.0], 2) == [1, 2]
    assert most_varied([None, 1.0, None, None, 0.0], 3) == [0, 1, 4]


def test_a_problem_is_settled_when_its_samples_agree():
    right, wrong = marked(1.0, outcome="correct"), marked(0.0)
    assert is_settled([right, right])
    assert is_settled([wrong, wrong])
    assert not is_settled([right, wrong])
    unknown = marked(None, outcome="grader_timeout")
    assert is_settled([right, unknown]), "nothing to compare it with"
    assert is_settled([right, right, unknown])
    assert not is_settled([right, wrong, unknown])
