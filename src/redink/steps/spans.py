"""Which tokens of a text's natural encoding show each solution step."""

from typing import Any

from redink.errors import ModelError
from redink.steps.solution import solution_steps


def token_spans(text: str, tokenizer: Any) -> list[tuple[int, int]]:
    """For each solution step the tokens that hold any of its characters, by their offsets.

    Args:
        text: a response, encoded as it stands and without a prompt.
        tokenizer: a fast one.

    Returns:
        For each step the indices of its first token and behind its last one. A token that holds
        characters of two steps belongs to both: only `encode_steps` keeps steps apart.

    Raises ModelError for a tokenizer without offsets, or one that drops a whole step.
    """
    if not getattr(tokenizer, "is_fast", False):
        raise ModelError(
            "this tokenizer tells no character offsets, so its tokens cannot be laid over solution "
            "steps; save the model with a fast tokenizer (tokenizer.json)"
        )
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    offsets: list[tuple[int, int]] = encoded["offset_mapping"]
    spans: list[tuple[int, int]] = []
    first = 0
    for step in solution_steps(text):
        while first < len(offsets) and offsets[first][1] <= step.start:
            first += 1
        last = first
        while last < len(offsets) and offsets[last][0] < step.end:
            last += 1
        if last == first:
            raise ModelError(
                f"the tokenizer gives solution step {step.index} ({step.text[:20]!r}) no token; "
                "choose another model"
            )
        spans.append((first, last))
    return spans
