"""Cutting an answer off at a budget of tokens, and whether it has stated its answer by then."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redink.grading.extraction import extract_answer
from redink.records import Problem, Response

_HASHES_AT_END = re.compile(r"(?:\A|\n)[ \t>*]*#{1,4}(?!#)[^\n]*\Z")


@dataclass(frozen=True)
class Cut:
    """An answer as far as a budget lets it come."""

    text: str
    tokens: int
    """Of the thinking; the end of turn is not counted."""
    ended: bool
    """Whether the model had ended it by itself."""


class Cutter:
    """Cuts answers off.

    Args:
        tokenizer: the model's own. An answer's text is tokenized anew, which may part a few words
            otherwise than they were sampled.
    """

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer

    def cuts(self, responses: Sequence[Response], budgets: Sequence[int]) -> list[list[Cut]]:
        """Each response at each budget, in order.

        Args:
            responses: sampled up to the largest budget.
            budgets: in tokens, ascending.
        """
        ends = self._ends([response.text for response in responses])
        return [
            [_cut(response, places, budget, budget == budgets[-1]) for budget in budgets]
            for response, places in zip(responses, ends, strict=True)
        ]

    def _ends(self, texts: Sequence[str]) -> list[list[int]]:
        """For each text the character behind each of its tokens."""
        if not texts:
            return []
        if getattr(self.tokenizer, "is_fast", False):
            found = self.tokenizer(
                list(texts), add_special_tokens=False, return_offsets_mapping=True
            )["offset_mapping"]
            return [[int(end) for _, end in pairs] for pairs in found]
        return [self._ends_slowly(text) for text in texts]

    def _ends_slowly(self, text: str) -> list[int]:
        ids = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return [
            min(len(text), len(self.tokenizer.decode(ids[: number + 1])))
            for number in range(len(ids))
        ]


def _cut(response: Response, ends: Sequence[int], budget: int, is_largest: bool) -> Cut:
    """Where an answer ended by itself within its budget, or was cut off at it."""
    if len(ends) <= budget or is_largest:
        return Cut(response.text, min(len(ends), budget), response.finish == "stop")
    return Cut(response.text[: ends[budget - 1]], budget, False)


def has_stated(text: str, problem: Problem) -> bool:
    """Whether a text that was cut off states a final answer, in a box or behind `####`.

    The line behind `####` must have ended: `#### 24` may have been on its way to `#### 241`. An
    answer that is only said in passing does not count: the model is asked.
    """
    if _HASHES_AT_END.search(text):
        return False
    found = extract_answer(text, problem.question)
    return found is not None and found.marker in ("hashes", "boxed")


def without_open_line(text: str) -> str:
    """A text without a last line that has begun to state an answer behind `####`."""
    found = _HASHES_AT_END.search(text)
    return text[: found.start()].rstrip() if found else text.rstrip()
