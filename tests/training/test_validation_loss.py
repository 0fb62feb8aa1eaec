"""The checkpoint with the lowest loss on rows that are set apart is returned."""

import json
import sys
from types import SimpleNamespace

import pytest

from redink.errors import ModelError, UsageError
from redink.models.loading import load_model, load_tokenizer
from redink.models.resolve import resolve_model
from redink.records import Problem, problem_id
from redink.stages.finetune import finetune
from redink.tables import problem_table
from redink.training import validation
from redink.training.measure import Measure, mean_loss, measure_of
from redink.training.preflight import preflight
from redink.training.rendering import examples_from
from redink.training.validation_plan import ValidationPlan, loss_plan

SETTINGS = {
    "learning_rate": 0.2, "batch_size": 4, "checkpoint_steps": 1, "seed": 3, "precision": "fp32",
    "validate_by": "loss", "validate_every": 1,
}  # fmt: skip


def sums(start, stop):
    rows = []
    for n in range(start, stop):
        question, answer = f"{11 + 7 * n} + {90 - 3 * n} =", str(101 + 4 * n)
        solution = f"{question} {answer}\n" * (1 + n % 3)
        rows.append(Problem(problem_id(question, answer), question, answer, solution))
    return problem_table(rows)


DATA, APART = sums(0, 24), sums(24, 33)


def plan_of(table=APART, **fields):
    return ValidationPlan("loss", max_tokens=256, examples=tuple(examples_from(table, "imitate")))


def facts(folder):
    return json.loads((folder / "training.json").read_text())


def trained(student, out, **changed):
    return finetune(DATA, student=student, validation=APART, out=out, **(SETTINGS | changed))


@pytest.fixture(scope="module")
def undisturbed(tiny_student, tmp_path_factory):
    return trained(tiny_student, tmp_path_factory.mktemp("undisturbed"))


def test_a_plan_crosses_to_another_process_as_json():
    plan = loss_plan(APART, "imitate", [DATA], 3, 128, "truncate")
    assert ValidationPlan.from_json(json.loads(json.dumps(plan.to_json()))) == plan
    by_accuracy = ValidationPlan(problems=tuple(APART))
    assert ValidationPlan.from_json(json.loads(json.dumps(by_accuracy.to_json()))) == by_accuracy


def test_the_checkpoint_of_the_lowest_loss_is_returned_and_has_that_loss(undisturbed, capsys):
    found = facts(undisturbed)["validation"]
    losses = [look["loss"] for look in found["looks"]]
    assert [look["step"] for look in found["looks"]] == [1, 2, 3, 4, 5, 6]
    assert found["loss"] == min(losses) != losses[-1]
    assert losses[found["chosen_step"] - 1] == min(losses)
    assert (found["by"], found["rows_kept"], found["dropped"]) == ("loss", 9, {})
    source = resolve_model(undisturbed)
    model = load_model(source, "float32", "cpu")
    assert measure_of(plan_of(), load_tokenizer(source)).of(model) == pytest.approx(
        found["loss"], abs=1e-6
    )


def test_the_choice_is_shown(tiny_student, tmp_path, capsys):
    found = facts(trained(tiny_student, tmp_path))["validation"]
    said = f"step {found['chosen_step']} of 6 is kept, its loss {found['loss']:.4f} is the best"
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_loss_is_that_of_training(tiny_student, tmp_path, precision, monkeypatch):
    monkeypatch.setattr("redink.training.validation_plan.overlap", lambda *_: [])
    changed = {"learning_rate": 1e-12, "batch_size": 9, "precision": precision}
    folder = finetune(
        APART, student=tiny_student, validation=APART, out=tmp_path, **(SETTINGS | changed)
    )
    found = facts(folder)
    assert found["validation"]["loss"] == pytest.approx(found["losses"][0]["loss"], abs=1e-4)


def test_the_loss_does_not_depend_on_micro_batches(tiny_student):
    source = resolve_model(tiny_student)
    model, tokenizer = load_model(source, "float32", "cpu"), load_tokenizer(source)
    rows = preflight(plan_of().examples, tokenizer, 256).rows
    whole, parts = (mean_loss(model, rows, tokenizer.pad_token_id, n) for n in (4096, 64))
    assert parts == pytest.approx(whole, abs=1e-5)
    assert all(parameter.grad is None for parameter in model.parameters())


