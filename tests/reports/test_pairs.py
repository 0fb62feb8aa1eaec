"""Win, loss, both and neither of every pair, and the items that their cells lead to."""

from dataclasses import replace

from redink.evaluation import compare_arms
from redink.reports.items import MOST_ITEMS, choose, crossing_grid, item_blocks, pair_grid
from redink.reports.pairs import SIDES, pair_arms
from tests.reports.world import score_table


def sizes(pair):
    return [len(pair.cells[side]) for side in SIDES]


def test_every_problem_is_in_one_cell_of_every_pair_the_baselines_first():
    table = score_table({"sft": "ccwwc", "cft": "cwcwc", "third": "wwwwc"})
    comparison = compare_arms(table.rows, "cft")
    pairs = pair_arms(comparison, table.rows).pairs
    assert [(p.first, p.second) for p in pairs] == [("sft", "cft"), ("third", "cft"),
                                                    ("sft", "third")]  # fmt: skip
    assert [sizes(pair) for pair in pairs] == [[1, 1, 2, 1], [0, 2, 1, 2], [2, 0, 1, 2]]


def sampled():
    """Two trainings of `cft`, two samples of everything, the second sample always wrong."""
    table = score_table({"sft": "ccwwcw", "cft@1": "cwcwcc", "cft@2": "ccccww"})
    rows = [
        replace(score, sample=n, outcome=outcome)
        for score in table
        for n, outcome in ((0, score.outcome), (1, "wrong"))
    ]
    return replace(table, rows=tuple(rows))


def test_counts_are_those_of_the_paired_difference_with_samples_and_seeds_too():
    table = sampled()
    comparison = compare_arms(table.rows, "sft")
    [pair] = pair_arms(comparison, table.rows).pairs
    found = comparison.difference("cft", comparison.headline)
    assert sizes(pair) == [found.wins, found.losses, found.both, found.neither]


def test_an_item_of_several_answers_shows_one_that_fits_and_says_how_many_are_right():
    table = sampled()
    comparison = compare_arms(table.rows, "sft")
    pairs = pair_arms(comparison, table.rows)
    items = item_blocks(choose(pairs, "sft"), pairs, table)
    won = next(item for item in items if item.heading == "cft did better than sft")
    assert [side.look for side in won.sides] == ["bad", "good"]
    assert "right in 2 of its 4 answers; shown: sample 1, training seed 1" in won.sides[1].notes[1]


def test_disagreements_with_the_baseline_come_first_then_others_then_agreement():
    table = score_table({"sft": "cccc" + "ww" + "cw", "cft": "ccww" + "cw" + "cw",
                         "x": "cccc" + "wc" + "cw"})  # fmt: skip
    pairs = pair_arms(compare_arms(table.rows, "sft"), table.rows)
    chosen = choose(pairs, "sft")
    assert [one.half for one in chosen] == ["first", "second", "first", "second", "both"]
    assert len({one.place for one in chosen}) == len(chosen)
    assert len(choose(pairs, "sft", 2)) == 2


def test_never_more_items_than_asked_for():
    table = score_table({"sft": "c" * 40 + "w" * 40, "cft": "w" * 40 + "c" * 40})
    pairs = pair_arms(compare_arms(table.rows, "sft"), table.rows)
    chosen = choose(pairs, "sft")
    assert len(chosen) == MOST_ITEMS
    assert sorted(one.half for one in chosen) == ["first"] * 12 + ["second"] * 12


def test_cells_lead_to_items_that_lie_in_them():
    table = score_table({"sft": "ccwwcw", "cft": "cwcwcc", "third": "wwwwww"})
    comparison = compare_arms(table.rows, "sft")
    pairs = pair_arms(comparison, table.rows)
    chosen = choose(pairs, "sft")
    grid = pair_grid(pairs, comparison, chosen)
    assert [cell.text for cell in grid.rows[0]] == ["cft – sft", "2", "1", "2", "1"]
    for pair, row in zip(pairs.pairs, grid.rows, strict=True):
        for side, cell in zip(SIDES, row[1:], strict=True):
            assert {chosen[number - 1].place for number in cell.items} <= set(pair.cells[side])
    assert all(cell.items for cell in grid.rows[0][1:])


def test_three_arms_have_a_table_of_each_against_each():
    table = score_table({"sft": "ccww", "cft": "cwcw", "third": "wwww"})
    comparison = compare_arms(table.rows, "sft")
    grid = crossing_grid(pair_arms(comparison, table.rows), comparison)
    assert [[cell.text for cell in row] for row in grid.rows] == [
        ["sft", "–", "1", "2"],
        ["cft", "1", "–", "2"],
        ["third", "0", "0", "–"],
    ]
    two = score_table({"sft": "c", "cft": "w"})
    comparison = compare_arms(two.rows, "sft")
    assert crossing_grid(pair_arms(comparison, two.rows), comparison) is None


def test_an_answer_that_was_not_kept_is_no_obstacle():
    table = replace(score_table({"sft": "cw", "cft": "wc"}), responses={}, problems={})
    pairs = pair_arms(compare_arms(table.rows, "sft"), table.rows)
    item = item_blocks(choose(pairs, "sft"), pairs, table)[0]
    assert item.question == "(the problem was not kept)"
    assert item.sides[0].lines == (("(the answer was not kept)", False),)
