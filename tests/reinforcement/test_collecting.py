"""Dynamic sampling, the choice among samples, and the order of problems."""

from redink.reinforcement.collecting import Collector
from redink.reinforcement.order import ProblemOrder
from tests.reinforcement.policy_world import drawn, marked, sums


class Sampler:
    """Notes what it is asked for."""

    def __init__(self):
        self.asked = []

    def draw(self, asked, step):
        self.asked += [(one.problem.id, one.sample) for one in asked]
        return [drawn(one.problem, one.sample, (9, 2)) for one in asked]


class Reward:
    """Rewards by problem."""

    def __init__(self, rewards):
        self.rewards = rewards

    def mark(self, rollouts):
        counts = {}
        found = []
        for rollout in rollouts:
            place = counts.setdefault(rollout.problem.id, 0)
            counts[rollout.problem.id] += 1
            total = self.rewards[rollout.problem.id][place]
            outcome = "correct" if total == 1.0 else "wrong"
            found.append(marked(total, outcome=outcome))
        return found


def collector(rewards, **how):
    problems = sums(len(rewards))
    by_id = {problem.id: row for problem, row in zip(problems, rewards, strict=True)}
    sampler = Sampler()
    given = {"problems": 2, "samples": len(rewards[0])} | how
    order = ProblemOrder(problems, 0, shuffle=False)
    return Collector(sampler, Reward(by_id), order, **given), sampler, problems


MIXED, RIGHT, WRONG = [1.0, 0.0, 1.0], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]


def names(groups, problems):
    places = {problem.id: place for place, problem in enumerate(problems)}
    return [places[group[0].drawn.problem.id] for group in groups]


def test_all_samples_are_trained_on_in_the_order_of_the_problems():
    made, sampler, problems = collector([MIXED, WRONG, RIGHT])
    found = made.collect(1)
    assert names(found.groups, problems) == [0, 1]
    assert not found.others
    assert [len(group) for group in found.groups] == [3, 3]
    assert sampler.asked == [(p.id, sample) for p in problems[:2] for sample in range(3)]


def test_settled_problems_are_replaced_by_the_next_ones():
    made, sampler, problems = collector([RIGHT, MIXED, WRONG, MIXED, RIGHT], redraws=4)
    found = made.collect(1)
    assert names(found.groups, problems) == [1, 3]
    assert (found.drawn, found.settled, found.skipped) == (4, 2, 2)
    assert len(found.others) == 6
    assert len(sampler.asked) == 12
    assert made.order.place == 4, "the next step begins behind them"


def test_there_is_a_limit_to_replacing():
    made, _, problems = collector([RIGHT, MIXED, WRONG, WRONG, MIXED], redraws=1)
    found = made.collect(1)
    assert names(found.groups, problems) == [1]
    assert found.skipped == 2


def test_where_all_are_settled_they_are_trained_on():
    made, sampler, problems = collector([RIGHT, WRONG, RIGHT], redraws=9)
    found = made.collect(1)
    assert names(found.groups, problems) == [0, 1, 2]
    assert not found.others
    assert (found.settled, found.skipped) == (3, 0)
    assert len(sampler.asked) == 9, "no problem is drawn for twice in a step"


def test_samples_are_chosen_by_the_variance_of_their_rewards():
    made, _, _ = collector([[1.0, 0.0, 0.0, 1.0, 0.2], [*WRONG, 0.0, 1.0]], selected=2)
    found = made.collect(1)
    kept = [[sample.drawn.sample for sample in group] for group in found.groups]
    assert kept == [[0, 1], [0, 4]]
    assert len(found.others) == 6


def test_the_order_is_a_new_permutation_each_time_and_its_place_says_all():
    problems = sums(5)
    order, again = ProblemOrder(problems, 7), ProblemOrder(problems, 7)
    first, second = order.take(5), order.take(5)
    assert {p.id for p in first} == {p.id for p in second} == {p.id for p in problems}
    assert [p.id for p in first] != [p.id for p in second]
    again.place = 5
    assert again.take(5) == second
    assert ProblemOrder(problems, 8).take(5) != first


def test_no_call_holds_a_problem_twice():
    order = ProblemOrder(sums(5), 1)
    for _ in range(20):
        taken = [problem.id for problem in order.take(3)]
        assert len(set(taken)) == 3
    assert len(order.take(9)) == 5
