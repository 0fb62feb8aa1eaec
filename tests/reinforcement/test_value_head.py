"""A policy with a value head says what a plain forward pass says, at the chosen places alone."""

import pytest
import torch
from safetensors.torch import load_file

from redink.models.loading import load_model, load_tokenizer
from redink.models.resolve import resolve_model
from redink.reinforcement.logprobs import score
from redink.reinforcement.value_head import PolicyWithValue, chosen_by, save_value_head
from redink.training.batches import collate
from redink.training.encoding import Encoded
from redink.training.head import loss_positions


@pytest.fixture
def policy(tiny_student):
    return load_model(resolve_model(tiny_student), "float32", "cpu")


def batch(tiny_student, rows):
    pad = load_tokenizer(resolve_model(tiny_student)).pad_token_id
    merged = {name: torch.tensor(values) for name, values in collate(rows, pad).items()}
    indices, targets = loss_positions(merged.pop("labels"))
    return merged | {"indices_N": indices, "targets_N": targets}


ROWS = [Encoded((5, 9, 17, 33, 40, 2), 2, 6), Encoded((7, 8, 60), 1, 3), Encoded((4, 50), 1, 2)]
CHOSEN = [(0, 2), (0, 3), (0, 4), (0, 5), (1, 1), (1, 2), (2, 1)]
"""Row and column of every chosen token."""


def plain_logits(policy, row):
    with torch.no_grad():
        return policy(input_ids=torch.tensor([ROWS[row].ids])).logits[0].double()


@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_log_probabilities_and_entropies_are_those_of_a_plain_forward_pass(
    tiny_student, policy, temperature
):
    given = batch(tiny_student, ROWS)
    with torch.no_grad():
        found = PolicyWithValue(policy)(**given, temperature=temperature)
        reference = chosen_by(policy, **given, temperature=temperature)
    shares = [
        (plain_logits(policy, row)[column - 1] / temperature).log_softmax(0)
        for row, column in CHOSEN
    ]
    expected = [s[ROWS[r].ids[c]].item() for s, (r, c) in zip(shares, CHOSEN, strict=True)]
    assert found.logprobs_N[: len(CHOSEN)].tolist() == pytest.approx(expected, abs=1e-5)
    assert torch.equal(found.logprobs_N, reference)
    entropies = [-(s.exp() * s).sum().item() for s in shares]
    assert found.entropies_N[: len(CHOSEN)].tolist() == pytest.approx(entropies, abs=1e-5)


def test_the_head_begins_at_zero_and_reads_the_last_hidden_state(tiny_student, policy):
    model, given = PolicyWithValue(policy), batch(tiny_student, ROWS)
    assert model(**given).values_N.tolist() == [0.0] * len(given["targets_N"])
    with torch.no_grad():
        model.value_head.weight.copy_(torch.linspace(-1, 1, 32)[None])
        model.value_head.bias.fill_(0.25)
    values = model(**given).values_N
    for place, (row, column) in enumerate(CHOSEN):
        hidden = policy.model(input_ids=torch.tensor([ROWS[row].ids])).last_hidden_state[0]
        expected = hidden[column - 1] @ torch.linspace(-1, 1, 32) + 0.25
        assert values[place].item() == pytest.approx(expected.item(), abs=1e-5)


def test_the_backbone_is_shared_and_learns_from_values_once_the_head_is_not_zero(
    tiny_student, policy
):
    model, given = PolicyWithValue(policy), batch(tiny_student, ROWS)
    first = policy.model.layers[0].mlp.up_proj.weight
    model(**given).values_N.sum().backward()
    assert first.grad is None or first.grad.abs().sum() == 0
    assert model.value_head.weight.grad.abs().sum() > 0
    torch.nn.init.ones_(model.value_head.weight)
    model(**given).values_N.sum().backward()
    assert first.grad.abs().sum() > 0


@pytest.mark.parametrize("width", [torch.float32, torch.float64])
def test_log_probabilities_and_their_gradients_are_autograds_own(width):
    torch.manual_seed(0)
    logits = torch.randn(70, 11, dtype=torch.float64, requires_grad=True)
    targets = torch.randint(0, 11, (70,))
    upstream = torch.randn(70, dtype=torch.float64)
    expected = (logits / 0.8).log_softmax(1).gather(1, targets[:, None])[:, 0]
    (expected * upstream).sum().backward()
    wanted, logits.grad = logits.grad.clone(), None
    found, _ = score((logits * 1.0).to(width), targets, 0.8)
    (found * upstream).sum().backward()
    close = 1e-13 if width == torch.float64 else 1e-6
    assert torch.allclose(found.double(), expected, atol=close)
    assert torch.allclose(logits.grad, wanted, atol=close)


def test_the_head_is_kept_as_safetensors(policy, tmp_path):
    model = PolicyWithValue(policy)
    torch.nn.init.normal_(model.value_head.weight)
    save_value_head(model.value_head, tmp_path / "value_head.safetensors")
    found = load_file(tmp_path / "value_head.safetensors")
    assert set(found) == {"weight", "bias"}
    assert torch.equal(found["weight"], model.value_head.weight)
