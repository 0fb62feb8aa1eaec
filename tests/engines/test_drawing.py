"""The next token: likeliest, or by inverse cumulative probability within the nucleus."""

import random

import pytest
import torch

from redink.engines.drawing import NUCLEUS_FIRST, choose, row_draws
from redink.engines.engine import Sampling


class Fixed:
    """Draws that are always the same number."""

    def __init__(self, value):
        self.value = value

    def random(self):
        return self.value


PROBABILITIES = torch.tensor([[0.15, 0.5, 0.05, 0.3]])


@pytest.mark.parametrize(
    ("top_p", "uniform", "token"),
    [
        (1.0, 0.0, 1),
        (1.0, 0.499, 1),
        (1.0, 0.501, 3),
        (1.0, 0.799, 3),
        (1.0, 0.801, 0),
        (1.0, 0.951, 2),
        (1.0, 1 - 2**-53, 2),
        (0.75, 0.624, 1),
        (0.75, 0.626, 3),
        (0.75, 1 - 2**-53, 3),
        (0.4, 1 - 2**-53, 1),
        (1e-9, 0.99, 1),
    ],
)
def test_a_number_picks_its_share_of_the_nucleus(top_p, uniform, token):
    logits = PROBABILITIES.log()
    assert choose(logits, Sampling(1.0, top_p), [Fixed(uniform)]).tolist() == [token]


@pytest.mark.parametrize("top_p", [0.95, 1.0])
def test_a_flat_distribution_needs_more_than_the_first_tokens(top_p):
    rows = 400
    draws = [random.Random(n) for n in range(rows)]
    drawn = choose(torch.zeros((rows, 1000)), Sampling(1.0, top_p), draws).tolist()
    assert len(set(drawn)) > 3 * NUCLEUS_FIRST


def test_frequencies_are_the_probabilities():
    rows = 4000
    draws = [row_draws(3, (1, 2), n) for n in range(rows)]
    logits = (PROBABILITIES.log() * 2).expand(rows, 4)
    drawn = choose(logits, Sampling(2.0), draws).bincount(minlength=4) / rows
    assert torch.allclose(drawn, PROBABILITIES[0], atol=0.03)


def test_rows_with_peaked_and_flat_distributions_do_not_mix():
    peaked = torch.full((1, 1000), -50.0)
    peaked[0, 7] = 50.0
    logits = torch.cat([peaked, torch.zeros((1, 1000)), peaked])
    numbers = [Fixed(0.9), Fixed(0.9), Fixed(0.1)]
    mixed = choose(logits, Sampling(1.0, 1.0), numbers).tolist()
    assert mixed[0] == mixed[2] == 7
    assert mixed[1:2] == choose(logits[1:2], Sampling(1.0, 1.0), numbers[1:2]).tolist()


def test_temperature_zero_takes_the_first_of_the_likeliest():
    logits = torch.randn((50, 777), generator=torch.Generator().manual_seed(0)).bfloat16()
    assert choose(logits, Sampling(), []).tolist() == logits.argmax(-1).tolist()


def test_draws_depend_on_seed_prompt_and_sample():
    first = [row_draws(*key).random() for key in ((0, (1, 2), 0), (0, (1, 2), 0))]
    assert first[0] == first[1]
    others = [(1, (1, 2), 0), (0, (1, 2), 1), (0, (12,), 0), (0, (2, 1), 0)]
    assert len({row_draws(*key).random() for key in others} | set(first)) == 5
