"""What a critic says of one response, as benchmarks of first errors ask it."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from redink.records import Critique, Json, Response
from redink.refinement.critic import named_step
from redink.steps import solution_steps
from redink.teachers.verdict import read_first_error

_NONE_WRONG = re.compile(
    r"first\s+(?:wrong|incorrect|erroneous|mistaken)\s+(?:solution\s+)?(?:step|line)[*_`\s]*[:：]"
    r"[*_`\s]*none\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Judgement:
    """Whether a response is called wrong, and from which step on."""

    labels_id: str
    flagged: bool | None
    """Whether an error is said to be in it; None where that cannot be read."""
    first_error: int | None = None
    """0-based; None without an error, or where its place is not named."""
    why: str = ""
    """Why it cannot be read."""
    scores: tuple[float, ...] = ()
    """Of a scorer: each step's probability of being right."""
    threshold: float = 0.5
    """A step with a lower one is called wrong."""

    def to_json(self) -> Json:
        """One line of `judgements/*.jsonl`."""
        return asdict(self)


def judgement_of(labels_id: str, critique: Critique, response: Response) -> Judgement:
    """Reads a critique as a judgement of the steps.

    `First wrong step: K` counts whatever the conclusion is: that may be about the final answer
    alone. Otherwise the conclusion decides; where it is `wrong`, the step is looked for as the
    symbolic teacher, and who learned from it, names one. `First wrong step: none` beside the
    conclusion `wrong` is an error without a place.
    """
    steps = len(solution_steps(response.text))
    step = critique.first_error
    if step is None:
        step = read_first_error(critique.text, steps)
    if step is not None:
        return Judgement(labels_id, True, step)
    if critique.verdict is None:
        return Judgement(labels_id, None, why=critique.why or "no conclusion")
    if critique.verdict == "right":
        return Judgement(labels_id, False)
    placed = None if _NONE_WRONG.search(critique.text) else named_step(critique.text, steps)
    return Judgement(labels_id, True, placed)


def judgement_by_scores(labels_id: str, scores: Sequence[float], threshold: float) -> Judgement:
    """The first step scored below `threshold` is the first error."""
    place = next((index for index, score in enumerate(scores) if score < threshold), None)
    return Judgement(labels_id, place is not None, place, scores=tuple(scores), threshold=threshold)
