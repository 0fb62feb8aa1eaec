"""Drawn tokens weighed by what the engine that drew and the policy think of them apart."""

import math
from dataclasses import replace

import pytest
import torch

from redink.errors import UsageError
from redink.models.loading import load_model, load_tokenizer
from redink.models.resolve import resolve_model
from redink.reinforcement.importance import importance_weights, weighed
from redink.reinforcement.moving_reference import Reference
from redink.reinforcement.sampler_settings import sampler_settings_of
from redink.reinforcement.settings import PolicySettings
from tests.reinforcement.policy_world import Given, given_groups, lines, trained
from tests.reinforcement.test_objective import (
    ADVANTAGES,
    assert_gradient,
    gradients,
    moved,
    plain_copy,
    scored,
)

CAP = 1.5
SETTINGS = PolicySettings(
    steps=2, problems_per_step=2, samples=3, temperature=0.9, max_tokens=12, learning_rate=1e-3,
    beta=0.0, entropy=0.02, reference="fixed", clip_low=0.2, clip_high=0.26,
)  # fmt: skip


def test_a_weight_is_the_ratio_of_the_probabilities_up_to_the_cap():
    policy = torch.tensor([-1.0, -2.0, -0.5, -3.0], dtype=torch.float64, requires_grad=True)
    engine = torch.tensor([-1.0, -1.5, -2.5, -3.0 - math.log(1.9)], dtype=torch.float64)
    weights, capped = importance_weights(policy, engine, 2.0)
    assert weights.tolist() == pytest.approx([1.0, math.exp(-0.5), 2.0, 1.9], abs=1e-15)
    assert capped.tolist() == [False, False, True, False]
    assert not weights.requires_grad


def test_weights_do_not_know_how_long_a_sample_is():
    """By sample, what is a hundredth apart by token would be cut off after 110 tokens."""
    for length in (1, 1000):
        policy = torch.full((length,), -1.0, dtype=torch.float64)
        weights, capped = importance_weights(policy, policy - 0.01, 3.0)
        assert weights.tolist() == pytest.approx([math.exp(0.01)] * length, abs=1e-14)
        assert not capped.any()
    assert math.exp(0.01 * 1000) > 3.0


def expected_gradient(logits, drawn_from, engine, reward, cap=math.inf):
    """The mean over all draws of a weighed one-token policy gradient, by enumeration."""
    logits = logits.clone().requires_grad_()
    policy = torch.log_softmax(logits, -1)
    kept = drawn_from > 0
    weights, _ = importance_weights(policy[kept], engine[kept], cap)
    (drawn_from[kept] * reward[kept] * weighed(policy[kept], weights)).sum().backward()
    return logits.grad


def test_weighed_draws_of_another_engine_have_the_policys_own_gradient():
    torch.manual_seed(1)
    logits, noise, reward = (torch.randn(12, dtype=torch.float64) for _ in range(3))
    policy = torch.softmax(logits, -1)
    own = expected_gradient(logits, policy, policy.log(), reward)
    other = torch.softmax(logits + 0.3 * noise, -1)
    weighed_draws = expected_gradient(logits, other, other.log(), reward)
    plain = expected_gradient(logits, other, policy.log(), reward)
    assert torch.allclose(weighed_draws, own, atol=1e-15)
    assert (plain - own).abs().max() > 0.01
    capped = expected_gradient(logits, other, other.log(), reward, cap=1.2)
    assert 0 < (capped - own).abs().max() < (plain - own).abs().max()


def test_of_truncated_draws_every_weight_is_too_small_by_what_was_cut():
    """Why they are refused: the engine's probabilities are among the tokens that were kept."""
    torch.manual_seed(2)
    policy = torch.softmax(torch.randn(200, dtype=torch.float64), -1)
    kept = policy >= policy.topk(50).values[-1]
    mass = policy[kept].sum()
    truncated = policy[kept] / mass
    weights, _ = importance_weights(policy[kept].log(), truncated.log(), 3.0)
    assert mass < 0.7
    assert weights.tolist() == pytest.approx([mass.item()] * 50, abs=1e-12)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"engine": "vllm", "top_p": 0.95}, "top_p = 0.95 does not go with engine: vllm"),
        ({"engine": "vllm", "top_k": 50}, "top_k = 50 does not go with engine: vllm"),
        ({"engine": "vllm", "min_p": 0.05}, "min_p = 0.05 does not go with engine: vllm"),
        ({"importance_cap": 2.0, "min_p": 0.05}, "min_p = 0.05 does not go with importance_cap"),
        ({"importance_cap": 0.5}, "importance_cap = 0.5 makes no sense"),
        ({"engine": "sglang"}, "engine = sglang is unknown; use transformers or vllm"),
        ({"vllm_memory": 0.5}, "vllm_memory is a setting of engine: vllm"),
        ({"engine": "vllm", "vllm_memory": 1.5}, "vllm_memory = 1.5 makes no sense"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, message):
    with pytest.raises(UsageError, match=message):
        sampler_settings_of(settings)


