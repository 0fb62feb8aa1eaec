"""Critique tasks: which problems become one, and that their answer is the grader's verdict."""

import pytest

from redink.errors import DataError, UsageError
from redink.records import Problem, Response, problem_id, response_id
from redink.rewards import Reward, Rollout, critique_task, is_critique_task, with_critique_tasks
from redink.training.rendering import critique_messages, question_messages


def problem(number):
    question = f"What is {number} + {number}?"
    return Problem(problem_id(question, str(2 * number)), question, str(2 * number), source="here")


def response(of, outcome, sample=0):
    text = f"It is {outcome} {sample}.\n#### {of.answer if outcome == 'correct' else 'no'}"
    key = response_id(of.id, text, "respond", sample=sample)
    return Response(key, of.id, text, "respond", outcome=outcome)


PROBLEMS = [problem(number) for number in range(50)]
RESPONSES = [
    response(one, outcome, sample)
    for one in PROBLEMS
    for sample, outcome in enumerate(("correct", "wrong", "truncated"))
]


def verdicts(problems):
    return [one.answer for one in problems if is_critique_task(one)]


def test_a_share_of_the_problems_is_replaced_in_place():
    mixed = with_critique_tasks(PROBLEMS, RESPONSES, share=0.2, seed=3)
    assert len(mixed) == 50
    changed = [pair for pair in zip(PROBLEMS, mixed, strict=True) if pair[0] != pair[1]]
    assert len(changed) == 10
    for before, after in changed:
        assert is_critique_task(after)
        assert after.meta["problem_id"] == before.id
    assert sorted(verdicts(mixed)) == ["right"] * 5 + ["wrong"] * 5


def test_a_seed_gives_the_same_tasks_and_another_seed_others():
    first = with_critique_tasks(PROBLEMS, RESPONSES, seed=3)
    assert first == with_critique_tasks(PROBLEMS, list(reversed(RESPONSES)), seed=3)
    assert first != with_critique_tasks(PROBLEMS, RESPONSES, seed=4)


def test_the_answer_is_the_graders_verdict():
    by_id = {one.id: one for one in RESPONSES}
    for one in with_critique_tasks(PROBLEMS, RESPONSES, share=1.0, wrong=0.3):
        judged = by_id[one.meta["response_id"]]
        assert judged.text.partition("\n")[0] in one.question
        assert one.answer == {"correct": "right", "wrong": "wrong"}[judged.outcome]


def test_scarce_verdicts_are_taken_as_far_as_they_go():
    few = [one for one in RESPONSES if one.outcome == "correct"]
    few += [response(one, "wrong") for one in PROBLEMS[:3]]
    assert sorted(verdicts(with_critique_tasks(PROBLEMS, few, share=0.2))) == (
        ["right"] * 7 + ["wrong"] * 3
    )


def test_too_few_decided_responses_are_said():
    few = [response(one, "correct") for one in PROBLEMS[:4]]
    few += [response(one, "truncated") for one in PROBLEMS]
    with pytest.raises(DataError, match=r"10 of 50 problems .* 4 have .* share of 0.08"):
        with_critique_tasks(PROBLEMS, few)
    with pytest.raises(UsageError, match=r"share 1\.5"):
        with_critique_tasks(PROBLEMS, few, share=1.5)
    with pytest.raises(DataError, match="outcome is truncated"):
        critique_task(PROBLEMS[0], response(PROBLEMS[0], "truncated"))


def test_the_prompt_is_that_of_critique_training_with_the_request_below():
    judged = response(PROBLEMS[1], "wrong")
    (trained,) = critique_messages(PROBLEMS[1], judged)
    (asked,) = question_messages(critique_task(PROBLEMS[1], judged))
    assert asked.content == (
        f"{trained.content}\n\nEnd with 'Conclusion: right' or 'Conclusion: wrong'."
    )
    (bare,) = question_messages(critique_task(PROBLEMS[1], judged, request=""))
    assert bare == trained


@pytest.mark.parametrize(
    ("text", "finish", "value", "outcome", "answer"),
    [
        ("The sum is off.\nConclusion: wrong", "stop", 1.0, "correct", "wrong"),
        ("All is well.\nConclusion: right", "stop", 0.0, "wrong", "right"),
        ("All is well.", "stop", 0.0, "no_answer", None),
        ("Conclusion: right or wrong", "stop", 0.0, "no_answer", None),
        ("The sum is", "length", 0.0, "truncated", None),
    ],
)
def test_a_verdict_is_rewarded_where_it_is_the_graders(text, finish, value, outcome, answer):
    task = critique_task(PROBLEMS[1], response(PROBLEMS[1], "wrong"))
    reward = Reward({"correct": 1.0, "format": 0.1, "verdict": 0.8})
    (marked,) = reward.mark([Rollout(task, text, 9, finish)])
    assert marked.parts == {"format": float(answer is not None), "verdict": value}
    assert marked.total == pytest.approx(0.8 * value + 0.1 * (answer is not None))
    assert (marked.outcome, marked.answer) == (outcome, answer)


def test_a_task_without_a_part_for_it_is_refused():
    task = critique_task(PROBLEMS[1], response(PROBLEMS[1], "wrong"))
    with pytest.raises(UsageError, match="weight for verdict"):
        Reward({"correct": 1.0}).mark([Rollout(task, "Conclusion: wrong", 9, "stop")])
    with pytest.raises(UsageError, match="add correct"):
        Reward({"verdict": 1.0}).mark([Rollout(PROBLEMS[1], "#### 2", 9, "stop")])
