"""Rewards: parts and their sum, what cannot be scored, penalties, models that judge."""

import threading

import psutil
import pytest

from redink.engines.engine import Completion, Failure, Sampling
from redink.errors import DataError, UsageError
from redink.grading.pool import ComparisonPool
from redink.records import Problem, problem_id
from redink.rewards import Reward, Rollout, replaced
from redink.scoring import CriticScorer
from redink.stages.load import load
from redink.teachers.llm import LlmTeacher
from redink.teachers.mixture import SymbolicCritic
from redink.teachers.presets import TeacherPrompt
from redink.teachers.symbolic import SymbolicTeacher

ENDLESS = "So it is $\\boxed{(10^8)!}$."
"""Compared with 7 it takes for ever."""


def problem(answer="7", question="How many hens are there?", **meta):
    return Problem(problem_id(question, answer), question, answer, meta=meta)


def rollout(text, answer="7", finish="stop", n_tokens=10, question="How many hens are there?"):
    return Rollout(problem(answer, question), text, n_tokens, finish)


@pytest.fixture(scope="module")
def pool():
    with ComparisonPool(workers=2, limit=1.0) as pool:
        yield pool


def test_parts_are_kept_apart_and_the_total_is_their_weighted_sum():
    reward = Reward({"correct": 1.0, "partial": 0.1, "format": 0.2, "length": 0.5}, max_tokens=100)
    texts = ["#### 7", "#### 8", "3 + 5 = 8", "none"]
    marked = reward.mark([rollout(text, n_tokens=90) for text in texts])
    assert [one.parts for one in marked] == [
        {"correct": 1.0, "partial": 0.0, "format": 1.0, "length": -0.5},
        {"correct": 0.0, "partial": 1.0, "format": 1.0, "length": -0.5},
        {"correct": 0.0, "partial": 0.0, "format": 0.0, "length": -0.5},
        {"correct": 0.0, "partial": 0.0, "format": 0.0, "length": -0.5},
    ]
    assert [one.total for one in marked] == pytest.approx([0.95, 0.05, -0.25, -0.25])
    assert [one.answer for one in marked] == ["7", "8", "8", None]
    assert [one.outcome for one in marked] == ["correct", "wrong", "wrong", "no_answer"]


def test_refts_partial_reward_is_for_numbers_alone():
    reward = Reward({"correct": 1.0, "partial": 0.1})
    texts = [
        rollout("#### 8"),
        rollout("\\boxed{y+1}", answer="x+1"),
        rollout("#### 8", finish="length"),
        rollout("It is 8 or", finish="length"),
    ]
    marked = reward.mark(texts)
    assert [one.total for one in marked] == [0.1, 0.0, 0.1, 0.0]
    assert marked[1].parts == {"correct": 0.0}
    assert [one.outcome for one in marked] == ["wrong", "wrong", "wrong", "truncated"]


def test_a_failed_grader_is_no_reward_of_zero(pool):
    reward = Reward({"correct": 1.0, "format": 0.5}, pool=pool, failure_rate=1.0)
    rollouts = [rollout(ENDLESS), rollout("#### 7"), rollout("#### 5", answer=" ")]
    marked = reward.mark(rollouts)
    assert [one.outcome for one in marked] == ["grader_timeout", "correct", "gold_unparsable"]
    assert [one.total for one in marked] == [None, 1.5, None]
    assert [one.parts["correct"] for one in marked] == [None, 1.0, None]
    assert [one.parts["format"] for one in marked] == [1.0, 1.0, 1.0]
    assert [one.is_scorable for one in marked] == [False, True, False]


def test_a_part_of_weight_zero_is_measured_and_counts_nothing(pool):
    reward = Reward({"correct": 0.0, "format": 1.0}, pool=pool)
    (marked,) = reward.mark([rollout(ENDLESS)])
    assert marked.parts == {"correct": None, "format": 1.0}
    assert marked.total == 1.0


def test_too_many_failures_stop_with_the_problems_named():
    reward = Reward({"correct": 1.0}, failure_rate=0.1)
    good = [rollout("#### 7", question=f"Question {number}?") for number in range(20)]
    bad = [rollout("#### 7", answer=" ", question=f"Bad {number}?") for number in range(3)]
    reward.mark([*good, *bad[:2]])
    with pytest.raises(DataError, match=r"failure_rate 0\.1") as raised:
        reward.mark(bad[2:])
    assert bad[2].problem.id in str(raised.value)
    assert "gold_unparsable, without correct" in str(raised.value)


def test_many_samples_of_one_bad_problem_are_one_failure():
    reward = Reward({"correct": 1.0}, failure_rate=0.1)
    bad = [rollout("#### 7", answer=" ")] * 64
    assert [one.total for one in reward.mark(bad)] == [None] * 64
    assert reward.failures.share == 1.0
    reward.mark([rollout("#### 7", question=f"Question {number}?") for number in range(99)])
    assert reward.failures.share == 0.01


LOOP = "So the answer is 7. " * 10 + "\n#### 7"


def test_an_added_penalty_is_in_the_total_once():
    garbled_loop = "\x07" + LOOP
    texts = [rollout("#### 7"), rollout(LOOP), rollout(garbled_loop, finish="length")]
    totals = {
        form: [
            one.total
            for one in Reward({"correct": 1.0}, penalty=-0.5, penalty_form=form).mark(texts)
        ]
        for form in ("add", "replace", "none")
    }
    assert totals == {"add": [1.0, 0.5, 0.5], "replace": [1.0] * 3, "none": [1.0] * 3}
    marked = Reward({"correct": 1.0}).mark(texts)
    assert [one.faults for one in marked] == [
        (),
        ("repetition",),
        ("repetition", "over_length", "garbled"),
    ]


