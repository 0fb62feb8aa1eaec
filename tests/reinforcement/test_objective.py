"""One optimizer step's gradient against the objective written out by hand, in float64."""

import copy
from dataclasses import replace

import pytest
import torch

from redink.models.loading import load_model, load_tokenizer
from redink.models.resolve import resolve_model
from redink.reinforcement.moving_reference import Reference
from redink.reinforcement.settings import PolicySettings
from tests.reinforcement.policy_world import Given, given_groups, marked

SETTINGS = PolicySettings(
    steps=2, problems_per_step=2, samples=3, temperature=0.9, max_tokens=12, learning_rate=1e-3,
    beta=0.05, entropy=0.02, reference="fixed", clip_low=0.2, clip_high=0.26,
)  # fmt: skip
ADVANTAGES = {
    # r less the mean of the others', the second group's first sample out of it, its second's
    # advantage replaced by the penalty.
    "rloo": [1 - 0.125, -0.625, 0.25 - 0.5, 0.0, -1.0, 0.5],
    "dr-grpo": [1 - 1.25 / 3, -1.25 / 3, 0.25 - 1.25 / 3, 0.0, -1.0, 0.25],
}


@pytest.fixture
def tokenizer(tiny_student):
    return load_tokenizer(resolve_model(tiny_student))


@pytest.fixture
def start(tiny_student):
    return load_model(resolve_model(tiny_student)).double()


def moved(model, seed=0, size=0.02):
    """The model, a little elsewhere."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            weight += torch.randn_like(weight) * size
    return model


def plain_copy(model):
    """A copy without the forward that TRL puts in the place of the model's own, which would run
    the model that was copied."""
    plain = copy.deepcopy(model)
    vars(plain).pop("forward", None)
    return plain


def trainer_of(model, tokenizer, folder, settings, groups=None, reference=None, limit=640):
    from redink.reinforcement.building import build_policy_trainer

    return build_policy_trainer(
        model,
        tokenizer,
        settings,
        Given(groups or given_groups()),
        reference,
        [],
        folder=folder,
        precision="fp32",
        micro_batch_tokens=limit,
    )


def gradients(trainer):
    trainer.model.zero_grad()
    trainer.training_step(trainer.model, [{}])
    return {name: weight.grad.clone() for name, weight in trainer.model.named_parameters()}


def scored(model, sample, temperature):
    """Log-probabilities of a rollout's tokens and entropies, from the whole logits."""
    ids = [*sample.drawn.prompt_ids, *sample.drawn.ids]
    logits = model(torch.tensor([ids])).logits[0, len(sample.drawn.prompt_ids) - 1 : -1]
    logs = torch.log_softmax(logits / temperature, -1)
    chosen = logs[torch.arange(len(sample.drawn.ids)), torch.tensor(sample.drawn.ids)]
    return chosen, -(logs.exp() * logs).sum(-1)


def rloo_by_hand(model, advantages, entropy, temperature, old=None, low=0.2, high=0.26):
    """−mean of min(ρ·A, clip(ρ)·A), ρ the ratio of a sequence, less α times the mean entropy."""
    samples = [sample for group in given_groups() for sample in group]
    terms, entropies = [], []
    for place, (sample, advantage) in enumerate(zip(samples, advantages, strict=True)):
        chosen, entropy_T = scored(model, sample, temperature)
        before = chosen.sum().detach() if old is None else old[place]
        ratio = (chosen.sum() - before).exp()
        terms.append(-torch.min(ratio * advantage, ratio.clamp(1 - low, 1 + high) * advantage))
        entropies.append(entropy_T)
    return torch.stack(terms).mean() - entropy * torch.cat(entropies).mean()


def group_by_hand(model, reference, advantages, settings):
    """GRPO's loss by token: −A·ρ, the k3 estimate of the divergence times ρ (TRL's default, after
    DeepSeek-V3.2), and the entropy."""
    samples = [sample for group in given_groups() for sample in group]
    total, entropies = 0.0, []
    for sample, advantage in zip(samples, advantages, strict=True):
        chosen, entropy_T = scored(model, sample, settings.temperature)
        theirs = scored(reference, sample, settings.temperature)[0].detach()
        ratio = (chosen - chosen.detach()).exp()
        apart = (theirs - chosen).exp() - (theirs - chosen) - 1
        by_token = -ratio * advantage + settings.beta * apart * ratio
        length = settings.max_tokens if settings.algorithm == "dr-grpo" else len(by_token)
        total = total + by_token.sum() / length
        entropies.append(entropy_T)
    return total / len(samples) - settings.entropy * torch.cat(entropies).mean()


