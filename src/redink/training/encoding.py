"""From an example to token ids and the loss mask.

text    <|im_start|>user\\nQ<|im_end|>\\n<|im_start|>assistant\\n A  .  <|im_end|> \\n
loss    0           0    0 0         0  0           0         0  1  1  1          0
        `------------------ prompt: the generation prompt ------' completion
"""

from dataclasses import dataclass, replace
from typing import Any

from redink.errors import DataError, ModelError
from redink.models.loading import control_tokens
from redink.models.template import conversation_text, prompt_text
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
    impossible: it renders the prompt otherwise once it is answered, leaves a part of the answer
    out, or writes no end of turn; DataError for a completion of several messages.
    """
    if len(example.completion) != 1 or example.completion[0].role != "assistant":
        raise DataError("a completion must be one message of the assistant's; split the example")
    start = prompt_text(example.prompt, tokenizer)
    whole = conversation_text(example.prompt + example.completion, tokenizer)
    if not whole.startswith(start):
        raise ModelError(
            "the chat template renders a prompt otherwise once it is answered, so the loss mask "
            "cannot be proved: it opens thinking that the answer lacks, or the answer holds "
            "thinking of its own; leave thinking out of the answers, or choose a student with a "
            "template whose generation prompt is a prefix"
        )
    prompt_ids = _ids(start, tokenizer)
    rest = whole[len(start) :]
    rest_ids = _continuation(start, rest, tokenizer)
    end = _end_of_turn(example, start, rest, rest_ids, tokenizer)
    return Encoded((*prompt_ids, *rest_ids), len(prompt_ids), len(prompt_ids) + end + 1)


def _ids(text: str, tokenizer: Any) -> list[int]:
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


_BEFORE = ("x", "\n", ".", ":")
"""Texts to put before an answer that grows together with its prompt's end: one parts from it."""


def _continuation(start: str, rest: str, tokenizer: Any) -> list[int]:
    """The ids of `rest` as they follow other text: those of a text alone may begin with a space."""
    for before in (start, *_BEFORE):
        ids, both = _ids(before, tokenizer), _ids(before + rest, tokenizer)
        if both[: len(ids)] == ids:
            return both[len(ids) :]
    raise ModelError(
        f"the tokenizer joins the answer's beginning {rest[:20]!r} to any text before it, so the "
        "loss mask cannot be proved; choose another student, or strip the answer"
    )


_MARK = "8642097531"
"""An answer that no chat template writes by itself, to find what stands around an answer."""


def _end_of_turn(
    example: Example, start: str, rest: str, rest_ids: list[int], tokenizer: Any
) -> int:
    """The place in `rest_ids` of the special token that follows the answer."""
    (answer,) = example.completion
    marked = conversation_text((*example.prompt, replace(answer, content=_MARK)), tokenizer)
    header, _, tail = marked[len(start) :].rpartition(_MARK)
    written = rest[len(header) : len(rest) - len(tail)]
    if written.strip() != answer.content.strip() or rest != header + written + tail:
        raise ModelError(
            "the chat template writes an answer otherwise than it is given, so the student would "
            f"learn another text than the data's ({written[:40]!r} in place of "
            f"{answer.content[:40]!r}); leave thinking out of the answers or choose another student"
        )
    special = set(control_tokens(tokenizer).values())
    earlier = sum(token in special for token in _ids(header, tokenizer))
    places = [place for place, token in enumerate(rest_ids) if token in special]
    if len(places) <= earlier:
        raise ModelError(
            "the chat template writes no end-of-turn token after an answer, so the model would "
            "never learn to stop; choose a template that does"
        )
    return places[earlier]
