"""The loss whose gradient takes the place of the logits is torch's own."""

import pytest
import torch
import torch.nn.functional as F

from redink.training.encoding import IGNORED
from redink.training.head import summed_cross_entropy


@pytest.mark.parametrize(
    ("dtype", "exact"), [(torch.float32, 1e-6), (torch.bfloat16, 1e-2)], ids=str
)
@pytest.mark.parametrize("positions", [1, 32, 75])
def test_sum_and_gradient_are_those_of_torch(positions, dtype, exact):
    generator = torch.Generator().manual_seed(0)
    logits = (4 * torch.randn(positions, 211, generator=generator)).to(dtype)
    targets = torch.randint(0, 211, (positions,), generator=generator)
    targets[::5] = IGNORED
    ours, theirs = (logits.clone().requires_grad_() for _ in range(2))
    found = summed_cross_entropy(ours * 1, targets)
    expected = F.cross_entropy(theirs.float(), targets, reduction="sum")
    assert found.item() == pytest.approx(expected.item(), rel=1e-6)
    (0.25 * found).backward()
    (0.25 * expected).backward()
    assert torch.allclose(ours.grad, theirs.grad, rtol=exact, atol=1e-7)


def test_positions_without_loss_give_none():
    logits = torch.randn(64, 9, requires_grad=True)
    loss = summed_cross_entropy(logits * 1, torch.full((64,), IGNORED))
    loss.backward()
    assert loss.item() == 0
    assert not logits.grad.any()


def test_an_operation_that_kept_the_logits_fails_instead_of_giving_a_wrong_gradient():
    logits = torch.randn(4, 9, requires_grad=True)
    loss = summed_cross_entropy(torch.tanh(logits), torch.tensor([1, 2, 3, 4]))
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()