def assert_gradient(loss, model, found, close=1e-6):
    model.zero_grad()
    loss.backward()
    biggest = max(grad.abs().max().item() for grad in found.values())
    assert biggest > 1e-3
    for name, weight in model.named_parameters():
        assert torch.allclose(weight.grad, found[name], atol=close * biggest, rtol=0), name


def test_rloo_with_entropy_penalty_and_unscorable_samples(start, tokenizer, tmp_path):
    settings = replace(SETTINGS, beta=0.0)
    trainer = trainer_of(start, tokenizer, tmp_path, settings)
    found = gradients(trainer)
    assert [row.advantage for row in trainer.rows] == pytest.approx(ADVANTAGES["rloo"], abs=1e-12)
    plain = plain_copy(start)
    assert_gradient(rloo_by_hand(plain, ADVANTAGES["rloo"], 0.02, 0.9), plain, found)


def test_the_divergence_from_the_reference_is_taken_off_the_reward(start, tokenizer, tmp_path):
    reference = Reference(start)
    policy = moved(start)
    samples = [sample for group in given_groups() for sample in group]
    apart = []
    with torch.no_grad():
        for sample in samples:
            ours, theirs = (scored(m, sample, 0.9)[0] for m in (policy, reference.model))
            apart.append((ours - theirs).sum().item())
    totals = [s.marked.total for s in samples]
    values = [None if t is None else t - 0.05 * d for t, d in zip(totals, apart, strict=True)]
    expected = [
        values[0] - (values[1] + values[2]) / 2,
        values[1] - (values[0] + values[2]) / 2,
        values[2] - (values[0] + values[1]) / 2,
        0.0,
        -1.0,
        values[5] - values[4],
    ]
    trainer = trainer_of(policy, tokenizer, tmp_path, SETTINGS, reference=reference)
    found = gradients(trainer)
    assert [row.divergence for row in trainer.rows] == pytest.approx(apart, abs=1e-9)
    assert [row.advantage for row in trainer.rows] == pytest.approx(expected, abs=1e-9)
    plain = plain_copy(policy)
    assert_gradient(rloo_by_hand(plain, expected, 0.02, 0.9), plain, found)


@pytest.mark.parametrize("algorithm", ["grpo", "dr-grpo"])
def test_grpo_and_dr_grpo(start, tokenizer, tmp_path, algorithm):
    settings = replace(SETTINGS, algorithm=algorithm)
    reference = Reference(start)
    policy = moved(start)
    trainer = trainer_of(policy, tokenizer, tmp_path, settings, reference=reference)
    found = gradients(trainer)
    advantages = [row.advantage for row in trainer.rows]
    if algorithm == "dr-grpo":
        assert advantages == pytest.approx(ADVANTAGES["dr-grpo"], abs=1e-12)
    assert trainer.loss_type == algorithm.replace("-", "_")
    plain = plain_copy(policy)
    loss = group_by_hand(plain, reference.model, advantages, settings)
    assert_gradient(loss, plain, found)


def test_how_a_step_is_cut_into_micro_batches_changes_nothing(start, tokenizer, tmp_path):
    found = [
        gradients(trainer_of(copy.deepcopy(start), tokenizer, tmp_path, replace(SETTINGS, beta=0.0),
                             limit=limit))
        for limit in (1, 64, 640)
    ]  # fmt: skip
    for name, grad in found[0].items():
        for other in found[1:]:
            assert torch.allclose(grad, other[name], atol=1e-12, rtol=1e-9), name


def test_the_samplers_own_log_probabilities_have_no_part_in_it(start, tokenizer, tmp_path):
    """Rollouts of truncated sampling, or of a bfloat16 copy, are trained on as the policy's own:
    the ratio of the first update is 1."""
    groups = given_groups()
    for group in groups:
        for place, sample in enumerate(group):
            drawn = replace(sample.drawn, logprobs=tuple(-9.0 for _ in sample.drawn.ids))
            group[place] = replace(sample, drawn=drawn)
    settings = replace(SETTINGS, beta=0.0, top_p=0.5, min_p=0.1)
    plain = gradients(trainer_of(copy.deepcopy(start), tokenizer, tmp_path, settings))
    other = gradients(trainer_of(copy.deepcopy(start), tokenizer, tmp_path, settings, groups))
    assert all(torch.equal(grad, other[name]) for name, grad in plain.items())


