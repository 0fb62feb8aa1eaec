"""Drafts with what the scorers say of each of their steps, to be looked at."""

from collections.abc import Sequence
from typing import Any

from redink.refinement.desk import Desk
from redink.refinement.plays import Picks
from redink.refinement.strategy import Strategy
from redink.steps import solution_steps
from redink.training.plain import plain_solution

SCORERS = ("sorm", "orm")


def scored_drafts(
    desk: Desk, played: Sequence[tuple[Strategy, Picks]], most: int
) -> list[dict[str, Any]]:
    """Greedy drafts with the step scores of the stage's scorers, as plain JSON values.

    Wrong drafts that a strategy rewrote into right ones come first, then right drafts that one
    spoilt, then one that is wrong and one that is right throughout. Empty without a scorer.
    """
    names = [name for name in SCORERS if name in desk.judges]
    if not names or most < 1:
        return []
    rewriting = [(s, picks) for s, picks in played if s.kind not in ("greedy", "choice")]
    chosen: dict[str, tuple[Strategy, Picks] | None] = {}
    for was_right in (False, True):
        for strategy, picks in sorted(rewriting, key=lambda pair: pair[0].kind != "local"):
            for key, draft in desk.greedy.items():
                turned = picks[key].chosen.is_right != draft.is_right
                if turned and draft.is_right == was_right and len(chosen) < most - 2:
                    chosen.setdefault(key, (strategy, picks))
    for was_right in (False, True):
        rest = [k for k, d in desk.greedy.items() if d.is_right == was_right and k not in chosen]
        for key in rest[:1]:
            chosen[key] = None
    return [_example(desk, key, names, after) for key, after in list(chosen.items())[:most]]


def _example(
    desk: Desk, key: str, names: Sequence[str], after: tuple[Strategy, Picks] | None
) -> dict[str, Any]:
    problem, draft = desk.problems[key], desk.greedy[key]
    pairs = [(problem, draft.text)]
    scores = {name: desk.judges.scores(name, pairs)[0] for name in names}
    steps = [
        {"text": step.text, **{name: found.steps[step.index] for name, found in scores.items()}}
        for step in solution_steps(plain_solution(draft.text))
    ]
    first = scores["sorm"].first_error(desk.threshold) if "sorm" in scores else None
    answer = after[1][key].chosen if after is not None else None
    return {
        "problem": key,
        "question": problem.question,
        "answer": problem.answer,
        "outcome": draft.response.outcome,
        "steps": steps,
        "first_error": first,
        "threshold": desk.threshold,
        "after": None
        if after is None or answer is None
        else {"strategy": after[0].name, "text": answer.text, "outcome": answer.response.outcome},
    }
