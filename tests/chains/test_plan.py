"""Which attempts make up a chain, and which problems none comes of."""

import pytest

from redink.chains.plan import Choosing, drafts, gather
from redink.errors import DataError, UsageError
from redink.records import Critique, Problem, Response
from redink.stages.chain import chain
from redink.tables import critique_table, drop_counts

SOLUTION = "3 + 4 = 7\n7 * 2 = 14\n14 - 1 = 13\n#### 13"
PROBLEM = Problem("p", "What is (3 + 4) * 2 - 1?", "13", SOLUTION)
TEXTS = {
    "r0": "3 + 4 = 8\n8 * 2 = 16\n16 - 1 = 15\n#### 15",
    "r0b": "3 + 4 = 9\n9 * 2 = 18\n18 - 1 = 17\n#### 17",
    "r1": "3 + 4 = 7\n7 * 2 = 15\n15 - 1 = 14\n#### 14",
    "r2": "3 + 4 = 7\n7 * 2 = 14\n14 - 1 = 12\n#### 12",
    "ok": "7 * 2 = 14, for 3 + 4 = 7\n14 - 1 = 13\n#### 13",
}


def table(*marks, problem=PROBLEM):
    """Critiques by (response, outcome, verdict)."""
    responses = {
        key: Response(key, problem.id, TEXTS[key], "respond", outcome=outcome)
        for key, outcome, _ in marks
    }
    rows = [Critique(f"c-{key}", key, "said", verdict) for key, _, verdict in marks]
    return critique_table(rows, responses, {problem.id: problem})


def wrong(*keys):
    return [(key, "wrong", "wrong") for key in keys]


def told(found):
    return [tuple(row.sampling["attempts"]) for row in found]


def test_of_attempts_that_fail_at_the_same_step_one_is_told():
    rows = chain(table(*wrong("r0", "r0b", "r1", "r2")), attempts=(3, 3), per_problem=2)
    assert set(told(rows)) == {("r0", "r1", "r2"), ("r0b", "r1", "r2")}


def test_in_random_order_the_later_mistake_may_come_first():
    made = table(*wrong("r0", "r1", "r2"))
    found = {key for seed in range(8) for key in told(chain(made, attempts=(2, 2), order="random",
                                                            seed=seed))}  # fmt: skip
    assert {("r2", "r0"), ("r0", "r2")} & found
    assert any(list(one) != sorted(one) for one in found)


def test_attempts_whose_step_nobody_names_are_all_told_and_come_first():
    made = table(*wrong("r0", "r0b", "r1", "r2"))
    named = {"r1": 1}
    gathered = gather(made, lambda p, r, c: named.get(r.id), lambda p, r: True)
    chosen, _ = drafts(gathered, Choosing(4, 4, per_problem=9), lambda p: True)
    orders = {tuple(attempt.response.id for attempt in draft.wrong) for draft in chosen}
    assert len(orders) > 1
    assert {order[-1] for order in orders} == {"r1"}


def test_no_more_attempts_than_there_are_and_no_fewer_than_the_least():
    assert [len(one) for one in told(chain(table(*wrong("r1")), attempts=(1, 5)))] == [1]
    with pytest.raises(DataError, match="1 wrong attempts to tell, attempts wants 2"):
        chain(table(*wrong("r1")), attempts=(2, 5))


def test_right_responses_end_a_chain_before_the_reference_solution_does():
    rows = chain(table(*wrong("r1"), ("ok", "correct", "right")))
    assert rows[0].sampling["ends_with"] == "ok"
    assert "7 * 2 = 14, for 3 + 4 = 7" in rows[0].text
    assert rows[0].outcome == "correct"
    assert chain(table(*wrong("r1")))[0].sampling["ends_with"] == "reference solution"


