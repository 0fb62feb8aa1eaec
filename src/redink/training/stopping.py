"""Whether a trained model ends its answers by itself: seen by letting it answer."""

from collections.abc import Sequence
from typing import Any

from redink.errors import RedinkError
from redink.records import Example, Json
from redink.training.encoding import holds_special_token

ASKED = 4
"""Training prompts that are answered: those with the shortest completions."""
MARGIN = 16
"""New tokens beyond twice the longest of these completions."""


def stopping(model: Any, tokenizer: Any, examples: Sequence[Example]) -> Json:
    """How many of its own training prompts a model answers to an end, greedily.

    A completion's end of turn carries loss, so that a model which was trained enough ends its
    answers; one that does not will be graded on what it wrote up to the limit.

    Args:
        model: the trained one; left as it is.
        tokenizer: its own.
        examples: that it was trained on.

    Returns `asked`, `stopped`, `max_tokens` (of an answer); or `failed`, the reason, where it could
    not be asked: no training is lost for that.
    """
    from redink.engines.engine import Completion, Conversation, Sampling
    from redink.engines.in_memory import InMemoryEngine

    texts = {
        example.prompt: example.completion[0].content
        for example in examples
        if holds_special_token(example.prompt + example.completion, tokenizer) is None
    }
    chosen = sorted(texts, key=lambda prompt: (len(texts[prompt]), texts[prompt]))[:ASKED]
    lengths = [len(tokenizer(texts[prompt])["input_ids"]) for prompt in chosen]
    limit = 2 * max(lengths) + MARGIN
    asked = [Conversation(str(place), prompt) for place, prompt in enumerate(chosen)]
    try:
        answers = list(InMemoryEngine(model, tokenizer).complete(asked, Sampling(max_tokens=limit)))
    except (RedinkError, RuntimeError, ValueError) as error:
        return {"failed": (str(error).strip() or type(error).__name__).splitlines()[0]}
    stopped = sum(isinstance(one, Completion) and one.finish == "stop" for one in answers)
    return {"asked": len(asked), "stopped": stopped, "max_tokens": limit}


def stopping_note(facts: Json) -> str:
    """What `stopping` found, in a line."""
    if "failed" in facts:
        return f"whether it stops by itself was not seen ({facts['failed']})"
    seen = f"it ended {facts['stopped']} of {facts['asked']} answers by itself"
    if facts["stopped"] == facts["asked"]:
        return seen
    return (
        f"{seen}, within {facts['max_tokens']} tokens, to prompts of its own training: train on "
        "more rows or for more epochs, or its answers run on to their limit"
    )
