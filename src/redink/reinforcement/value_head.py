"""A value head on the policy: one linear layer over its last hidden state, the backbone shared.

ReFT (arXiv 2401.08967, section 3.2) shares the backbone; a value model of its own scored 75.15
against 75.28 there, and costs a second model's memory.
"""

from pathlib import Path
from typing import Any, NamedTuple

import torch

from redink.errors import ModelError
from redink.files import write_atomically
from redink.reinforcement.logprobs import score
from redink.training.head import head_at
from redink.training.stepwise import plain_model

NAME = "value_head.safetensors"


class Judged(NamedTuple):
    """What a policy and its value head say of N tokens."""

    logprobs_N: torch.Tensor
    values_N: torch.Tensor
    """Expected sum of the rewards from each token on, before it is chosen."""
    entropies_N: torch.Tensor
    """Of what each token was drawn from, in nats."""


class PolicyWithValue(torch.nn.Module):
    """A causal language model with a value head, asked about chosen tokens alone.

    The head begins at zero: it expects nothing before it has seen a reward, its first gradient
    leaves the backbone as it is, and two trainings with the same seed begin alike. (ReFT's begins
    with torch's random weights, a standard deviation of 0.58 / √H.)

    Args:
        policy: of transformers, adapters in it or not.
    """

    def __init__(self, policy: Any) -> None:
        super().__init__()
        self.policy = policy
        embeddings = plain_model(policy).get_output_embeddings()
        if embeddings is None or not hasattr(embeddings, "weight"):
            raise ModelError(
                f"a {policy.config.model_type} model has no output layer to set a value head "
                "beside; choose a causal language model, such as smollm2-135m"
            )
        hidden = int(embeddings.weight.shape[1])
        self.value_head = torch.nn.Linear(hidden, 1, device=policy.device, dtype=torch.float32)
        torch.nn.init.zeros_(self.value_head.weight)
        torch.nn.init.zeros_(self.value_head.bias)

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        indices_N: torch.Tensor,
        targets_N: torch.Tensor,
        temperature: float = 1.0,
    ) -> Judged:
        """Log-probabilities and values of the tokens `targets_N`.

        Args:
            input_ids: int64, shape (B, T), padded on the right.
            attention_mask: int64, shape (B, T).
            indices_N: flat places in (B*T) of the tokens before the chosen ones.
            targets_N: the chosen tokens; what is said of one of -100, which fills up, says nothing.
            temperature: at which they were drawn.
        """
        logits_N_V, hidden_N_H = self._at(input_ids, attention_mask, indices_N)
        with torch.autocast(hidden_N_H.device.type, enabled=False):
            values_N = self.value_head(hidden_N_H.float())[:, 0]
        logprobs_N, entropies_N = score(logits_N_V, targets_N.clamp(min=0), temperature)
        return Judged(logprobs_N, values_N, entropies_N)

    def _at(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, indices_N: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits and last hidden states at the given places alone."""
        output = plain_model(self.policy).get_output_embeddings()
        seen: list[torch.Tensor] = []
        with head_at(output, indices_N):
            # Hooks run in the order of their making: this one sees what `head_at` has left.
            handle = output.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
            try:
                logits_1_N_V = self.policy(
                    input_ids=input_ids, attention_mask=attention_mask, use_cache=False
                ).logits
            finally:
                handle.remove()
        return logits_1_N_V[0], seen[0][0]


def chosen_by(
    model: Any,
    input_ids: torch.Tensor,
    attention_mask: torch.Tensor,
    indices_N: torch.Tensor,
    targets_N: torch.Tensor,
    temperature: float = 1.0,
) -> torch.Tensor:
    """Log-probabilities of the tokens `targets_N` under a model without a value head; arguments as
    of `PolicyWithValue.forward`."""
    with head_at(plain_model(model).get_output_embeddings(), indices_N):
        logits_1_N_V = model(
            input_ids=input_ids, attention_mask=attention_mask, use_cache=False
        ).logits
    return score(logits_1_N_V[0], targets_N.clamp(min=0), temperature)[0]


def save_value_head(head: torch.nn.Linear, path: Path) -> None:
    """Writes the head's weights to a safetensors file."""
    from safetensors.torch import save

    weights = {name: value.detach().cpu().contiguous() for name, value in head.named_parameters()}
    write_atomically(path, save(weights))
