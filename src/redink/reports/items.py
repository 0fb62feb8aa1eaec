"""Worked items: problems with two arms' answers, chosen so that every cell leads somewhere."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from redink.evaluation.comparison import Comparison
from redink.evaluation.seeds import seed_of
from redink.evaluation.wording import count, counted
from redink.records import Score
from redink.reports.arm_grids import dagger_of
from redink.reports.blocks import Cell, Column, Grid, Item, Side
from redink.reports.charts import OUTCOMES
from redink.reports.pairs import SIDES, Pair, Pairs, Place
from redink.reports.pairs import Side as Half
from redink.tables import Table
from redink.visible import clipped, one_line

LONGEST = 1500
"""Characters of one text that are shown."""
MOST_ITEMS = 24
MOST_LINKS = 4
"""Links in one cell of the table of pairs."""
MOST_PAIRS = 66
"""Pairs that are listed: all of twelve arms."""


@dataclass(frozen=True)
class Chosen:
    """A problem to show, and the pair of arms whose answers are shown."""

    place: Place
    pair: Pair
    half: Half


def choose(pairs: Pairs, baseline: str, most: int = MOST_ITEMS) -> list[Chosen]:
    """The problems of most interest: first those on which an arm and the baseline disagree, wins
    and losses in turn, then those on which other arms do, then some that both or neither solved.
    """
    found: dict[Place, Chosen] = {}
    for one in islice(_candidates(pairs, baseline), 100 * most):
        if len(found) == most:
            break
        found.setdefault(one.place, one)
    return list(found.values())


def _candidates(pairs: Pairs, baseline: str) -> Iterator[Chosen]:
    with_baseline = [pair for pair in pairs.pairs if pair.second == baseline]
    others = [pair for pair in pairs.pairs if pair.second != baseline]
    wins: tuple[Half, ...] = ("first", "second")
    ties: tuple[Half, ...] = ("both", "neither")
    for chosen, halves, turns in (
        (with_baseline, wins, 2),
        (others, wins, 1),
        (with_baseline, ties, 1),
        (with_baseline, wins, MOST_ITEMS),
    ):
        for turn in range(turns):
            for pair in chosen:
                for half in halves:
                    places = pair.cells[half]
                    if turn < len(places):
                        yield Chosen(places[turn], pair, half)


def item_blocks(
    chosen: Sequence[Chosen], pairs: Pairs, scores: Table[Score], first: int = 1
) -> list[Item]:
    """The chosen problems with both arms' answers, numbered from `first`."""
    return [_item(one, pairs, scores, number) for number, one in enumerate(chosen, first)]


def pair_grid(pairs: Pairs, comparison: Comparison, chosen: Sequence[Chosen]) -> Grid:
    """Won, lost, both and neither for each pair, each cell leading to the items shown of it."""
    numbers = {one.place: number for number, one in enumerate(chosen, 1)}
    rows = []
    for pair in pairs.pairs[:MOST_PAIRS]:
        cells = []
        for half in SIDES:
            places = pair.cells[half]
            links = [numbers[place] for place in places if place in numbers]
            cells.append(Cell(count(len(places)), items=tuple(sorted(links)[:MOST_LINKS])))
        rows.append((Cell(f"{pair.first} – {pair.second}"), *cells))
    columns = (
        Column("arms"),
        Column("only the first right", "won"),
        Column("only the second right", "lost"),
        Column("both right"),
        Column("both wrong"),
    )
    title = f"Pairs of arms on {comparison.headline}{dagger_of(comparison)}"
    return Grid(title, columns, tuple(rows))


def crossing_grid(pairs: Pairs, comparison: Comparison) -> Grid | None:
    """Arms by arms: problems that the row's arm solved and the column's did not; None for two."""
    won = {(pair.first, pair.second): len(pair.cells["first"]) for pair in pairs.pairs}
    won |= {(pair.second, pair.first): len(pair.cells["second"]) for pair in pairs.pairs}
    arms = [arm for arm in comparison.arms if any(arm in names for names in won)]
    if not 2 < len(arms) <= 12:
        return None
    rows = tuple(
        (Cell(row), *(Cell(count(won.get((row, column)))) for column in arms)) for row in arms
    )
    columns = (Column("solved by"), *(Column(f"not by {arm}") for arm in arms))
    title = f"Problems that one arm solved and another did not{dagger_of(comparison)}"
    return Grid(title, columns, rows)


def _item(chosen: Chosen, pairs: Pairs, scores: Table[Score], number: int) -> Item:
    benchmark, key = chosen.place
    pair = chosen.pair
    problem = scores.problems.get(key)
    wanted = {
        pair.first: chosen.half in ("first", "both"),
        pair.second: chosen.half in ("second", "both"),
    }
    headings = {
        "first": f"{pair.first} did better than {pair.second}",
        "second": f"{pair.second} did better than {pair.first}",
        "both": f"{pair.first} and {pair.second} are right",
        "neither": f"{pair.first} and {pair.second} are wrong",
    }
    # The baseline, where it is one of the two, stands first.
    sides = [
        _side(arm, pairs.answers(arm, chosen.place), wanted[arm], scores)
        for arm in (pair.second, pair.first)
    ]
    return Item(
        number,
        headings[chosen.half],
        clipped(problem.question, LONGEST) if problem else "(the problem was not kept)",
        benchmark,
        one_line(problem.answer) if problem else "–",
        tuple(sides),
        tuple(_others(chosen, pairs)),
    )


def _side(arm: str, answers: Sequence[Score], wants_right: bool, scores: Table[Score]) -> Side:
    """The first answer that shows why the arm is in this cell."""
    fitting = (score for score in answers if (score.outcome == "correct") is wants_right)
    score = next(fitting, answers[0])
    response = scores.responses.get(score.response_id)
    text = clipped(response.text, LONGEST) if response else "(the answer was not kept)"
    extracted = "none" if score.extracted is None else one_line(score.extracted)
    notes = [f"{OUTCOMES[score.outcome]} · answer read: {extracted} · compared by "
             f"{one_line(score.compared_by)}"]  # fmt: skip
    if score.n_tokens is not None:
        notes[0] += f" · {counted(score.n_tokens, 'token')}"
    if len(answers) > 1:
        right = sum(one.outcome == "correct" for one in answers)
        seed = f", training seed {seed_of(score.model)}" if seed_of(score.model) else ""
        notes.append(
            f"right in {right} of its {len(answers)} answers; shown: sample "
            f"{score.sample + 1}{seed}"
        )
    good = score.outcome == "correct"
    lines = tuple((line, False) for line in (text or "(empty)").split("\n"))
    return Side(arm, lines, tuple(notes), "good" if good else "bad")


def _others(chosen: Chosen, pairs: Pairs) -> Iterator[str]:
    """In one line, what the arms that are not shown made of the problem."""
    arms = dict.fromkeys(arm for pair in pairs.pairs for arm in (pair.first, pair.second))
    found = []
    for arm in arms:
        if arm not in (chosen.pair.first, chosen.pair.second):
            answers = pairs.answers(arm, chosen.place)
            right = sum(score.outcome == "correct" for score in answers)
            if len(answers) == 1:
                found.append(f"{arm} {OUTCOMES[answers[0].outcome]}")
            else:
                found.append(f"{arm} right in {right} of {len(answers)}")
    if found:
        yield f"Other arms: {'; '.join(found)}."
