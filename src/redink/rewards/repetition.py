"""Text that says the same again and again."""

import re
from collections import Counter

from redink.rewards.rules import FaultRules

_COMMAND = re.compile(r"\\[A-Za-z]+")
_SPACES = re.compile(r"\s+")
_BARE = frozenset(" -=_*.#~|+:,;/()[]{}<>×·÷−&^\\$%'\"`0123456789")
"""What rows of tables, rules and sums of equal terms are made of."""
MOST = 40_000
"""Characters, from the end, that are looked at."""


def repeats_itself(text: str, rules: FaultRules) -> bool:
    """Whether one of three rules finds repetition: windows, n-grams, loops."""
    text = text[-MOST:]
    return (
        has_frequent_window(text, rules.window, rules.window_times)
        or ngram_share(text, rules.ngram, rules.ngram_least) >= rules.ngram_share
        or has_loop(text, rules)
    )


def has_frequent_window(text: str, length: int, times: int) -> bool:
    """Whether one stretch of `length` characters occurs at `times` places; they may overlap."""
    places = len(text) - length + 1
    if places < times:
        return False
    counts = Counter(text[place : place + length] for place in range(places))
    return max(counts.values()) >= times


def ngram_share(text: str, length: int, least: int) -> float:
    """Share of the n-grams that stood in the text before; 0 where there are fewer than `least`.

    Words are what white space parts, and n-grams without a letter (TeX commands aside) do not
    count: sums of equal terms repeat themselves. Of 1,447 reference solutions with TeX (MATH-500,
    Minerva, OlympiadBench) the highest share is 0.40 so, and 0.78 where each sign is a word.
    """
    words = text.lower().split()
    lettered = [any(map(str.isalpha, _COMMAND.sub("", word))) for word in words]
    grams = [
        tuple(words[place : place + length])
        for place in range(len(words) - length + 1)
        if any(lettered[place : place + length])
    ]
    return 1 - len(set(grams)) / len(grams) if len(grams) >= max(least, 1) else 0.0


def has_loop(text: str, rules: FaultRules) -> bool:
    """Whether the same text stands in a row often enough, of whatever length it is; white space
    counts as one space."""
    import numpy as np

    plain = _SPACES.sub(" ", text)
    shortest = min(rules.loop_characters, rules.loop_bare)
    if len(plain) < shortest:
        return False
    codes = np.frombuffer(plain.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    for period in range(1, min(rules.loop_unit, len(plain) // rules.loop_times) + 1):
        breaks = np.flatnonzero(codes[period:] != codes[:-period])
        edges = np.concatenate(([-1], breaks, [len(codes) - period]))
        runs = np.diff(edges) - 1 + period
        needed = max(shortest, rules.loop_times * period)
        for place in np.flatnonzero(runs >= needed):
            start = int(edges[place]) + 1
            bare = _is_bare(plain[start : start + period])
            if runs[place] >= (rules.loop_bare if bare else rules.loop_characters):
                return True
    return False


def _is_bare(unit: str) -> bool:
    """Whether what is repeated has no words; TeX commands, `2 \\cdot 2 \\cdot`, are none."""
    first = max(unit.find("\\"), 0)
    return _BARE.issuperset(_COMMAND.sub("", unit[first:] + unit[:first]))