def test_vllm_is_always_corrected_and_a_copy_only_where_it_is_asked_for():
    whole = {"top_p": 1.0, "top_k": 0, "min_p": 0.0, "temperature": 1.2}
    assert sampler_settings_of({"engine": "vllm", **whole}).cap == 3.0
    assert sampler_settings_of({"engine": "vllm", "importance_cap": 2.0, **whole}).cap == 2.0
    assert sampler_settings_of({"top_p": 0.9}).cap is None
    assert sampler_settings_of({"importance_cap": 4.0, **whole}).cap == 4.0


@pytest.fixture
def start(tiny_student):
    return load_model(resolve_model(tiny_student)).double()


@pytest.fixture
def tokenizer(tiny_student):
    return load_tokenizer(resolve_model(tiny_student))


def told_by_an_engine(model, spread=0.4):
    """The given groups, each token's log-probability a little off the model's, some by much."""
    torch.manual_seed(5)
    groups = given_groups()
    for group in groups:
        for place, sample in enumerate(group):
            with torch.no_grad():
                chosen = scored(model, sample, 0.9)[0]
            told = chosen + spread * torch.randn_like(chosen)
            drawn = replace(sample.drawn, logprobs=tuple(told.tolist()))
            group[place] = replace(sample, drawn=drawn)
    return groups


def weights_of(model, sample):
    """By the definition, in float64."""
    with torch.no_grad():
        apart = scored(model, sample, 0.9)[0] - torch.tensor(sample.drawn.logprobs).double()
    return apart.exp().clamp(max=CAP)


def trainer_of(model, tokenizer, folder, settings, groups, reference=None, cap=CAP):
    from redink.reinforcement.building import build_policy_trainer

    return build_policy_trainer(
        model,
        tokenizer,
        settings,
        Given(groups),
        reference,
        [],
        folder=folder,
        precision="fp32",
        micro_batch_tokens=64,
        importance_cap=cap,
    )


def by_hand(model, groups, settings, *, reference=None, before=None):
    """Each algorithm's loss, its policy gradient by token times the token's weight."""
    samples = [sample for group in groups for sample in group]
    advantages = ADVANTAGES[settings.algorithm]
    total, entropies = 0.0, []
    for sample, advantage in zip(samples, advantages, strict=True):
        chosen, entropy_T = scored(model, sample, settings.temperature)
        weights = weights_of(before or model, sample)
        entropies.append(entropy_T)
        if settings.algorithm == "rloo":
            old = scored(before or model, sample, settings.temperature)[0].detach()
            ratio = (chosen.detach().sum() - old.sum()).exp()
            held = (ratio > 1.26 and advantage > 0) or (ratio < 0.8 and advantage < 0)
            total = total - (0 if held else ratio * advantage) * (weights * chosen).sum()
            continue
        theirs = scored(reference, sample, settings.temperature)[0].detach()
        ratio = (chosen - chosen.detach()).exp()
        apart = (theirs - chosen).exp() - (theirs - chosen) - 1
        by_token = -weights * ratio * advantage + settings.beta * apart * ratio
        total = total + by_token.sum() / settings.max_tokens
    return total / len(samples) - settings.entropy * torch.cat(entropies).mean()


def test_rloo_weighs_each_tokens_part_of_a_samples_gradient(start, tokenizer, tmp_path):
    groups = told_by_an_engine(start)
    trainer = trainer_of(start, tokenizer, tmp_path, SETTINGS, groups)
    found = gradients(trainer)
    plain = plain_copy(start)
    assert_gradient(by_hand(plain, groups, SETTINGS), plain, found)
    for row, sample in zip(trainer.rows, [s for group in groups for s in group], strict=True):
        weights = weights_of(plain, sample)
        assert row.importance == pytest.approx(weights.mean().item(), abs=1e-6)
        assert row.capped == pytest.approx((weights == CAP).double().mean().item())
    assert any(0 < row.capped < 1 for row in trainer.rows)
    unweighed = gradients(
        trainer_of(plain_copy(plain), tokenizer, tmp_path, SETTINGS, groups, cap=None)
    )
    with pytest.raises(AssertionError):
        assert_gradient(by_hand(plain, groups, SETTINGS), plain, unweighed)


