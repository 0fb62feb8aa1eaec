"""The moving reference: an exact average, in float32 whatever the policy's type."""

import pytest
import torch
from transformers import AutoModelForCausalLM

from redink.errors import ModelError, UsageError
from redink.reinforcement.moving_reference import (
    MovingReference,
    Reference,
    check_reference,
    open_reference,
)


@pytest.fixture
def policy(tiny_student):
    return AutoModelForCausalLM.from_pretrained(tiny_student)


def shaken(model, size, seed):
    """Changes every weight by about `size` of its own magnitude."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            weight += torch.randn_like(weight.float()).to(weight) * size * weight.abs().mean()


def test_it_is_the_average_that_the_formula_says(policy):
    reference = MovingReference(policy, 0.2)
    expected = {name: weight.double() for name, weight in policy.named_parameters()}
    for step in range(5):
        shaken(policy, 0.5, step)
        reference.update(policy)
        for name, weight in policy.named_parameters():
            expected[name] = 0.8 * expected[name] + 0.2 * weight.double()
    for name, weight in reference.model.named_parameters():
        assert torch.allclose(weight.double(), expected[name], atol=1e-6, rtol=1e-5)
        assert not torch.equal(weight, dict(policy.named_parameters())[name])


def test_it_moves_every_so_many_steps(policy):
    reference = MovingReference(policy, 0.5, every=3)
    before = [weight.clone() for weight in reference.model.parameters()]
    shaken(policy, 0.5, 0)
    for moves in (False, False, True):
        reference.update(policy)
        same = [
            torch.equal(a, b) for a, b in zip(before, reference.model.parameters(), strict=True)
        ]
        assert any(same) is not moves


@pytest.mark.parametrize("rate", [0.008, 0.001])
def test_a_bfloat16_policy_has_a_float32_average_that_does_not_stall(policy, rate):
    policy = policy.to(torch.bfloat16)
    reference = MovingReference(policy, rate)
    start = {name: weight.clone() for name, weight in reference.shadow.items()}
    in_place = {name: weight.clone() for name, weight in policy.named_parameters()}
    shaken(policy, 0.01, 0)
    reference.update(policy)
    differing = moved = stalled = 0
    for name, weight in policy.named_parameters():
        differs = weight.float() != start[name]
        differing += int(differs.sum())
        moved += int((reference.shadow[name] != start[name])[differs].sum())
        by_rounding = in_place[name].lerp(weight, rate)
        stalled += int((by_rounding == in_place[name])[differs].sum())
    assert differing > 1000
    assert moved / differing >= 0.99
    assert stalled / differing > 0.8, "an average in bfloat16 would hardly have moved"


def test_its_bfloat16_model_is_the_shadow_rounded(policy):
    policy = policy.to(torch.bfloat16)
    reference = MovingReference(policy, 0.3)
    for step in range(4):
        shaken(policy, 0.2, step)
        reference.update(policy)
    for name, weight in reference.model.named_parameters():
        assert weight.dtype == torch.bfloat16
        assert not weight.requires_grad
        assert torch.equal(weight, reference.shadow[name].to(torch.bfloat16))


def test_it_goes_on_from_a_checkpoint_exactly(policy, tmp_path):
    whole = MovingReference(policy, 0.1, every=2)
    fresh = MovingReference(policy, 0.1, every=2)
    for step in range(3):
        shaken(policy, 0.2, step)
        whole.update(policy)
    whole.save(tmp_path)
    fresh.load(tmp_path)
    for step in range(3, 6):
        shaken(policy, 0.2, step)
        whole.update(policy)
        fresh.update(policy)
    pairs = zip(whole.model.parameters(), fresh.model.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def test_a_broken_checkpoint_is_named(policy, tmp_path):
    with pytest.raises(ModelError, match="moving reference cannot be read"):
        MovingReference(policy, 0.1).load(tmp_path)


def test_a_fixed_reference_stays(policy, tmp_path):
    reference = Reference(policy)
    before = [weight.clone() for weight in reference.model.parameters()]
    shaken(policy, 0.5, 0)
    reference.update(policy)
    reference.save(tmp_path)
    assert not list(tmp_path.iterdir())
    pairs = zip(before, reference.model.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def test_what_makes_no_sense_is_refused(policy):
    with pytest.raises(UsageError, match="beta = 0"):
        check_reference(policy, 0.0, moving=True)
    adapted = type("Adapted", (), {"peft_config": {}})()
    with pytest.raises(UsageError, match="adapters"):
        check_reference(adapted, 0.1, moving=True)
    check_reference(adapted, 0.1, moving=False)
    assert open_reference(policy, 0.0, moving=False, rate=0.1) is None