def test_later_updates_on_the_same_rollouts_are_clipped_asymmetrically(start, tokenizer, tmp_path):
    settings = replace(SETTINGS, beta=0.0, updates=2, entropy=0.0)
    trainer = trainer_of(start, tokenizer, tmp_path, settings)
    gradients(trainer)
    samples = [sample for group in given_groups() for sample in group]
    with torch.no_grad():
        old = [scored(start, sample, 0.9)[0].sum() for sample in samples]
    for seed in range(100):
        other = moved(plain_copy(start), seed, size=0.03)
        with torch.no_grad():
            ratios = [
                (scored(other, sample, 0.9)[0].sum() - before).exp().item()
                for sample, before in zip(samples, old, strict=True)
            ]
        pairs = list(zip(ratios, ADVANTAGES["rloo"], strict=True))
        above = any(ratio > 1.3 and value > 0 for ratio, value in pairs)
        below = any(ratio < 0.75 and value < 0 for ratio, value in pairs)
        free = any(
            (ratio < 1.2 and value > 0) or (ratio > 0.85 and value < 0) for ratio, value in pairs
        )
        if above and below and free:
            break
    else:
        raise AssertionError("no step has samples clipped on either side and others that are not")
    trainer.model.load_state_dict(other.state_dict())
    trainer.state.global_step = 1
    trainer.collector = None
    found = gradients(trainer)
    loss = rloo_by_hand(other, ADVANTAGES["rloo"], 0.0, 0.9, old=old)
    assert_gradient(loss, other, found)
    unclipped = rloo_by_hand(other, ADVANTAGES["rloo"], 0.0, 0.9, old=old, low=0.99, high=1e9)
    with pytest.raises(AssertionError):
        assert_gradient(unclipped, other, found)


def test_it_is_trls_own_gradient_where_nothing_of_ours_is_on(tiny_student, tokenizer, tmp_path):
    """TRL's RLOOTrainer, given the rollouts and rewards, with its own advantages and reference."""
    from datasets import Dataset
    from trl import RLOOConfig, RLOOTrainer

    groups = given_groups()
    groups[1][1] = replace(groups[1][1], marked=marked(0.5))
    samples = [sample for group in groups for sample in group]

    class Plain(RLOOTrainer):
        def _generate(self, prompts):
            prompt_ids = [list(sample.drawn.prompt_ids) for sample in samples]
            ids = [list(sample.drawn.ids) for sample in samples]
            return prompt_ids, ids, [sample.drawn.text for sample in samples]

    config = RLOOConfig(
        output_dir=str(tmp_path), per_device_train_batch_size=6, num_generations=3, beta=0.05,
        temperature=0.9, epsilon=0.2, epsilon_high=0.26, max_completion_length=12, use_cpu=True,
        bf16=False, report_to="none", gradient_checkpointing=False,
    )  # fmt: skip
    source = resolve_model(tiny_student)
    theirs = Plain(
        model=load_model(source),
        reward_funcs=lambda **given: [sample.marked.total for sample in samples],
        args=config,
        train_dataset=Dataset.from_dict({"prompt": ["a", "b"]}),
        processing_class=tokenizer,
    )
    moved(theirs.model)
    theirs.model.train()
    inputs = theirs._generate_and_score_completions([{"prompt": "a"}] * 6)
    theirs._compute_loss(theirs.model, inputs).backward()
    expected = {name: weight.grad for name, weight in theirs.model.named_parameters()}
    model = load_model(source)
    reference = Reference(model)
    settings = replace(SETTINGS, entropy=0.0, penalty_form="none")
    trainer = trainer_of(moved(model), tokenizer, tmp_path, settings, groups, reference)
    found = gradients(trainer)
    values = [row.advantage for row in trainer.rows]
    assert values == pytest.approx(inputs["advantages"].tolist(), abs=1e-4)
    biggest = max(grad.abs().max().item() for grad in expected.values())
    for name, grad in expected.items():
        assert torch.allclose(grad, found[name], atol=1e-4 * biggest, rtol=0), name
