"""A response as token ids in which every solution step has its own: aligned by index.

text    <|im_start|>user\\nQ ... assistant\\n 3 * 4 = 12 \\n #### 12 \\n
ids     0           1   2 3         4    5 6 7 8 9  10 11   12 13
        `------ prompt: the generation prompt --'
ends                                                10         13
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redink.errors import DataError, ModelError
from redink.models.loading import control_tokens
from redink.models.template import prompt_text
from redink.records import Message
from redink.steps.continuing import continued_ids, plain_ids
from redink.steps.separator import SeparatorTokens
from redink.steps.solution import SolutionStep, solution_steps


@dataclass(frozen=True)
class EncodedSteps:
    """A prompt and the solution steps of one response as token ids."""

    ids: tuple[int, ...]
    """The prompt, then each step's own tokens followed by the separator's."""
    ends: tuple[int, ...]
    """For each step the index in `ids` of its separator's last token."""
    prompt: int
    """Tokens of the prompt."""

    @property
    def spans(self) -> list[tuple[int, int]]:
        """For each step the indices of its first token and behind its separator's last one."""
        starts = (self.prompt, *(end + 1 for end in self.ends))
        return [(start, end + 1) for start, end in zip(starts, self.ends, strict=False)]


class StepEncoder:
    """Encodes responses step by step for one tokenizer.

    Every step is encoded by itself, as it follows other text, and the separator's ids are put
    behind it: no token reaches over the border of two steps, whatever the tokenizer would join
    there in a text, and a step's place is known by counting, never searched for.

    Args:
        tokenizer: of `redink.models.loading.load_tokenizer`, with a chat template.
        separator: what the scorer was saved with; this tokenizer's own where None.

    Raises ModelError where the tokenizer writes the separator otherwise than `separator` says.
    """

    def __init__(self, tokenizer: Any, separator: SeparatorTokens | None = None) -> None:
        self.tokenizer = tokenizer
        if separator is not None:
            separator.check(tokenizer)
        self.separator = separator or SeparatorTokens.of(tokenizer)
        self._special = tuple(control_tokens(tokenizer))

    def encode(self, messages: Sequence[Message], text: str) -> EncodedSteps:
        """The prompt of `messages` and the solution steps of `text`.

        The prompt's ids are those of training and sampling: the chat template's with the
        assistant's header. A text without steps has no ends.

        Raises DataError where a message or a step holds a control token's text, ModelError where
        the template refuses the messages or the tokenizer gives a step no tokens of its own.
        """
        steps = solution_steps(text)
        self._refuse_control_tokens([message.content for message in messages], "the prompt")
        self._refuse_control_tokens([step.text for step in steps], "the response")
        prompt, *_ = plain_ids([prompt_text(messages, self.tokenizer)], self.tokenizer)
        ids, ends = list(prompt), []
        own = continued_ids([step.text for step in steps], self.tokenizer)
        for step, step_ids in zip(steps, own, strict=True):
            self._refuse_nothing(step, step_ids)
            ids += [*step_ids, *self.separator.ids]
            ends.append(len(ids) - 1)
        encoded = EncodedSteps(tuple(ids), tuple(ends), len(prompt))
        self._prove(encoded, steps)
        return encoded

    def _refuse_control_tokens(self, texts: Sequence[str], where: str) -> None:
        for special in self._special:
            if any(special in text for text in texts):
                raise DataError(
                    f"{where} holds {special!r}, which the model would read as a control token; "
                    "remove it from the text"
                )

    def _refuse_nothing(self, step: SolutionStep, ids: list[int]) -> None:
        if not ids:
            raise ModelError(
                f"the tokenizer gives solution step {step.index} ({step.text[:20]!r}) no token; "
                "choose another base model"
            )

    def _prove(self, encoded: EncodedSteps, steps: Sequence[SolutionStep]) -> None:
        wanted, length = self.separator.ids, len(self.separator.ids)
        there = all(encoded.ids[e + 1 - length : e + 1] == wanted for e in encoded.ends)
        if len(encoded.ends) != len(steps) or not there:
            raise ModelError(
                f"{len(steps)} solution steps came to {len(encoded.ends)} places in the tokens; "
                "this is a fault of redink's: report the text and the model"
            )


def encode_steps(
    messages: Sequence[Message],
    text: str,
    tokenizer: Any,
    separator: SeparatorTokens | None = None,
) -> EncodedSteps:
    """One response as `StepEncoder.encode` has it; for many, make one encoder."""
    return StepEncoder(tokenizer, separator).encode(messages, text)