def test_dr_grpo_weighs_tokens_and_leaves_the_divergence(start, tokenizer, tmp_path):
    settings = replace(SETTINGS, algorithm="dr-grpo", beta=0.05)
    reference = Reference(start)
    policy = moved(start)
    groups = told_by_an_engine(policy)
    found = gradients(trainer_of(policy, tokenizer, tmp_path, settings, groups, reference))
    plain = plain_copy(policy)
    loss = by_hand(plain, groups, settings, reference=reference.model)
    assert_gradient(loss, plain, found)


def test_later_updates_keep_the_weights_of_the_policy_that_drew(start, tokenizer, tmp_path):
    settings = replace(SETTINGS, updates=2, entropy=0.0)
    groups = told_by_an_engine(start)
    trainer = trainer_of(start, tokenizer, tmp_path, settings, groups)
    gradients(trainer)
    before = plain_copy(start)
    later = moved(plain_copy(start), seed=3, size=0.01)
    trainer.model.load_state_dict(later.state_dict())
    trainer.state.global_step = 1
    trainer.collector = None
    found = gradients(trainer)
    assert_gradient(by_hand(later, groups, settings, before=before), later, found)


def test_an_engine_that_agrees_changes_nothing(start, tokenizer, tmp_path):
    groups = told_by_an_engine(start, spread=0.0)
    first = gradients(trainer_of(plain_copy(start), tokenizer, tmp_path, SETTINGS, groups))
    other = gradients(
        trainer_of(plain_copy(start), tokenizer, tmp_path, SETTINGS, groups, cap=None)
    )
    for name, grad in first.items():
        assert torch.allclose(grad, other[name], atol=1e-12, rtol=1e-9), name


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_training_tells_what_its_tokens_were_weighed_by(tiny_student, tmp_path, precision):
    trained(tiny_student, tmp_path, importance_cap=3.0, precision=precision)
    near = 1e-4 if precision == "fp32" else 0.05
    for step in lines(tmp_path, "steps"):
        assert step["importance"] == pytest.approx(1.0, abs=near)
        assert step["capped"] == 0.0


def test_ppo_weighs_tokens_of_the_policys_loss_alone(tiny_student):
    from redink.reinforcement.experience import EnginesView, cut, lessons
    from redink.reinforcement.ppo_learner import PPOLearner
    from redink.reinforcement.ppo_settings import PPO
    from tests.reinforcement.test_ppo import IDS, REWARDS, ROLLOUTS, said, unlike_its_start

    source = resolve_model(tiny_student)
    ppo = PPO(steps=1, learning_rate=1e-2, ppo_epochs=1, beta=0.5, value_coefficient=0.0)
    learner = PPOLearner(load_model(source, "float32", "cpu"), ppo, 1.0, "fp32")
    unlike_its_start(learner)
    twin = plain_copy(learner.model).double()
    batches = cut(ROLLOUTS, 0, 16, torch.device("cpu"))
    seen = learner.judge(batches)
    torch.manual_seed(8)
    told = [[p + 0.5 * torch.randn(()).item() for p in one.logprobs] for one in seen]
    taught, _ = lessons(batches, seen, REWARDS, 2, ppo, EnginesView(told, CAP))

    loss, mean_weight = 0.0, 0.0
    for lesson in taught:
        start = 0
        for place, length in zip(lesson.batch.places, lesson.batch.lengths, strict=True):
            advantages = lesson.advantages_N[start : start + length].double()
            start += length
            if REWARDS[place] is None:
                continue
            logprobs, _ = said(twin.policy, twin.value_head, place)
            apart = logprobs.detach() - torch.tensor(told[place], dtype=torch.float64)
            weights = apart.exp().clamp(max=CAP)
            mean_weight += weights.mean().item() / 2
            loss = loss - (weights * advantages * logprobs).sum() / len(IDS[place]) / 2
    loss.backward()
    expected = {name: weight.grad for name, weight in twin.policy.named_parameters()}
    figures = learner.update(taught)
    assert figures["importance"] == pytest.approx(mean_weight, rel=1e-5)
    assert 0 < figures["capped"] < 1
    biggest = max(grad.abs().max().item() for grad in expected.values())
    for name, weight in learner.policy.named_parameters():
        # What stands there has been clipped at norm 1.
        grad = weight.grad.double() * max(1.0, figures["grad_norm"])
        assert torch.allclose(grad, expected[name], atol=1e-4 * biggest, rtol=0), name
