"""Generated problems: right worked solutions, no repeats, splits that cannot overlap."""

import itertools

import pytest

from redink.errors import UsageError
from redink.problems.gym import gym_problems
from redink.problems.worked import chain_sum, leg_counting, simple_equations
from redink.records import Problem

WORKED = ["chain_sum", "simple_equations", "leg_counting", "gsm_symbolic"]


def take(name, count, **settings):
    items = gym_problems(name, **{"seed": 1, "split": "all"} | settings)
    return [p for p in itertools.islice(items, count) if isinstance(p, Problem)]


@pytest.mark.parametrize("name", WORKED)
def test_every_worked_solution_ends_in_the_generators_answer(name):
    for problem in take(name, 200):
        final = problem.solution.rpartition("#### ")[2]
        assert float(final) == float(problem.answer)


@pytest.mark.parametrize("name", WORKED)
def test_no_two_splits_share_a_problem_whatever_their_seeds(name):
    train = {p.id for seed in (1, 2) for p in take(name, 300, seed=seed, split="train")}
    test = {p.id for seed in (1, 2, 3) for p in take(name, 200, seed=seed, split="test")}
    assert train
    assert test
    assert not train & test


def test_gsm_symbolic_is_split_by_template():
    train = {p.meta["template"] for p in take("gsm_symbolic", 600, split="train")}
    test = {p.meta["template"] for p in take("gsm_symbolic", 600, split="test")}
    assert len(test) >= 5
    assert not train & test


def test_neighbouring_seeds_give_other_problems():
    # reasoning-gym itself draws item i of seed s from Random(s + i).
    first, second = take("chain_sum", 300, seed=1), take("chain_sum", 300, seed=2)
    assert len({p.id for p in first} & {p.id for p in second}) < 30


def test_the_same_seed_gives_the_same_problems_without_repeats():
    problems = take("chain_sum", 400, seed=5)
    assert problems == take("chain_sum", 400, seed=5)
    assert len({p.id for p in problems}) == len(problems)


def test_unknown_generators_and_options_are_refused():
    with pytest.raises(UsageError, match="chain_sum"):
        take("chain_summ", 1)
    with pytest.raises(UsageError, match="max_term"):
        take("chain_sum", 1, options={"max_term": 3})


def test_worked_chain_sum():
    assert chain_sum({"expression": "4 + 3 - 12"}) == "4 + 3 = 7\n7 - 12 = -5\n#### -5"


def test_worked_leg_counting():
    text = leg_counting({"animals": {"ant": 3, "duck": 2}})
    assert text == "ant: 3 * 6 = 18\nduck: 2 * 2 = 4, so far 18 + 4 = 22\n#### 22"


@pytest.mark.parametrize(
    ("equation", "solution"),
    [
        ("56 - 98*e = -1218", "-98*e = -1218 - 56 = -1274\ne = -1274 / -98 = 13\n#### 13"),
        ("4*b = 176", "b = 176 / 4 = 44\n#### 44"),
        ("-3*u - 7 = -13", "-3*u = -13 + 7 = -6\nu = -6 / -3 = 2\n#### 2"),
        ("v + 5 = 9", "v = 9 - 5 = 4\n#### 4"),
        ("0 = 0", None),
    ],
)
def test_worked_simple_equations(equation, solution):
    assert simple_equations({"equation": equation}) == solution
