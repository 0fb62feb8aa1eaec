"""Texts that are no answers: repetitive, cut off, garbled.

T1 (arXiv 2501.11651) punishes repetition, over-length and garbled or mixed-language text, found by
rules and by a model's perplexity; its rules and thresholds are not published. Each rule here says
where it is from; those without a source are redink's own.
"""

import math

from redink.rewards.garbling import is_garbled
from redink.rewards.repetition import repeats_itself
from redink.rewards.rollout import Finish
from redink.rewards.rules import DEFAULT_RULES, FaultRules

FAULTS = ("repetition", "over_length", "garbled", "perplexity")


def faults(
    text: str,
    n_tokens: int,
    finish: Finish,
    *,
    question: str = "",
    logprob: float | None = None,
    max_tokens: int | None = None,
    rules: FaultRules = DEFAULT_RULES,
) -> tuple[str, ...]:
    """What makes a text degenerate.

    Args:
        text: what was sampled.
        n_tokens: its length.
        finish: how it ended.
        question: what it answers: letters, words and signs that stand in it are no fault.
        logprob: mean natural log-probability of its tokens, for the perplexity rule, which is
            passed over without it.
        max_tokens: a longer text is over-long however it ended; None sets no limit.
        rules: the thresholds.

    Returns names out of `repetition`, `over_length`, `garbled`, `perplexity`; none for a normal
    text.
    """
    cut = finish == "length" or (max_tokens is not None and n_tokens > max_tokens)
    found = {
        "repetition": repeats_itself(text, rules),
        "over_length": rules.over_length and cut,
        "garbled": is_garbled(text, question, rules, cut=finish == "length"),
        "perplexity": rules.perplexity is not None
        and logprob is not None
        and -logprob > math.log(rules.perplexity),
    }
    return tuple(name for name in FAULTS if found[name])
