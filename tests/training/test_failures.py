"""Trainings that cannot go on end with one error that says what to change."""

import pytest

from redink.errors import ModelError, UsageError
from redink.records import Problem, problem_id
from redink.stages.finetune import finetune
from redink.tables import problem_table


def sums(count=8):
    pairs = [(f"{11 + 7 * n} + {90 - 3 * n} =", str(101 + 4 * n)) for n in range(count)]
    return problem_table([Problem(problem_id(q, a), q, a, f"{q} {a}") for q, a in pairs])


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 8 bytes"),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    ],
)
def test_out_of_memory_names_the_step_and_what_to_change(
    tiny_student, tmp_path, monkeypatch, error
):
    from redink.training.trainer import CompletionTrainer

    true_step = CompletionTrainer.training_step

    def training_step(self, *args, **kwargs):
        if self.state.global_step == 2:
            raise error
        return true_step(self, *args, **kwargs)

    monkeypatch.setattr(CompletionTrainer, "training_step", training_step)
    with pytest.raises(ModelError, match=r"out of memory in step 3 .*lower max_tokens below"):
        finetune(sums(), student=tiny_student, out=tmp_path, batch_size=2)
    assert not (tmp_path / "model").exists()


def test_another_error_is_not_taken_for_a_lack_of_memory(tiny_student, tmp_path, monkeypatch):
    from redink.training.trainer import CompletionTrainer

    def training_step(self, *args, **kwargs):
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(CompletionTrainer, "training_step", training_step)
    with pytest.raises(RuntimeError, match="shapes differ"):
        finetune(sums(), student=tiny_student, out=tmp_path, batch_size=2)


def test_a_student_with_broken_weights_is_named_at_the_first_step(tiny_student, tmp_path):
    import shutil

    from safetensors.torch import load_file, save_file

    broken = tmp_path / "broken"
    shutil.copytree(tiny_student, broken)
    weights = load_file(broken / "model.safetensors")
    weights["model.norm.weight"][0] = float("nan")
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="at step 1, before any update"):
        finetune(sums(), student=broken, out=tmp_path / "out", batch_size=2)


def test_a_gradient_that_is_no_number_stops_even_at_the_last_step(
    tiny_student, tmp_path, monkeypatch
):
    from redink.training.trainer import CompletionTrainer

    true_step = CompletionTrainer.training_step

    def training_step(self, model, *args, **kwargs):
        loss = true_step(self, model, *args, **kwargs)
        if self.state.global_step == 3:
            next(model.parameters()).grad[0] = float("nan")
        return loss

    monkeypatch.setattr(CompletionTrainer, "training_step", training_step)
    with pytest.raises(ModelError, match=r"gradient's norm is nan at step 4: .*learning_rate"):
        finetune(sums(), student=tiny_student, out=tmp_path, batch_size=2)
    assert not (tmp_path / "model").exists()


def test_a_batch_that_does_not_divide_among_processes_is_refused(tiny_student, tmp_path):
    with pytest.raises(UsageError, match="batch_size = 4 does not divide among 3 processes"):
        finetune(sums(), student=tiny_student, out=tmp_path, batch_size=4, processes=3)
