"""The log of rollouts: what a kill leaves, what a resume takes back, and the table."""

import json

import pytest

from redink.errors import DataError
from redink.reinforcement.rollouts import (
    RolloutLog,
    figures_of,
    logged,
    read_steps,
    rollouts_table,
)
from redink.tables import Table
from tests.reinforcement.policy_world import drawn, marked, sums


def step(number, problems):
    rows = [
        logged(drawn(problem, sample, (9, 8, 2)[sample:]), mark, number, "tiny", advantage=value,
               kl=0.5, entropy=2.0)
        for problem in problems
        for sample, (mark, value) in enumerate(
            [(marked(1.0, outcome="correct"), 0.5), (marked(None, "garbled"), None)]
        )
    ]  # fmt: skip
    return rows, figures_of(number, rows, 1.5)


def filled(folder, steps=3):
    log, problems = RolloutLog(folder), sums(2)
    log.rewind(0)
    for number in range(1, steps + 1):
        log.append(*step(number, problems))
    return log, {problem.id: problem for problem in problems}


def test_a_steps_figures_are_means_over_what_is_known():
    _, figures = step(1, sums(2))
    assert figures["reward"] == 1.0
    assert figures["unscorable"] == 0.5
    assert figures["accuracy"] == 0.5
    assert figures["degenerate"] == 0.5
    assert figures["faults"] == {"garbled": 0.5}
    assert figures["parts"] == {"correct": 1.0}
    assert figures["tokens"] == 2.5
    assert figures["trained"] == 0.5
    assert figures["kl"] == 0.5
    assert figures["entropy"] == 2.0
    assert figures["rollouts"] == 4
    assert figures["problems"] == 2


def test_figures_of_nothing_known_are_none():
    rows = [logged(drawn(sums(1)[0], 0, (9,)), marked(None), 1, "tiny")]
    figures = figures_of(1, rows, 0.0)
    assert figures["reward"] is None
    assert figures["kl"] is None


def test_a_resume_takes_both_files_back_to_its_step(tmp_path):
    log, _ = filled(tmp_path)
    whole = log.rollouts.read_bytes(), log.steps.read_bytes()
    with log.rollouts.open("a") as stream:
        stream.write('{"step": 4, "text": "half of a li')
    kept = log.rewind(2)
    assert [line["step"] for line in kept] == [1, 2]
    assert {json.loads(line)["step"] for line in log.rollouts.open()} == {1, 2}
    log.append(*step(3, sums(2)))
    assert (log.rollouts.read_bytes(), log.steps.read_bytes()) == whole
    assert log.rewind(0) == []
    assert read_steps(tmp_path) == []


def test_the_table_holds_every_rollout_with_its_problem(tmp_path):
    _, problems = filled(tmp_path)
    table = rollouts_table(tmp_path, problems, "tiny")
    assert len(table) == 12
    assert len({row.id for row in table}) == 12
    first = table[0]
    assert first.origin == "reinforce"
    assert first.model == "tiny"
    assert first.outcome == "correct"
    assert first.sampling["step"] == 1
    assert first.sampling["advantage"] == 0.5
    table.write(tmp_path / "table")
    assert Table.read(tmp_path / "table").rows == table.rows


def test_another_trainings_log_is_named(tmp_path):
    filled(tmp_path)
    with pytest.raises(DataError, match=r"rollouts.jsonl"):
        rollouts_table(tmp_path, {})
