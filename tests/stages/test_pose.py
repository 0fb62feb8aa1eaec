"""Critique tasks in a recipe: posed, reinforced with verdicts as their reward, known as overlap."""

import json

import pytest

import redink
from redink.errors import DataError, UsageError
from redink.plan import make_plan
from redink.problems.overlap import overlap
from redink.recipe import read_recipe
from redink.rewards import is_critique_task
from redink.rewards.tasks import REQUEST
from redink.run import run_plan

RECIPE = """
student: {student}
stages:
  problems: {{do: load, source: "gym:chain_sum", n: 10, seed: 1}}
  drafts: {{do: corrupt, problems: problems, wrong: 0.5}}
  mixed: {{do: pose, problems: problems, responses: drafts, share: 0.4}}
  policy:
    {{do: reinforce, problems: mixed, steps: 2, problems_per_step: 10, samples: 2, max_tokens: 8,
     penalty_form: none, reward: {reward}}}
"""


@pytest.fixture(scope="module")
def drafts():
    problems = redink.load("gym:chain_sum", n=20, seed=1)
    return problems, redink.corrupt(problems, wrong=0.5)


def written(tmp_path, student, reward):
    path = tmp_path / "mixed.yaml"
    path.write_text(RECIPE.format(student=student, reward=reward))
    return str(path)


def test_a_share_becomes_tasks_half_of_them_about_a_wrong_response(drafts):
    problems, responses = drafts
    mixed = redink.pose(problems, responses=responses, share=0.5, seed=2)
    tasks = [one for one in mixed if is_critique_task(one)]
    assert (len(mixed), len(tasks)) == (20, 10)
    assert sorted(one.answer for one in tasks) == ["right"] * 5 + ["wrong"] * 5
    assert [one for one in mixed if not is_critique_task(one)] == [
        before for before, after in zip(problems, mixed, strict=True) if not is_critique_task(after)
    ]
    bare = redink.pose(problems, responses=responses, share=0.5, seed=2, request="")
    asking = [[one.question.endswith(f"\n\n{REQUEST}") for one in rows] for rows in (mixed, bare)]
    assert list(map(sum, asking)) == [10, 0]
    assert [one.meta.get("response_id") for one in bare] == [
        one.meta.get("response_id") for one in mixed
    ]
    with pytest.raises(UsageError, match=r"share 1\.5"):
        redink.pose(problems, responses=responses, share=1.5)
    few = redink.select(responses, n=2)
    with pytest.raises(DataError, match="2 have a response graded"):
        redink.pose(problems, responses=few)


def test_a_task_about_a_problem_overlaps_with_that_problem(drafts):
    problems, responses = drafts
    mixed = redink.pose(problems, responses=responses, share=1.0)
    assert overlap(problems, mixed) == [one.id for one in problems]
    assert overlap(mixed, problems) == [one.id for one in mixed]


def test_a_policy_is_rewarded_for_solving_and_for_judging_each_apart(tiny_student, tmp_path):
    recipe = written(tmp_path, tiny_student, "{correct: 1.0, verdict: 1.0}")
    plan = make_plan(read_recipe(recipe), tmp_path / "runs")
    run_plan(plan)
    folder = plan.by_name["policy"].folder
    rows = [json.loads(line) for line in (folder / "rollouts.jsonl").open()]
    by_part = {
        name: [row for row in rows if name in row["parts"]] for name in ("correct", "verdict")
    }
    assert {name: len(found) for name, found in by_part.items()} == {"correct": 24, "verdict": 16}
    assert not [row for row in rows if set(row["parts"]) == {"correct", "verdict"}]
    steps = [json.loads(line) for line in (folder / "steps.jsonl").open()]
    assert set(steps[0]["parts"]) == {"correct", "verdict"}


def test_a_reward_without_verdicts_is_named(tiny_student, tmp_path):
    recipe = written(tmp_path, tiny_student, "{correct: 1.0}")
    plan = make_plan(read_recipe(recipe), tmp_path / "runs")
    with pytest.raises(UsageError, match="critique task; give the reward a weight for verdict"):
        run_plan(plan)
