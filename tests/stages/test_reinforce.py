"""reinforce: problems and a reward become a model, a table of rollouts and a line for each step."""

import json

import pytest

from redink.errors import UsageError
from redink.records import Problem, Response, problem_id
from redink.stages.reinforce import reinforce
from redink.tables import Table, problem_table, response_table

SETTINGS = {
    "steps": 2, "problems_per_step": 2, "samples": 3, "max_tokens": 8, "learning_rate": 1e-3,
    "checkpoint_seconds": 600.0, "precision": "fp32",
}  # fmt: skip


def sums(count=5, start=3):
    rows = [(f"{n} + 4 =", str(n + 4)) for n in range(start, start + count)]
    return problem_table([Problem(problem_id(q, a), q, a) for q, a in rows])


def record(out):
    return json.loads((out / "model" / "training.json").read_text())


@pytest.mark.parametrize("algorithm", ["rloo", "grpo", "dr-grpo", "ppo"])
def test_every_algorithm_gives_a_model_its_rollouts_and_its_steps(
    tiny_student, tmp_path, algorithm
):
    out = tmp_path / "out"
    how = {"student": tiny_student, "algorithm": algorithm, "out": out} | SETTINGS
    assert reinforce(sums(), **how) == out / "model"
    table = Table.read(out / "rollouts")
    assert table.kind is Response
    assert len(table) == 2 * 2 * 3
    assert {row.problem_id for row in table} <= set(sums().problems)
    assert {row.outcome for row in table} <= {"correct", "wrong", "no_answer", "truncated"}
    steps = [json.loads(line) for line in (out / "steps.jsonl").open()]
    assert [step["step"] for step in steps] == [1, 2]
    for step in steps:
        assert {"reward", "parts", "accuracy", "tokens", "entropy", "kl", "degenerate"} <= set(step)
    assert record(out)["settings"]["algorithm"] == algorithm
    before = (out / "model" / "model.safetensors").stat().st_mtime_ns
    assert reinforce(sums(), **how) == out / "model"
    assert (out / "model" / "model.safetensors").stat().st_mtime_ns == before


def test_the_problems_of_responses_are_trained_on(tiny_student, tmp_path):
    asked = sums().problems
    first, second = list(asked)[:2]
    tries = [Response(f"r{n}", key, "7", "respond") for n, key in enumerate([first, first, second])]
    out = tmp_path / "out"
    reinforce(response_table(tries, asked), student=tiny_student, out=out, **SETTINGS)
    assert {row.problem_id for row in Table.read(out / "rollouts")} == {first, second}


def test_the_parts_of_the_reward_are_logged_apart_and_weighed(tiny_student, tmp_path):
    parts = {"correct": 1.0, "partial": 0.1, "format": 0.25, "length": 0.5}
    out = tmp_path / "out"
    reinforce(sums(), student=tiny_student, reward=parts, out=out, **SETTINGS)
    for row in Table.read(out / "rollouts"):
        found = row.sampling["parts"]
        assert set(found) == set(parts)
        total = sum(parts[name] * value for name, value in found.items())
        assert row.sampling["reward"] == pytest.approx(total)


def test_the_step_of_the_best_validation_is_returned(tiny_student, tmp_path):
    out = tmp_path / "out"
    reinforce(
        sums(), student=tiny_student, validation=sums(3, start=50), validate_every=1, out=out,
        **SETTINGS,
    )  # fmt: skip
    found = record(out)["validation"]
    assert found["problems"] == 3
    assert [look["step"] for look in found["looks"]] == [0, 1, 2]


def test_validation_on_trained_problems_is_refused(tiny_student, tmp_path):
    with pytest.raises(UsageError, match="3 of the 3 problems"):
        reinforce(sums(), student=tiny_student, validation=sums(3), out=tmp_path, **SETTINGS)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"algorithm": "ppo", "entropy": 0.1}, "entropy is a setting of rloo"),
        ({"algorithm": "ppo", "reference": "moving"}, "reference is a setting of rloo"),
        ({"algorithm": "grpo", "gamma": 1.0}, "gamma is a setting of ppo"),
        ({"method": "lora"}, "method is a setting of ppo"),
        ({"algorithm": "reinforce"}, "algorithm = reinforce is unknown"),
        ({"reward": {"scorer": 1.0}}, "reward.scorer needs scorer"),
        ({"scorer": "somewhere"}, "scorer is for the reward's part scorer"),
        ({"reward": {"correctness": 1.0}}, "correctness"),
        ({"beta": 0.0, "reference": "moving"}, "beta = 0"),
        ({"degenerate": {"loops": 1}}, "loops"),
        ({"validate_samples": -1}, "validate_samples = -1 makes no sense"),
    ],
)
def test_settings_that_do_not_fit_are_named(tiny_student, tmp_path, settings, message):
    with pytest.raises(UsageError, match=message):
        reinforce(sums(), student=tiny_student, out=tmp_path / "out", **SETTINGS | settings)


def test_without_a_divergence_there_is_no_reference(tiny_student, tmp_path):
    out = tmp_path / "out"
    reinforce(sums(), student=tiny_student, beta=0.0, out=out, **SETTINGS)
    assert record(out)["settings"]["reference"] == "fixed"
    assert all(row.sampling["kl"] is None for row in Table.read(out / "rollouts"))