def test_losses_of_training_are_those_without_validation(undisturbed, tiny_student, tmp_path):
    settings = {k: v for k, v in SETTINGS.items() if not k.startswith("validate")}
    alone = finetune(DATA, student=tiny_student, out=tmp_path, **settings)
    assert facts(alone)["losses"] == facts(undisturbed)["losses"]


@pytest.mark.parametrize("interrupt_at", [1, 4])
def test_an_interrupted_training_chooses_as_an_undisturbed_one(
    undisturbed, tiny_student, tmp_path, monkeypatch, interrupt_at
):
    seen = []

    def interrupted(plan, tokenizer):
        whole = measure_of(plan, tokenizer)

        def measure(model):
            if len(seen) == interrupt_at:
                raise KeyboardInterrupt
            seen.append(whole.of(model))
            return seen[-1]

        return Measure(measure, whole.facts)

    with monkeypatch.context() as patch:
        patch.setattr(validation, "measure_of", interrupted)
        with pytest.raises(KeyboardInterrupt):
            trained(tiny_student, tmp_path)
    assert len(seen) == interrupt_at
    again = trained(tiny_student, tmp_path)
    assert facts(again)["validation"] == facts(undisturbed)["validation"]
    weights = [(f / "model.safetensors").read_bytes() for f in (again, undisturbed)]
    assert weights[0] == weights[1]


def test_adapters_are_measured_and_restored_too(tiny_student, tmp_path):
    folder = trained(tiny_student, tmp_path, method="lora", lora_rank=4)
    found = facts(folder)["validation"]
    source = resolve_model(folder)
    measured = measure_of(plan_of(), load_tokenizer(source)).of(load_model(source, device="cpu"))
    assert measured == pytest.approx(found["loss"], abs=1e-5)


def test_rows_on_problems_of_the_data_are_refused_and_counted(tiny_student, tmp_path):
    settings = {"student": tiny_student, "out": tmp_path, **SETTINGS}
    with pytest.raises(UsageError, match="4 of the 8 problems of the validation table"):
        finetune(sums(0, 24), validation=sums(20, 28), **settings)
    assert not list(tmp_path.iterdir())


def test_a_table_that_suits_no_objective_is_refused(tiny_student, tmp_path):
    settings = {"student": tiny_student, "out": tmp_path, **SETTINGS}
    with pytest.raises(UsageError, match="accuracy or loss"):
        finetune(DATA, validation=APART, **(settings | {"validate_by": "bleu"}))
    with pytest.raises(UsageError, match="validate_every = 0"):
        finetune(DATA, validation=APART, **(settings | {"validate_every": 0}))
    with pytest.raises(UsageError, match=r"validation by loss.*from a table of problems"):
        loss_plan(APART, "critique", [DATA], None, 64, "drop")


def test_a_loss_that_is_no_number_ends_the_training(tiny_student, tmp_path, monkeypatch):
    monkeypatch.setattr(validation, "measure_of", lambda *_: Measure(lambda model: float("nan")))
    with pytest.raises(ModelError, match="validation loss is nan at step 1"):
        trained(tiny_student, tmp_path)


def test_processes_and_sharding_are_no_part_of_what_is_trained(tiny_student, tmp_path, monkeypatch):
    given = {}

    def launched(student, examples, settings, out, label, validation, **ways):
        given.update(settings=settings, plan=validation, **ways)
        return out / "model"

    monkeypatch.setitem(
        sys.modules, "redink.training.launch", SimpleNamespace(train_in_processes=launched)
    )
    alone = {}
    monkeypatch.setattr(
        "redink.stages.finetune.train", lambda *given: alone.update(settings=given[2])
    )
    trained(tiny_student, tmp_path, processes=2)
    assert (given["processes"], given["sharding"]) == (2, "none")
    trained(tiny_student, tmp_path)
    assert given["settings"] == alone["settings"]
    assert given["plan"].examples == plan_of().examples
    with pytest.raises(UsageError, match="processes = 0"):
        trained(tiny_student, tmp_path, processes=0)
