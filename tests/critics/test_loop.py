"""The closed loop: what refinement makes of critiques."""

import pytest

from redink.critics import closed_loop
from redink.errors import DataError, UsageError
from redink.records import Critique, Response
from redink.tables import critique_table, problem_table, response_table
from tests.critics.marked import problem

PROBLEMS = [problem(n) for n in range(4)]
BEFORE = ("wrong", "wrong", "correct", "ungraded")


def marks(teacher="t", preset="steps"):
    asked = {one.id: one for one in PROBLEMS}
    drafts = [
        Response(f"r{n}", one.id, f"draft {n}", "respond", outcome=BEFORE[n])
        for n, one in enumerate(PROBLEMS)
    ]
    rows = [
        Critique(f"{teacher}{n}", draft.id, "So.", "wrong", teacher=teacher, preset=preset)
        for n, draft in enumerate(drafts)
    ]
    return critique_table(rows, {draft.id: draft for draft in drafts}, asked)


def rewritten(*outcomes, teacher="t"):
    """Outcomes of the refinements that follow each critique, one list for each."""
    rows = [
        Response(
            f"{teacher}{n}-{k}", PROBLEMS[n].id, "text", "refine", outcome=outcome,
            sampling={"refines": f"r{n}", "follows": f"{teacher}{n}", "sample": k},
        )
        for n, group in enumerate(outcomes) for k, outcome in enumerate(group)
    ]  # fmt: skip
    return response_table(rows, {one.id: one for one in PROBLEMS})


def test_a_critique_counts_by_the_share_of_its_refinements_that_are_right():
    (found,) = closed_loop(
        marks(),
        rewritten(
            ["correct", "wrong", "no_answer", "truncated"],
            ["correct", "correct"],
            ["correct", "wrong"],
            ["correct", "ungraded"],
        ),
    )
    assert (found.teacher, found.preset) == ("t", "steps")
    assert found.good.value == pytest.approx((0.25 + 1.0 + 0.5 + 1.0) / 4)
    assert found.fixed.value == pytest.approx((0.25 + 1.0) / 2)
    assert found.kept.value == pytest.approx(0.5)
    assert found.before.value == pytest.approx(1 / 3)
    assert (found.refinements, found.ungraded, found.unfollowed) == (9, 1, 0)


def test_critiques_that_nothing_follows_are_counted_apart():
    (found,) = closed_loop(marks(), rewritten(["correct"], [], ["ungraded"], []))
    assert (found.good.value, found.good.count) == (1.0, 1)
    assert (found.unfollowed, found.ungraded) == (3, 1)


def test_teachers_stand_apart():
    one, two = marks("t"), marks("u")
    both = critique_table([*one, *two], one.responses, one.problems)
    rows = [
        *rewritten(["correct"], ["correct"], [], []),
        *rewritten(["wrong"], ["wrong"], [], [], teacher="u"),
    ]
    found = closed_loop(both, response_table(rows, {p.id: p for p in PROBLEMS}))
    assert [(each.teacher, each.good.value) for each in found] == [("t", 1.0), ("u", 0.0)]


def test_refinements_of_other_critiques_are_refused():
    with pytest.raises(DataError, match="follows critique u0, which is not there"):
        closed_loop(marks("t"), rewritten(["correct"], [], [], [], teacher="u"))
    draft = Response("x", PROBLEMS[0].id, "text", "respond", outcome="correct")
    with pytest.raises(DataError, match="follows no critique"):
        closed_loop(marks(), response_table([draft], {p.id: p for p in PROBLEMS}))
    with pytest.raises(UsageError, match="make those with refine"):
        closed_loop(marks(), problem_table(PROBLEMS))
