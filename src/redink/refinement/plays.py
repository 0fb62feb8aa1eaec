"""The strategies, each a few lines over the same parts."""

from collections.abc import Callable, Mapping

from redink.refinement.beam import search
from redink.refinement.choosing import highest, most_votes
from redink.refinement.critic import wrong_ones
from redink.refinement.desk import Desk
from redink.refinement.models import Role
from redink.refinement.strategy import Kind, Strategy
from redink.refinement.tried import Pick, Tried, pick_of

Picks = dict[str, Pick]
"""Problem id → what a strategy answers."""


def play(desk: Desk, strategy: Strategy) -> Picks:
    """What a strategy answers to each problem of the desk."""
    return PLAYS[strategy.kind](desk, strategy)


def _greedy(desk: Desk, strategy: Strategy) -> Picks:
    return {key: pick_of(draft, [draft]) for key, draft in desk.greedy.items()}


def _majority(desk: Desk, strategy: Strategy) -> Picks:
    drafts = _first(desk, strategy.n)
    return {key: pick_of(most_votes(tried), tried) for key, tried in drafts.items()}


def _best_of(desk: Desk, strategy: Strategy) -> Picks:
    drafts = _first(desk, strategy.n)
    values = desk.values(strategy.by, drafts)
    return {key: pick_of(highest(tried, values[key]), tried) for key, tried in drafts.items()}


def _weighted_majority(desk: Desk, strategy: Strategy) -> Picks:
    drafts = _first(desk, strategy.n)
    values = desk.values(strategy.by, drafts)
    return {key: pick_of(most_votes(tried, values[key]), tried) for key, tried in drafts.items()}


def _self_critique(desk: Desk, strategy: Strategy) -> Picks:
    if strategy.by == "single-pass":
        return {key: pick_of(tried, [tried]) for key, tried in desk.corrected().items()}
    current = dict(desk.greedy)
    tries: dict[str, list[Tried]] = {key: [draft] for key, draft in current.items()}
    spent: dict[str, dict[str, int]] = {key: {} for key in current}
    for number in range(strategy.n - 1):
        marks = desk.critiques(current, "model", own=True)
        for key, mark in marks.items():
            spent[key] |= mark.spent
        current = {key: desk.samples[key][number] for key in wrong_ones(current, marks)}
        for key, draft in current.items():
            tries[key].append(draft)
        if not current:
            break
    return {key: pick_of(tried[-1], tried, spent[key]) for key, tried in tries.items()}


def _critique_then_refine(desk: Desk, strategy: Strategy) -> Picks:
    writes: Role = "global_refiner" if "global_refiner" in desk.writer.models else "model"
    versions: dict[str, list[Tried]] = {key: [draft] for key, draft in desk.greedy.items()}
    spent: dict[str, dict[str, int]] = {key: {} for key in versions}
    open_ones = dict(desk.greedy)
    for _ in range(strategy.n):
        marks = desk.critiques(open_ones, "critic")
        for key, mark in marks.items():
            spent[key] |= mark.spent
        rejected = wrong_ones(open_ones, marks)
        open_ones = desk.rewritten(rejected, writes, marks)
        for key, tried in open_ones.items():
            versions[key].append(tried)
        if not open_ones:
            break
    return {key: pick_of(found[-1], found, spent[key]) for key, found in versions.items()}


def _global(desk: Desk, strategy: Strategy) -> Picks:
    after = desk.rewritten(desk.greedy, "global_refiner")
    return {key: pick_of(after[key], [d, after[key]]) for key, d in desk.greedy.items()}


def _local(desk: Desk, strategy: Strategy) -> Picks:
    places = desk.places(desk.greedy, strategy.by)
    after = desk.continued(desk.greedy, places)
    return {
        key: pick_of(after.get(key, draft), [draft, after.get(key, draft)], places[key].spent)
        for key, draft in desk.greedy.items()
    }


def _choice(desk: Desk, strategy: Strategy) -> Picks:
    parts = [play(desk, part) for part in strategy.parts]
    tried = {key: [picks[key].chosen for picks in parts] for key in desk.problems}
    values = desk.values(strategy.by, tried)
    return {
        key: pick_of(highest(found, values[key]), found, *(picks[key].spent for picks in parts))
        for key, found in tried.items()
    }


def _beam(desk: Desk, strategy: Strategy) -> Picks:
    finished = search(desk, strategy.n, strategy.by)
    values = desk.values(strategy.by, {key: found.tried for key, found in finished.items()})
    return {
        key: pick_of(highest(found.tried, values[key]), found.tried, found.spent)
        for key, found in finished.items()
    }


def _first(desk: Desk, n: int) -> dict[str, list[Tried]]:
    return {key: tried[:n] for key, tried in desk.samples.items()}


PLAYS: Mapping[Kind, Callable[[Desk, Strategy], Picks]] = {
    "greedy": _greedy,
    "majority": _majority,
    "best-of": _best_of,
    "weighted-majority": _weighted_majority,
    "self-critique": _self_critique,
    "critique-then-refine": _critique_then_refine,
    "global": _global,
    "local": _local,
    "choice": _choice,
    "beam": _beam,
}
