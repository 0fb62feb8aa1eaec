"""A critique is useful where enough of the refinements that follow it are right."""

import pytest

from redink.errors import DataError, UsageError
from redink.records import Critique, Problem, Response
from redink.stages.select import select
from redink.tables import critique_table, problem_table, response_table

PROBLEM = Problem("p", "q", "3")
DRAFT = Response("d", "p", "2", "respond", outcome="wrong")
CRITIQUES = [Critique(f"c{n}", "d", "no", "wrong") for n in range(4)]
ROWS = critique_table(CRITIQUES, {"d": DRAFT}, {"p": PROBLEM})


def refinements(*outcomes):
    """For each critique in turn a text of its refinements: + right, - wrong, ? no answer."""
    names = {"+": "correct", "-": "wrong", "?": "no_answer"}
    rows = [
        Response(
            f"r{n}.{sample}", "p", "3", "refine", outcome=names[sign],
            sampling={"refines": "d", "follows": f"c{n}"},
        )
        for n, signs in enumerate(outcomes)
        for sample, sign in enumerate(signs)
    ]  # fmt: skip
    return response_table([*rows, DRAFT], {"p": PROBLEM})


@pytest.mark.parametrize(
    ("useful", "kept"), [(1, ["c0", "c1", "c2"]), (2, ["c0", "c1"]), (4, ["c0"]), (5, [])]
)
def test_a_critique_is_kept_where_k_refinements_that_follow_it_are_right(useful, kept):
    refined = refinements("++++", "-++?", "+---", "--?-")
    assert [row.id for row in select(ROWS, refined=refined, useful=useful)] == kept


def test_what_is_dropped_says_how_many_were_right():
    table = select(ROWS, refined=refinements("++", "+-?", "", "---"), useful=2)
    assert {item.id: item.reason for item in table.dropped} == {
        "c1": "not useful: 1 of 3 refinements right",
        "c2": "not useful: no refinement follows it",
        "c3": "not useful: 0 of 3 refinements right",
    }
    assert table.provenance["steps"] == [("given", 4), ("usefulness", 1)]


def test_the_filter_comes_before_what_is_counted():
    table = select(ROWS, refined=refinements("-", "+", "+", "+"), useful=1, n=2)
    assert [row.id for row in table] == ["c1", "c2"]


@pytest.mark.parametrize(
    "settings", [{"useful": 1}, {"refined": refinements("+")}, {"refined": ROWS, "useful": 1},
                 {"refined": refinements("+"), "useful": 0}],
)  # fmt: skip
def test_half_of_the_settings_or_the_wrong_table_is_refused(settings):
    with pytest.raises(UsageError, match=r"refined|useful"):
        select(ROWS, **settings)


def test_only_critiques_can_be_useful():
    with pytest.raises(UsageError, match="select critiques"):
        select(problem_table([PROBLEM]), refined=refinements("+"), useful=1)


def test_responses_that_follow_no_critique_are_refused():
    with pytest.raises(DataError, match="none of these responses follows a critique"):
        select(ROWS, refined=response_table([DRAFT], {"p": PROBLEM}), useful=1)
