"""Training: exact resume, the same losses from the same seed, a result others can load."""

import json
import signal
import subprocess
import sys

import pytest

from redink.errors import ModelError, UsageError
from redink.records import Problem, problem_id
from redink.stages.finetune import finetune
from redink.tables import problem_table

SETTINGS = {
    "learning_rate": 1e-3,
    "epochs": 1.5,
    "batch_size": 4,
    "max_tokens": 256,
    "checkpoint_steps": 3,
    "seed": 5,
}


def sums(count=24):
    rows = []
    for n in range(count):
        a, b = 11 + 7 * n, 90 - 3 * n
        question, answer = f"{a} + {b} =", str(a + b)
        solution = f"{a} + {b} = {a + b}\n" * (1 + n % 4)
        rows.append(Problem(problem_id(question, answer), question, answer, solution))
    return problem_table(rows)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, tiny_student):
    out = tmp_path_factory.mktemp("undisturbed")
    finetune(sums(), student=tiny_student, out=out, **SETTINGS)
    return out


def record(out):
    return json.loads((out / "model" / "training.json").read_text())


def weights(out):
    return (out / "model" / "model.safetensors").read_bytes()


def test_the_same_seed_gives_the_same_losses_and_weights(undisturbed, tmp_path, tiny_student):
    finetune(sums(), student=tiny_student, out=tmp_path, **SETTINGS)
    assert record(tmp_path)["losses"] == record(undisturbed)["losses"]
    assert weights(tmp_path) == weights(undisturbed)
    other = tmp_path / "other"
    finetune(sums(), student=tiny_student, out=other, **(SETTINGS | {"seed": 6}))
    assert record(other)["losses"] != record(undisturbed)["losses"]


KILLED_WHILE_SAVING = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from test_training import *
from redink.training import callbacks

def kill(*args, **facts):
    os.kill(os.getpid(), signal.SIGKILL)

saved = []
mark = callbacks.mark_complete
callbacks.mark_complete = lambda *a, **k: kill() if saved else (saved.append(1), mark(*a, **k))
finetune(sums(), student={student!r}, out=__import__("pathlib").Path({out!r}), **SETTINGS)
"""


def test_a_training_killed_while_saving_goes_on_exactly(undisturbed, tmp_path, tiny_student):
    from pathlib import Path

    code = KILLED_WHILE_SAVING.format(
        tests=str(Path(__file__).parent), student=str(tiny_student), out=str(tmp_path)
    )
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    names = {path.name for path in (tmp_path / "checkpoints").iterdir()}
    assert names == {"checkpoint-3", "checkpoint-6"}
    assert not (tmp_path / "checkpoints" / "checkpoint-6" / "complete.json").exists()

    finetune(sums(), student=tiny_student, out=tmp_path, **SETTINGS)
    assert record(tmp_path)["losses"] == record(undisturbed)["losses"]
    assert weights(tmp_path) == weights(undisturbed)
    assert {path.name for path in tmp_path.iterdir()} == {"model", "losses.jsonl", "preflight.json"}
    logged = [json.loads(line) for line in (tmp_path / "losses.jsonl").open()]
    assert logged == record(undisturbed)["losses"]


def test_the_record_counts_rows_steps_and_tokens(undisturbed):
    facts = record(undisturbed)
    assert facts["rows"]["rows_kept"] == 24
    assert facts["examples"] == 36
    assert facts["steps"] == len(facts["losses"]) == 9
    assert 0 < facts["loss_tokens"] < facts["tokens"]
    assert facts["losses"][-1]["loss"] < facts["losses"][0]["loss"]
    assert {"torch", "transformers", "trl"} <= set(facts["versions"])


def test_the_result_loads_with_plain_transformers(undisturbed, tiny_student):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(undisturbed / "model")
    tokenizer = AutoTokenizer.from_pretrained(undisturbed / "model")
    assert model.dtype == torch.float32
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert model.generation_config.eos_token_id == end
    assert model.generation_config.pad_token_id != end
    original = AutoTokenizer.from_pretrained(tiny_student)
    assert tokenizer.chat_template == original.chat_template
    assert tokenizer("12 + 3")["input_ids"] == original("12 + 3")["input_ids"]


def test_a_finished_training_is_not_done_again(undisturbed, tiny_student, monkeypatch):
    before = weights(undisturbed)
    monkeypatch.setattr("redink.training.training._run", None)
    finetune(sums(), student=tiny_student, out=undisturbed, **SETTINGS)
    assert weights(undisturbed) == before


def test_a_folder_with_another_result_is_refused(undisturbed, tiny_student):
    with pytest.raises(UsageError, match="another training"):
        finetune(sums(), student=tiny_student, out=undisturbed, **(SETTINGS | {"seed": 9}))


def test_a_diverging_training_says_so(tmp_path, tiny_student):
    with pytest.raises(ModelError, match="smaller learning_rate"):
        finetune(sums(), student=tiny_student, out=tmp_path, **(SETTINGS | {"learning_rate": 1e25}))
    assert not (tmp_path / "model").exists()
