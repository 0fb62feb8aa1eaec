"""finetune: which data and settings it takes."""

import json

import pytest

from redink.errors import UsageError
from redink.records import Critique, Problem, Response
from redink.stages.finetune import finetune
from redink.tables import critique_table, problem_table, response_table

PROBLEMS = {f"p{n}": Problem(f"p{n}", f"{n} + 1 =", str(n + 1), f"{n + 1}") for n in range(6)}
RESPONSES = {f"r{n}": Response(f"r{n}", f"p{n}", f"It is {n + 2}.", "corrupt") for n in range(6)}
CRITIQUES = [
    Critique(f"c{n}", f"r{n}", f"No, {n + 1}. Conclusion: wrong", "wrong") for n in range(6)
]


def test_several_tables_are_learned_together_each_with_its_objective(tmp_path, tiny_student):
    critiques = critique_table(CRITIQUES, RESPONSES, PROBLEMS)
    responses = response_table(list(RESPONSES.values())[:3], PROBLEMS)
    model = finetune(
        [critiques, responses],
        student=tiny_student,
        objective=["critique", "imitate"],
        batch_size=4,
        out=tmp_path,
    )
    assert model == tmp_path / "model"
    facts = json.loads((model / "training.json").read_text())
    assert facts["examples"] == 9
    assert facts["settings"]["objective"] == ["critique", "imitate"]


def test_a_mixed_step_holds_both_objectives(tiny_student):
    from redink.training.batches import training_order

    order = training_order(9, 1, seed=0)
    assert any(
        {index < 6 for index in order[start : start + 4]} == {True, False} for start in (0, 4)
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"epochs": -1.0}, "epochs"),
        ({"batch_size": 0}, "batch_size"),
        ({"max_tokens": 2}, "max_tokens"),
        ({"warmup_ratio": 1.0}, "warmup_ratio"),
        ({"weight_decay": -0.1}, "weight_decay"),
        ({"checkpoint_steps": 0}, "checkpoint_steps"),
        ({"objective": ["imitate", "critique"]}, "one for each table"),
        ({"objective": "critique"}, "give it critiques"),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(tmp_path, tiny_student, settings, said):
    problems = problem_table(list(PROBLEMS.values()))
    with pytest.raises(UsageError, match=said):
        finetune(problems, student=tiny_student, out=tmp_path, **settings)


def test_no_data_is_refused(tmp_path, tiny_student):
    with pytest.raises(UsageError, match="at least one table"):
        finetune([], student=tiny_student, out=tmp_path)