@pytest.mark.parametrize(
    "mark",
    [("r1", "wrong", "right"), ("r1", "wrong", None), ("r1", "no_answer", "wrong"),
     ("ok", "correct", "wrong")],
)  # fmt: skip
def test_responses_that_grader_and_critique_disagree_about_are_not_told(mark):
    rows = chain(table(mark, *wrong("r2")), attempts=(1, 2))
    assert told(rows) == [("r2",)]
    assert rows[0].sampling["ends_with"] == "reference solution"


def test_another_critique_may_agree_where_the_first_does_not():
    made = table(*wrong("r1"))
    other = Critique("first", "r1", "fine", "right")
    rows = chain(critique_table([other, *made], made.responses, made.problems))
    assert rows[0].sampling["critiques"] == ["c-r1"]


def test_problems_without_a_chain_are_kept_with_the_reason():
    bare = Problem("q", "What?", "13")
    first, second = table(*wrong("r1")), table(*wrong("r2"), problem=bare)
    both = critique_table(
        [*first, *second], {**first.responses, **second.responses}, {"p": PROBLEM, "q": bare}
    )
    rows = chain(both)
    assert [row.problem_id for row in rows] == ["p"]
    assert drop_counts(rows.dropped) == {"no right attempt and no reference solution to tell": 1}
    assert rows.dropped[0].id == "q"


def test_no_chain_of_a_problem_stands_twice():
    rows = chain(table(*wrong("r1", "r2")), attempts=(1, 2), per_problem=20)
    assert len(rows) == len({row.id for row in rows}) == len(set(told(rows))) == 3


def test_what_is_drawn_depends_on_the_problem_and_not_on_its_neighbours():
    other = Problem("o", "What is 3 + 4, twice, less 1?", "13", SOLUTION)
    alone = chain(table(*wrong("r0", "r1", "r2")), attempts=(1, 3))
    responses, rows = {}, []
    for problem in (other, PROBLEM):
        made = table(*wrong("r0", "r1", "r2"), problem=problem)
        for key, response in made.responses.items():
            name = key if problem is PROBLEM else f"o-{key}"
            responses[name] = Response(name, problem.id, response.text, "respond", outcome="wrong")
            rows.append(Critique(f"c-{name}", name, "said", "wrong"))
    both = chain(critique_table(rows, responses, {"p": PROBLEM, "o": other}), attempts=(1, 3))
    assert [row.text for row in both if row.problem_id == "p"] == [row.text for row in alone]


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"attempts": (2, 1)}, "attempts"),
        ({"attempts": (0, 0)}, "attempts"),
        ({"attempts": (1,)}, "attempts"),
        ({"order": "falling"}, "order"),
        ({"per_problem": 0}, "per_problem"),
        ({"resume": 1.5}, "resume"),
    ],
)
def test_impossible_settings_are_refused(settings, named):
    with pytest.raises(UsageError, match=named):
        chain(table(*wrong("r1")), **settings)


def test_critiques_without_their_responses_are_refused():
    made = table(*wrong("r1"))
    from dataclasses import replace

    with pytest.raises(DataError, match="c-r1"):
        chain(replace(made, responses={}))
    with pytest.raises(DataError, match="no critiques"):
        chain(replace(made, rows=()))


def test_the_number_of_attempts_is_spread_between_least_and_most():
    problems, responses, rows = {}, {}, []
    for n in range(60):
        problems[f"p{n}"] = Problem(f"p{n}", f"{n}: (3 + 4) * 2 - 1?", "13", SOLUTION)
        for key in ("r0", "r1", "r2"):
            name = f"{key}-{n}"
            responses[name] = Response(name, f"p{n}", TEXTS[key], "respond", outcome="wrong")
            rows.append(Critique(f"c{name}", name, "", "wrong"))
    made = critique_table(rows, responses, problems)
    gathered = gather(made, lambda p, r, c: int(r.id[1]), lambda p, r: True)
    chosen, dropped = drafts(gathered, Choosing(0, 3), lambda p: True)
    counts = [sum(len(draft.wrong) == n for draft in chosen) for n in range(4)]
    assert (sum(counts), dropped) == (60, [])
    assert min(counts) >= 5
