"""How tokens are drawn: as the engine draws, truncated as asked, with the policy's own chances."""

import random

import pytest
import torch

from redink.engines.drawing import choose
from redink.engines.engine import Sampling
from redink.reinforcement.drawing import Drawing, PolicyPicker, RolloutDraws

VOCABULARY = 500


def logits(rows=400, sharp=3.0):
    torch.manual_seed(3)
    return torch.randn(1, VOCABULARY).mul(sharp).expand(rows, VOCABULARY).contiguous()


def draws(count, seed=0):
    return [RolloutDraws(seed, 1, (1, 2, 3), sample) for sample in range(count)]


def picked(drawing, rows=400):
    those = draws(rows)
    tokens = PolicyPicker(drawing)(logits(rows), Sampling(drawing.temperature), those)
    return tokens, [draw.logprobs[0] for draw in those]


@pytest.mark.parametrize("top_p", [1.0, 0.9, 0.3])
@pytest.mark.parametrize("temperature", [1.0, 1.3])
def test_without_more_truncation_the_engines_own_tokens_are_drawn(top_p, temperature):
    drawing = Drawing(temperature, top_p)
    theirs = choose(logits(), Sampling(temperature, top_p), draws(400))
    assert torch.equal(picked(drawing)[0], theirs)


@pytest.mark.parametrize(
    "drawing",
    [Drawing(), Drawing(0.8, top_k=3), Drawing(1.2, min_p=0.2), Drawing(1.1, 0.5)],
    ids=str,
)
def test_a_tokens_log_probability_is_that_of_the_whole_distribution(drawing):
    tokens, logprobs = picked(drawing)
    logs = torch.log_softmax(logits(1)[0].double() / drawing.temperature, -1)
    expected = [logs[token].item() for token in tokens.tolist()]
    assert logprobs == pytest.approx(expected, abs=1e-5)


def allowed(drawing):
    """The tokens that may be drawn, by the definitions."""
    chances = torch.softmax(logits(1)[0].double() / drawing.temperature, -1)
    order = chances.argsort(descending=True).tolist()
    if drawing.top_k:
        order = order[: drawing.top_k]
    kept, reached = [], 0.0
    mass = sum(chances[token].item() for token in order)
    for token in order:
        enough = reached >= drawing.top_p * mass
        if enough or chances[token] < drawing.min_p * chances[order[0]]:
            break
        kept.append(token)
        reached += chances[token].item()
    return {token: chances[token].item() for token in kept}


@pytest.mark.parametrize(
    "drawing",
    [
        Drawing(top_k=4),
        Drawing(1.5, top_k=120),
        Drawing(min_p=0.1),
        Drawing(3.0, min_p=0.01),
        Drawing(2.0, 0.8, top_k=30),
        Drawing(2.0, 0.9, top_k=200, min_p=0.02),
    ],
    ids=str,
)
def test_only_allowed_tokens_are_drawn_and_in_proportion(drawing):
    kept = allowed(drawing)
    tokens = picked(drawing, 4000)[0].tolist()
    assert set(tokens) <= set(kept)
    total = sum(kept.values())
    for token, chance in sorted(kept.items(), key=lambda pair: -pair[1])[:3]:
        share = chance / total
        error = 4 * (share * (1 - share) / len(tokens)) ** 0.5
        assert abs(tokens.count(token) / len(tokens) - share) <= error + 1e-9


def test_a_rollouts_numbers_are_its_own_and_always_the_same():
    first = [RolloutDraws(1, 2, (3, 4), 0).random() for _ in range(2)]
    assert first[0] == first[1]
    others = [(2, 2, (3, 4), 0), (1, 3, (3, 4), 0), (1, 2, (3, 5), 0), (1, 2, (3, 4), 1)]
    assert len({RolloutDraws(*one).random() for one in others} | {first[0]}) == 5
    assert isinstance(RolloutDraws(1, 2, (3,), 0), random.Random)