def test_a_replacing_penalty_stands_in_the_place_of_the_normalised_value():
    marked = Reward({"correct": 1.0}).mark(
        [rollout("#### 7"), rollout(LOOP), rollout("#### 8"), rollout("#### 8")]
    )
    totals = [one.total for one in marked]
    assert totals == [1.0, 1.0, 0.0, 0.0]
    others = [(sum(totals) - one) / 3 for one in totals]
    normalised = [one - other for one, other in zip(totals, others, strict=True)]
    assert replaced(normalised, marked, -1.0, "replace") == pytest.approx(
        [2 / 3, -1.0, -2 / 3, -2 / 3]
    )
    assert replaced(totals, marked, -1.0, "replace") == [1.0, -1.0, 0.0, 0.0]
    assert replaced([None, None, None, 0.0], marked, -1.0, "replace") == [None, -1.0, None, 0.0]
    for form in ("add", "none"):
        assert replaced(normalised, marked, -1.0, form) == normalised


def test_what_grades_alone_grades_the_same_from_a_thread_and_among_many(pool):
    reward = Reward({"correct": 1.0}, pool=pool)
    texts = ["\\boxed{x+1}", "\\boxed{1+x}", "\\boxed{x+2}", "\\boxed{\\frac{2x+2}{2}}"] * 8
    rollouts = [rollout(text, answer="x+1") for text in texts]
    found = []
    thread = threading.Thread(target=lambda: found.extend(reward.mark(rollouts)))
    thread.start()
    thread.join(60)
    assert [one.total for one in found] == [1.0, 1.0, 0.0, 1.0] * 8
    assert [reward.mark([one])[0] for one in rollouts[:4]] == found[:4]


def test_leaving_a_reward_ends_its_workers():
    own = ComparisonPool(workers=1)
    with Reward({"correct": 1.0}, pool=own) as reward:
        reward.mark([rollout("\\boxed{1+x}", answer="x+1")])
        foreman = psutil.Process(own._crew.process.pid)
        assert foreman.is_running()
    assert psutil.wait_procs([foreman], timeout=15)[1] == []


def test_no_rollouts_have_no_rewards():
    assert Reward({"correct": 1.0}).mark([]) == []


def test_a_scorers_probability_is_a_part(tiny_student):
    scorer = CriticScorer.load(tiny_student, device="cpu")
    reward = Reward({"correct": 1.0, "scorer": 0.5}, scorer=scorer)
    rollouts = [rollout("#### 7"), rollout("7 + 1 = 8\n#### 8")]
    marked = reward.mark(rollouts)
    alone = [scorer.score(one.problem, [one.text])[0].last for one in rollouts]
    assert [one.parts["scorer"] for one in marked] == pytest.approx(alone, abs=1e-5)
    assert 0 < alone[0] < 1
    assert [one.total for one in marked] == pytest.approx([1 + alone[0] / 2, alone[1] / 2])


def test_a_critics_verdict_is_a_part():
    problems = list(load("gym:chain_sum", n=6, seed=2))
    wrong = [f"{one.solution.rpartition('####')[0]}#### 123456" for one in problems]
    rollouts = [Rollout(one, one.solution, 9, "stop") for one in problems]
    rollouts += [Rollout(one, text, 9, "stop") for one, text in zip(problems, wrong, strict=True)]
    reward = Reward({"critique": 1.0}, critic=SymbolicCritic(SymbolicTeacher("full", 0)))
    assert [one.total for one in reward.mark(rollouts)] == [1.0] * 6 + [0.0] * 6


class Said:
    """An engine that answers each conversation by what stands in it."""

    name = "said"

    def __init__(self):
        self.asked = 0

    def complete(self, conversations, sampling):
        for one in conversations:
            self.asked += 1
            text = one.messages[-1].content
            if "#### 8" in text:
                yield Failure(one.id, 0, "HTTP 500")
            else:
                said = "Conclusion: right" if "#### 7" in text else "I cannot tell."
                yield Completion(one.id, 0, said, 5, 5, "stop")


def test_a_critic_without_a_verdict_leaves_the_rollout_unscored():
    engine = Said()
    critic = LlmTeacher("said", engine, TeacherPrompt.of("cft"), Sampling())
    reward = Reward({"correct": 1.0, "critique": 0.5}, critic=critic, failure_rate=1.0)
    texts = ["#### 7", "#### 8", "#### 9", "#### 7"]
    marked = reward.mark([rollout(text) for text in texts])
    assert [one.parts["critique"] for one in marked] == [1.0, None, None, 1.0]
    assert [one.total for one in marked] == [1.5, None, None, 1.5]
    assert engine.asked == 3


@pytest.mark.parametrize(
    ("parts", "settings", "said"),
    [
        ({"length": 1.0, "correct": 1.0}, {}, "max_tokens"),
        ({"scorer": 1.0}, {}, "needs a scorer"),
        ({"critique": 1.0}, {}, "needs a critic"),
        ({"correct": 1.0}, {"penalty": 1.0}, "penalty 1.0"),
        ({"correct": 1.0}, {"penalty_form": "subtract"}, "replace, add, none"),
        ({"correct": 1.0}, {"answer_form": "xml"}, "marked, boxed"),
        ({"correct": 1.0}, {"failure_rate": 2.0}, "failure_rate"),
        ({"correct": 1.0, "length": 1.0}, {"max_tokens": 9, "soft_tokens": 10}, "soft_tokens"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(parts, settings, said):
    with pytest.raises(UsageError, match=said):
        Reward(parts, **settings)
