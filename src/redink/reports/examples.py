"""Which items the report shows in full: worked critiques, and problems on which arms disagree."""

from collections.abc import Sequence
from dataclasses import dataclass

from redink.evaluation.comparison import Comparison
from redink.evaluation.seeds import by_arm
from redink.records import Critique, Problem, Response, Score
from redink.tables import Table

LONGEST = 1500
"""Characters of one text that are shown."""
DISAGREEMENTS = 6
"""Pairs of answers that are shown."""


@dataclass(frozen=True)
class WorkedExample:
    """A problem, a response and its critique."""

    problem: Problem
    response: Response
    critique: Critique
    lines: tuple[tuple[str, bool], ...]
    """The response's lines, each with whether it is the named first error."""

    @property
    def heading(self) -> str:
        """What kind of response it is, in words."""
        if self.response.error is not None:
            return f"A wrong response: {self.response.error.kind.replace('_', ' ')}"
        kind = {"right": "right", "wrong": "wrong"}.get(self.critique.verdict or "", "undecided")
        return f"A response marked {kind}"


@dataclass(frozen=True)
class Disagreement:
    """A held-out problem that one of two arms solved."""

    problem: Problem
    benchmark: str
    sides: tuple[tuple[Score, Response], ...]
    """Baseline first."""


def worked_examples(critiques: Table[Critique] | None) -> list[WorkedExample]:
    """One right response and two wrong ones with different errors, where the table has them."""
    if critiques is None:
        return []
    rows = [row for row in critiques if row.agrees is not False and row.text.strip()]
    rows.sort(key=lambda row: len(row.text) > LONGEST)
    right = [row for row in rows if row.verdict == "right"][:1]
    wrong: dict[str, Critique] = {}
    for row in rows:
        error = critiques.responses[row.response_id].error
        if row.verdict == "wrong":
            wrong.setdefault(error.kind if error else row.response_id, row)
    return [_worked(critiques, row) for row in [*right, *list(wrong.values())[:2]]]


def _worked(critiques: Table[Critique], critique: Critique) -> WorkedExample:
    response = critiques.responses[critique.response_id]
    lines: list[tuple[str, bool]] = []
    step = -1
    for line in clip(response.text).splitlines():
        step += bool(line.strip())
        is_error = bool(line.strip()) and step == critique.first_error
        lines.append((line, is_error and critique.verdict == "wrong"))
    return WorkedExample(critiques.problems[response.problem_id], response, critique, tuple(lines))


def disagreements(comparison: Comparison, scores: Table[Score]) -> tuple[list[Disagreement], int]:
    """The first problems, in order, that the baseline or another arm alone solved.

    Wins and losses of each arm take turns; of an arm that was trained several times, the first
    training is shown. Also returns how many such pairs there are in all.
    """
    first = {arm: models[0] for arm, models in by_arm(s.model for s in scores).items()}
    baseline = {_key(s): s for s in scores if s.model == first[comparison.baseline]}
    queues: list[list[tuple[Score, Score]]] = []
    for model in first.values():
        pairs = [(baseline[_key(s)], s) for s in scores if s.model == model and _key(s) in baseline]
        for solved in (True, False):
            queues.append([pair for pair in pairs if _won(pair) is solved])
    total = sum(map(len, queues))
    chosen = [pair for turn in range(DISAGREEMENTS) for q in queues for pair in q[turn : turn + 1]]
    return [_disagreement(scores, pair) for pair in _distinct(chosen)[:DISAGREEMENTS]], total


def _won(pair: tuple[Score, Score]) -> bool | None:
    base, other = (score.outcome == "correct" for score in pair)
    return None if base == other else other


def _distinct(pairs: Sequence[tuple[Score, Score]]) -> list[tuple[Score, Score]]:
    """Pairs on problems that were not shown yet."""
    first: dict[str, tuple[Score, Score]] = {}
    for pair in pairs:
        first.setdefault(pair[0].problem_id, pair)
    return list(first.values())


def _disagreement(scores: Table[Score], pair: tuple[Score, Score]) -> Disagreement:
    sides = tuple((score, scores.responses[score.response_id]) for score in pair)
    return Disagreement(scores.problems[pair[0].problem_id], pair[0].benchmark, sides)


def _key(score: Score) -> tuple[str, str, int]:
    return score.benchmark, score.problem_id, score.sample


def clip(text: str, longest: int = LONGEST) -> str:
    """`text`, cut where it is too long to show, saying how much is left out."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]}\n[… {len(text) - longest:,} more characters]"
