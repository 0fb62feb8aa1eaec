"""Problems are kept by how often their responses solve them."""

import pytest

from redink.errors import DataError, UsageError
from redink.records import Critique, Problem, Response
from redink.stages.select import select
from redink.tables import critique_table, drop_counts, problem_table, response_table

NAMES = {"+": "correct", "-": "wrong", "?": "no_answer", "t": "truncated", "u": "ungraded",
         "g": "gold_unparsable", "o": "grader_timeout"}  # fmt: skip


def samples(**signs):
    """Of each problem one response for each sign."""
    problems = {key: Problem(key, f"{key}?", "1") for key in signs}
    rows = [
        Response(f"{key}{n}", key, f"text {n}", "respond", outcome=NAMES[sign])
        for key, found in signs.items()
        for n, sign in enumerate(found)
    ]
    return response_table(rows, problems)


TABLE = samples(easy="++++", half="+-+-", hard="+---", never="----")


def kept(table, **settings):
    return list(dict.fromkeys(row.problem_id for row in select(table, **settings)))


@pytest.mark.parametrize(
    ("bounds", "problems"),
    [
        ({"max": 0.3}, ["hard", "never"]),
        ({"max": 0.25}, ["hard", "never"]),
        ({"min": 0.25, "max": 0.5}, ["half", "hard"]),
        ({"min": 0.01}, ["easy", "half", "hard"]),
        ({"max": 0}, ["never"]),
        ({"min": 1}, ["easy"]),
    ],
)
def test_problems_within_the_bounds_stay_with_all_their_rows(bounds, problems):
    table = select(TABLE, pass_rate=bounds)
    assert kept(TABLE, pass_rate=bounds) == problems
    assert len(table) == 4 * len(problems)
    assert list(table.problems) == problems


def test_what_is_dropped_says_how_many_were_right():
    table = select(TABLE, pass_rate={"min": 0.1, "max": 0.3})
    assert drop_counts(table.dropped) == {
        "pass rate: 0 of 4 right, below 0.1": 4,
        "pass rate: 2 of 4 right, above 0.3": 4,
        "pass rate: 4 of 4 right, above 0.3": 4,
    }
    assert table.provenance["steps"] == [("given", 16), ("pass rate", 4)]


def test_the_rate_is_that_of_all_responses_whatever_is_kept_of_them():
    table = select(TABLE, pass_rate={"max": 0.5}, outcome="correct", per_problem=1)
    assert [row.id for row in table] == ["half0", "hard0"]


def test_what_says_nothing_of_the_model_does_not_count():
    table = samples(a="+ugo", b="-?t+", c="ug")
    assert kept(table, pass_rate={"min": 1}) == ["a"]
    assert kept(table, pass_rate={"max": 0.25}) == ["b"]
    reasons = drop_counts(select(table, pass_rate={"max": 0.25}).dropped)
    assert reasons["pass rate: no graded response"] == 2


def test_critiques_go_by_the_responses_that_they_mark_each_counted_once():
    rows = [Critique(f"{row.id}{n}", row.id, "", "wrong") for row in TABLE for n in range(2)]
    table = critique_table(rows, TABLE.responses, TABLE.problems)
    found = select(table, pass_rate={"max": 0.3})
    assert {table.responses[row.response_id].problem_id for row in found} == {"hard", "never"}
    assert len(found) == 16


@pytest.mark.parametrize(
    "bounds", [{}, {"most": 0.3}, {"max": 1.2}, {"min": -0.1}, {"min": 0.5, "max": 0.4},
               {"max": True}, {"max": "0.3"}],
)  # fmt: skip
def test_what_is_no_pair_of_shares_is_refused(bounds):
    with pytest.raises(UsageError, match="pass_rate"):
        select(TABLE, pass_rate=bounds)


def test_problems_alone_are_refused_and_so_are_ungraded_responses():
    with pytest.raises(UsageError, match="give the responses"):
        select(problem_table(list(TABLE.problems.values())), pass_rate={"max": 0.3})
    with pytest.raises(DataError, match="none of these responses was graded"):
        select(samples(a="uu"), pass_rate={"max": 0.3})
