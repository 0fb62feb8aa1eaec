"""Log-probabilities of completions and entropies, with their gradients, in float64."""

import pytest
import torch
from transformers import AutoModelForCausalLM

from redink.reinforcement.logprobs import sampled_logprobs, score


def by_hand(logits, targets, temperature):
    """With torch's own softmax and its gradients."""
    logs = torch.log_softmax(logits / temperature, dim=-1)
    chosen = logs[torch.arange(len(targets)), targets]
    return chosen, -(logs.exp() * logs).sum(-1)


@pytest.mark.parametrize("temperature", [1.0, 0.7, 1.3])
def test_values_and_gradients_are_those_of_the_formula(temperature):
    torch.manual_seed(0)
    start = torch.randn(70, 19, dtype=torch.float64) * 3
    targets, weights = torch.randint(19, (70,)), torch.randn(2, 70, dtype=torch.float64)
    gradients = []
    for of in (by_hand, score):
        leaf = start.clone().requires_grad_()
        logprobs, entropies = of(leaf * 1.0, targets, temperature)
        (logprobs * weights[0] + entropies * weights[1]).sum().backward()
        gradients.append((logprobs.detach(), entropies.detach(), leaf.grad))
    for theirs, ours in zip(*gradients, strict=True):
        assert torch.allclose(theirs, ours, atol=1e-12, rtol=0)


def test_the_entropy_gradient_alone_raises_the_entropy():
    torch.manual_seed(1)
    leaf = (torch.randn(8, 30, dtype=torch.float64) * 2).requires_grad_()
    _, before = score(leaf * 1.0, torch.zeros(8, dtype=torch.int64), 1.0)
    before.sum().backward()
    _, after = score((leaf + 0.1 * leaf.grad).detach(), torch.zeros(8, dtype=torch.int64), 1.0)
    assert (after > before.detach()).all()


def test_bfloat16_logits_are_scored_in_float32():
    logits = torch.randn(5, 40).bfloat16()
    targets = torch.arange(5)
    ours = score(logits, targets, 1.2)
    theirs = by_hand(logits.float(), targets, 1.2)
    for a, b in zip(ours, theirs, strict=True):
        assert a.dtype == torch.float32
        assert torch.allclose(a, b, atol=1e-5)


def test_padding_and_the_rest_of_a_batch_change_nothing(tiny_student):
    model = AutoModelForCausalLM.from_pretrained(tiny_student).double()
    prompts, answers = [[5, 6, 7], [8, 9, 10, 11, 12]], [[40, 41, 42, 43], [50, 2]]
    ids, mask = [], []
    for prompt, answer in zip(prompts, answers, strict=True):
        before, after = 5 - len(prompt), 4 - len(answer)
        ids.append([0] * before + prompt + answer + [0] * after)
        mask.append([0] * before + [1] * len(prompt + answer) + [0] * after)
    completion = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]])
    found = sampled_logprobs(
        model, model, torch.tensor(ids), torch.tensor(mask), completion, temperature=0.8
    )
    for row, (prompt, answer) in enumerate(zip(prompts, answers, strict=True)):
        logits = model(torch.tensor([prompt + answer])).logits[0, len(prompt) - 1 : -1]
        expected = by_hand(logits, torch.tensor(answer), 0.8)
        for ours, theirs in zip(found, expected, strict=True):
            assert torch.allclose(ours[row, : len(answer)], theirs, atol=1e-10)
            assert not ours[row, len(answer) :].any()
