"""How a solution states its final answer: every arm of a comparison ends alike.

The baselines of Critique Fine-Tuning were trained to end in `Answer: x` while its grader looked for
`\\boxed{x}` (arXiv 2501.17703, A.2, and its released scripts), a possible handicap.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Literal

from redink.grading.extraction import extract_answer

Ending = Literal["hashes", "boxed", "phrase"]

_FORMS: dict[Ending, str] = {
    "hashes": "#### {answer}",
    "boxed": "The final answer is $\\boxed{{{answer}}}$.",
    "phrase": "The answer is {answer}.",
}
_HASHES = re.compile(r"\n?^[ \t]*####(?!#)[^\n]*\s*\Z", re.MULTILINE)


def ending_of(texts: Iterable[str]) -> Ending:
    """The way in which most of `texts` mark their final answer; `boxed` where none does."""
    found = Counter(ending for text in texts if (ending := _ending(text)) is not None)
    order: list[Ending] = ["boxed", "hashes", "phrase"]
    return max(order, key=lambda ending: found[ending])


def ended(solution: str, ending: Ending, answer: str | None) -> str | None:
    """A solution with its final answer marked as `ending` has it; None where it has no answer.

    Args:
        solution: kept as it is where it ends so already.
        ending: the wanted mark.
        answer: what is written; that which the solution marks where it is None or empty.
    """
    found = extract_answer(solution)
    stated = found.answer if found and not found.is_guess else None
    if stated is not None and _ending(solution) == ending:
        return solution
    answer = (answer or "").strip() or stated
    if not answer:
        return None
    body = _HASHES.sub("", solution).rstrip()
    return f"{body}\n{_FORMS[ending].format(answer=answer)}".lstrip()


def _ending(text: str) -> Ending | None:
    found = extract_answer(text)
    if found is None or found.marker not in _FORMS:
        return None
    return found.marker
