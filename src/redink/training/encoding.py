"""From an example to token ids and the loss mask.

text    <|im_start|>user\\nQ<|im_end|>\\n<|im_start|>assistant\\n A  .  <|im_end|> \\n
loss    0           0    0 0         0  0           0         0  1  1  1          0
        `------------------ prompt: the generation prompt ------' completion
"""

from dataclasses import asdict, dataclass
from typing import Any

from redink.errors import ModelError
from redink.models.loading import control_tokens
from redink.records import Example, Message

IGNORED = -100
"""The label of a token that carries no loss."""


@dataclass(frozen=True)
class Encoded:
    """One example as token ids; loss on ids[loss_from:loss_to]."""

    ids: tuple[int, ...]
    loss_from: int
    loss_to: int

    @property
    def labels(self) -> list[int]:
        """The ids where there is loss, else -100; as long as `ids`."""
        kept = self.ids[self.loss_from : self.loss_to]
        after = len(self.ids) - self.loss_to
        return [IGNORED] * self.loss_from + list(kept) + [IGNORED] * after

    @property
    def loss_tokens(self) -> int:
        """Tokens that carry loss."""
        return self.loss_to - self.loss_from


def holds_special_token(messages: tuple[Message, ...], tokenizer: Any) -> str | None:
    """A special token's text inside a message, which would turn into the token itself."""
    return next((s for s in control_tokens(tokenizer) for m in messages if s in m.content), None)


def encode(example: Example, tokenizer: Any) -> Encoded:
    """Renders an example with the chat template and marks what carries loss.

    The prompt part is exactly the generation prompt's ids; loss lies on the completion and its
    end-of-turn token, on nothing else. Raises ModelError where the chat template makes that
    impossible: it renders the prompt otherwise once it is answered, or writes no end of turn.
    """
    prompt = [asdict(message) for message in example.prompt]
    completion = [asdict(message) for message in example.completion]
    start = tokenizer.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)
    whole = tokenizer.apply_chat_template(prompt + completion, tokenize=False)
    if not whole.startswith(start):
        raise ModelError(
            "the chat template renders a prompt otherwise once it is answered, so the loss mask "
            "cannot be proved; choose a template whose generation prompt is a prefix"
        )
    prompt_ids = tokenizer(start, add_special_tokens=False)["input_ids"]
    rest_ids = tokenizer(whole[len(start) :], add_special_tokens=False)["input_ids"]
    special = set(control_tokens(tokenizer).values())
    end = next((place for place, token in enumerate(rest_ids) if token in special), None)
    if end is None:
        raise ModelError(
            "the chat template writes no end-of-turn token after an answer, so the model would "
            "never learn to stop; choose a template that does"
        )
    return Encoded((*prompt_ids, *rest_ids), len(prompt_ids), len(prompt_ids) + end + 1)
