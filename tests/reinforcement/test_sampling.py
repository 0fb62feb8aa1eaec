"""Rollouts from the live model: whose they are, how probable, and the same again."""

import copy

import pytest
import torch
from transformers import AutoModelForCausalLM

from redink.errors import DataError
from redink.models.loading import load_model, load_tokenizer
from redink.models.resolve import resolve_model
from redink.records import Problem
from redink.reinforcement.drawing import Drawing
from redink.reinforcement.logprobs import score
from redink.reinforcement.sampling import Asked, PolicySampler
from tests.reinforcement.policy_world import sums

DRAWING = Drawing(1.1, max_tokens=9, seed=5)


@pytest.fixture(scope="module")
def policy(tiny_student):
    return load_model(resolve_model(tiny_student))


@pytest.fixture(scope="module")
def tokenizer(tiny_student):
    return load_tokenizer(resolve_model(tiny_student))


def asked(count=3, samples=4):
    return [Asked(problem, sample) for problem in sums(count) for sample in range(samples)]


def shaken(model):
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight += torch.randn_like(weight) * 0.2
    return model


def exact(model, tokenizer, **how):
    return PolicySampler(model, tokenizer, DRAWING, dtype=torch.float32, **how)


def test_rollouts_come_in_the_order_asked_and_do_not_depend_on_the_batch(policy, tokenizer):
    whole = exact(policy, tokenizer).draw(asked(), 1)
    assert [(one.problem, one.sample) for one in whole] == [
        (one.problem, one.sample) for one in asked()
    ]
    parts = exact(policy, tokenizer, batch_size=2).draw(asked(), 1)
    assert [one.ids for one in parts] == [one.ids for one in whole]
    backwards = exact(policy, tokenizer).draw(asked()[::-1], 1)[::-1]
    assert [one.ids for one in backwards] == [one.ids for one in whole]
    assert len({one.ids for one in whole}) > len(whole) / 2


def test_each_step_draws_others_and_the_same_step_the_same(policy, tokenizer):
    sampler = exact(policy, tokenizer)
    first = sampler.draw(asked(), 1)
    assert [one.ids for one in sampler.draw(asked(), 2)] != [one.ids for one in first]
    assert sampler.draw(asked(), 1) == first


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_chances_are_the_models_own_at_the_temperature(policy, tokenizer, dtype):
    sampler = PolicySampler(policy, tokenizer, DRAWING, dtype=dtype)
    plain = copy.deepcopy(policy)
    for weight in plain.parameters():
        weight.data = weight.data.to(dtype)
    for one in sampler.draw(asked(), 1):
        assert len(one.logprobs) == len(one.ids) <= 9
        ids = torch.tensor([[*one.prompt_ids, *one.ids]])
        with torch.no_grad():
            logits = plain(ids).logits[0, len(one.prompt_ids) - 1 : -1]
        theirs, _ = score(logits, torch.tensor(one.ids), 1.1)
        close = 1e-4 if dtype == torch.float32 else 0.1
        assert list(one.logprobs) == pytest.approx(theirs.tolist(), abs=close)
        assert one.rollout().logprob == pytest.approx(sum(one.logprobs) / len(one.ids))


def test_the_policys_new_weights_are_taken_over(policy, tokenizer):
    for dtype in (torch.float32, torch.bfloat16):
        moving = copy.deepcopy(policy)
        sampler = PolicySampler(moving, tokenizer, DRAWING, dtype=dtype)
        stale = sampler.draw(asked(), 1)
        sampler.refresh(shaken(moving))
        fresh = PolicySampler(moving, tokenizer, DRAWING, dtype=dtype).draw(asked(), 1)
        assert sampler.draw(asked(), 1) == fresh != stale


def test_a_bfloat16_copy_turns_tokens_by_the_angles_of_float32(policy, tokenizer, tiny_student):
    """Rounded to bfloat16, rotary frequencies are off by up to 0.4 %."""
    sampler = PolicySampler(policy, tokenizer, DRAWING)
    loaded = AutoModelForCausalLM.from_pretrained(tiny_student, dtype=torch.bfloat16)
    kept = dict(loaded.named_buffers())
    for name, buffer in sampler.copy.named_buffers():
        assert buffer.dtype == kept[name].dtype == torch.float32
        assert torch.equal(buffer, kept[name])
    assert next(policy.parameters()).dtype == torch.float32, "the policy is left as it is"


def test_texts_end_where_the_model_ended_them(policy, tokenizer):
    for one in exact(policy, tokenizer).draw(asked(6, 6), 1):
        ended = tokenizer.decode(one.ids[-1:]) in ("<|im_end|>", "<|endoftext|>")
        assert one.finish == ("stop" if ended else "length")
        assert "<|im_end|>" not in one.text
        assert one.finish == "stop" or len(one.ids) == 9


def test_a_prompt_that_fills_the_context_is_named(policy, tokenizer):
    problem = Problem("p1", "1 " * 600, "1")
    with pytest.raises(DataError, match="p1"):
        exact(policy, tokenizer).draw([Asked(problem, 0)], 1)
