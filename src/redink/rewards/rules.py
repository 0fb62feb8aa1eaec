"""What counts as a degenerate text: the thresholds."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redink.errors import UsageError
from redink.rewards.scripts import check_languages


@dataclass(frozen=True)
class FaultRules:
    """What counts as degenerate."""

    over_length: bool = True
    """Whether a text that was cut off at the token limit is a fault."""
    window: int = 80
    """Characters: a stretch of that length that occurs `window_times` times, at whatever places,
    is repetition. TreeRL's rule and numbers (the code of T1's authors)."""
    window_times: int = 20
    ngram: int = 4
    """Words in a row, for the share of repeated ones: 1 - different / all, the seq-rep-4 of Welleck
    et al. (arXiv 1908.04319)."""
    ngram_share: float = 0.6
    """From that share on a text is repetition."""
    ngram_least: int = 20
    """A text with fewer of them is not judged by their share."""
    loop_times: int = 4
    """As often in a row the same text, of any length up to `loop_unit`, is repetition, where it
    comes to `loop_characters` together."""
    loop_characters: int = 60
    loop_bare: int = 160
    """In the place of `loop_characters` where what is repeated has no letter: rows of a table,
    rules, sums of equal terms."""
    loop_unit: int = 400
    """Characters at most of what is repeated in a row."""
    languages: tuple[str, ...] = ("en",)
    """Two-letter codes: besides the question's own, whose letters and words an answer may have."""
    foreign_letters: int = 1
    """So many letters of other scripts are garbled text."""
    perplexity: float | None = None
    """A text whose tokens' mean perplexity is above it is a fault; None asks for none. T1 filters
    by perplexity at a threshold that is not published."""

    def __post_init__(self) -> None:
        check_languages(self.languages)
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.type is int and (not isinstance(value, int) or value < 1):
                raise UsageError(
                    f"degenerate.{field.name}: {value!r}; give a whole number of at least 1"
                )
        if not isinstance(self.ngram_share, int | float) or not 0 < self.ngram_share <= 1:
            raise UsageError("degenerate.ngram_share: give a share above 0, at most 1")
        limit = self.perplexity
        if limit is not None and (not isinstance(limit, int | float) or limit <= 1):
            raise UsageError("degenerate.perplexity: give a number above 1, or leave it out")


DEFAULT_RULES = FaultRules()


def fault_rules(settings: Mapping[str, Any]) -> FaultRules:
    """Rules with some thresholds set; raises UsageError for an unknown one."""
    known = [field.name for field in dataclasses.fields(FaultRules)]
    for name in settings:
        if name not in known:
            raise UsageError(f"degenerate: {name!r} is unknown; use {', '.join(known)}")
    given = dict(settings)
    if "languages" in given:
        codes = given["languages"]
        given["languages"] = (codes,) if isinstance(codes, str) else tuple(codes)
    return FaultRules(**given)
