"""The checkpoint that is returned is the best on the validation problems, first of equals."""

import json

import pytest

from redink.models.resolve import resolve_model
from redink.records import Example, Message, Problem
from redink.training import validation
from redink.training.measure import Measure
from redink.training.training import train
from redink.training.validation_plan import ValidationPlan

EXAMPLES = [
    Example((Message("user", f"{n} + 1 ="),), (Message("assistant", f"{n + 1}"),))
    for n in range(12)
]
SETTINGS = {
    "objective": ["imitate"], "learning_rate": 1e-2, "epochs": 1.0, "batch_size": 2,
    "max_tokens": 64, "warmup_ratio": 0.0, "weight_decay": 0.0, "shuffle": True, "seed": 0,
    "checkpoint_seconds": 600.0, "checkpoint_steps": 1,
}  # fmt: skip


class Scripted:
    """Accuracies in the order of the looks; keeps each look's weights; may be interrupted."""

    def __init__(self, accuracies, interrupt_at=None):
        self.accuracies, self.interrupt_at = list(accuracies), interrupt_at
        self.seen = []

    def __call__(self, model):
        if len(self.seen) == self.interrupt_at:
            raise KeyboardInterrupt
        weights = {name: value.clone() for name, value in model.state_dict().items()}
        self.seen.append(weights)
        return self.accuracies[len(self.seen) - 1]


def trained(student, out, scripted, every=2):
    plan = ValidationPlan(every=every, problems=(Problem("p", "1 + 1 =", "2"),))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(validation, "measure_of", lambda *_: Measure(scripted, {"problems": 10}))
        return train(resolve_model(student), EXAMPLES, SETTINGS, out, "test", plan)


def weights_of(folder):
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


def same(first, second):
    return all((first[name] == value).all() for name, value in second.items())


def test_the_weights_of_the_best_look_are_returned(tiny_student, tmp_path):
    measure = Scripted([0.2, 0.5, 0.5])
    folder = trained(tiny_student, tmp_path, measure)
    found = weights_of(folder)
    assert [same(weights, found) for weights in measure.seen] == [False, True, False]
    facts = json.loads((folder / "training.json").read_text())["validation"]
    assert facts == {
        "problems": 10,
        "chosen_step": 4,
        "accuracy": 0.5,
        "looks": [{"step": 2, "accuracy": 0.2}, {"step": 4, "accuracy": 0.5},
                  {"step": 6, "accuracy": 0.5}],
    }  # fmt: skip
    assert not (tmp_path / "best").exists()


@pytest.mark.parametrize("interrupt_at", [1, 2])
def test_an_interrupted_training_chooses_as_an_undisturbed_one(
    tiny_student, tmp_path, interrupt_at
):
    accuracies = [0.6, 0.4, 0.5]
    whole = trained(tiny_student, tmp_path / "whole", Scripted(accuracies))
    measure = Scripted(accuracies, interrupt_at)
    with pytest.raises(KeyboardInterrupt):
        trained(tiny_student, tmp_path / "cut", measure)
    rest = Scripted(accuracies[interrupt_at:])
    again = trained(tiny_student, tmp_path / "cut", rest)
    assert len(rest.seen) == len(accuracies) - interrupt_at
    assert same(weights_of(whole), weights_of(again))
    facts = [json.loads((f / "training.json").read_text())["validation"] for f in (whole, again)]
    assert facts[0] == facts[1]
    assert facts[0]["chosen_step"] == 2


def test_the_last_step_is_always_looked_at(tiny_student, tmp_path):
    measure = Scripted([0.1, 0.2])
    folder = trained(tiny_student, tmp_path, measure, every=5)
    facts = json.loads((folder / "training.json").read_text())["validation"]
    assert [look["step"] for look in facts["looks"]] == [5, 6]
