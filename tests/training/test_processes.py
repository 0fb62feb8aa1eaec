"""Several processes train as one does: same losses, same result, killed and gone on exactly."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from redink.errors import ModelError, UsageError
from redink.models.loading import load_model
from redink.models.resolve import resolve_model
from redink.models.source import ModelSource
from redink.records import Example, Message, Problem, problem_id
from redink.stages.finetune import finetune
from redink.tables import problem_table
from redink.training.launch import check_gpus, train_in_processes
from redink.training.result import training_key
from redink.training.training import train
from redink.training.validation_plan import ValidationPlan
from redink.training.work import Work, raise_failure, read_work, write_failure, write_work

SETTINGS = {
    "learning_rate": 1e-3, "epochs": 1.5, "batch_size": 4, "max_tokens": 256, "seed": 5,
    "precision": "fp32",
}  # fmt: skip
LONG = SETTINGS | {"epochs": 9.0, "checkpoint_steps": 3}
"""A training that lasts long enough to be killed in it."""


def sums(count=17):
    rows = []
    for n in range(count):
        question, answer = f"{11 + 7 * n} + {90 - 3 * n} =", str(101 + 4 * n)
        solution = f"{question} {answer}\n" * (1 + n % 4)
        rows.append(Problem(problem_id(question, answer), question, answer, solution))
    return problem_table(rows)


def record(out):
    return json.loads((out / "model" / "training.json").read_text())


def weights(out):
    return (out / "model" / "model.safetensors").read_bytes()


@pytest.mark.parametrize(
    "way",
    [
        {},
        {"method": "lora", "lora_rank": 4, "packing": True, "learning_rate": 1e-2},
    ],
    ids=["full, padded", "adapters, packed"],
)
def test_two_processes_give_the_losses_and_weights_of_one(tiny_student, tmp_path, way, capfd):
    watch = {"validation": sums(3), "validate_every": 3, "validate_tokens": 4}
    settings = SETTINGS | way | watch
    one, two = tmp_path / "one", tmp_path / "two"
    finetune(sums(), student=tiny_student, out=one, **settings)
    capfd.readouterr()
    result = finetune(sums(), student=tiny_student, out=two, processes=2, **settings)
    assert result == two / "model"
    said = capfd.readouterr().err
    assert [line.strip() for line in said.splitlines()].count("finetune imitate") == 1
    assert said.count("answers by itself") == 1
    alone, together = record(one), record(two)
    assert alone["key"] == together["key"]
    assert (together["processes"], together["sharding"]) == (2, "none")
    assert alone["steps"] * 4 > alone["examples"], "the last step is not full"
    losses = [[entry["loss"] for entry in facts["losses"]] for facts in (alone, together)]
    assert losses[1] == pytest.approx(losses[0], abs=1e-4)
    assert alone["validation"] == together["validation"]
    a, b = (load_model(resolve_model(out / "model"), "float32", "cpu") for out in (one, two))
    before = load_model(resolve_model(tiny_student), "float32", "cpu").state_dict()
    pairs = [(value, b.state_dict()[name], before[name]) for name, value in a.state_dict().items()]
    assert max((x - y).abs().max().item() for x, y, _ in pairs) < 1e-5
    assert max((x - z).abs().max().item() for x, _, z in pairs) > 1e-3
    logged = [json.loads(line) for line in (two / "losses.jsonl").open()]
    assert logged == together["losses"]
    assert {path.name for path in two.iterdir()} == {
        "model", "losses.jsonl", "preflight.json", "accelerate.yaml", "validation.jsonl"
    }  # fmt: skip


def test_a_finished_result_is_returned_at_once(tiny_student, tmp_path, monkeypatch):
    finetune(sums(4), student=tiny_student, out=tmp_path, **SETTINGS)
    monkeypatch.setattr("redink.training.processes.run_processes", None)
    again = finetune(sums(4), student=tiny_student, out=tmp_path, processes=2, **SETTINGS)
    assert again == tmp_path / "model"


STARTED = """
import sys
sys.path.insert(0, {tests!r})
from test_processes import *
from redink.errors import RedinkError
try:
    finetune(sums(), student={student!r}, out=Path({out!r}), processes=2, **LONG)
except RedinkError as error:
    print(type(error).__name__, error)
    sys.exit(7)
"""


def start(student, out):
    names = {"tests": str(Path(__file__).parent), "student": str(student), "out": str(out)}
    log = (out.parent / "log.txt").open("w")
    return subprocess.Popen([sys.executable, "-c", STARTED.format(**names)], stdout=log, stderr=log)


def after_a_checkpoint(out, step):
    """Waits until a checkpoint of `step` or later is complete."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        for path in out.glob("checkpoints/checkpoint-*/complete.json"):
            if int(path.parent.name.split("-")[1]) >= step:
                return
        assert not (out / "model").exists(), "it ended before it could be killed"
        time.sleep(0.01)
    raise AssertionError((out.parent / "log.txt").read_text())


def workers(out):
    """The processes that train into `out`, the one that started them left aside."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if str(out) in " ".join(words) and "redink.training.worker" in words:
            found.append(process)
    return found


def gone(out, seconds=20.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not workers(out):
            return True
        time.sleep(0.05)
    return False


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, tiny_student):
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    finetune(sums(), student=tiny_student, out=out, processes=2, **LONG)
    return out


def test_a_killed_group_leaves_no_process_and_goes_on_exactly(undisturbed, tmp_path, tiny_student):
    out = tmp_path / "out"
    one_killed = start(tiny_student, out)
    after_a_checkpoint(out, 3)
    workers(out)[-1].kill()
    assert one_killed.wait(60) == 7
    said = (tmp_path / "log.txt").read_text()
    assert "ModelError a process of the training ended without a word" in said
    assert "Traceback" not in said
    assert gone(out)

    parent_killed = start(tiny_student, out)
    after_a_checkpoint(out, 6)
    parent_killed.kill()
    assert parent_killed.wait(10) == -signal.SIGKILL
    assert gone(out)

    interrupted = start(tiny_student, out)
    after_a_checkpoint(out, 9)
    interrupted.send_signal(signal.SIGINT)
    assert interrupted.wait(60) == -signal.SIGINT
    assert gone(out)
    assert not (out / "model").exists()

    finetune(sums(), student=tiny_student, out=out, processes=2, **LONG)
    assert record(out)["losses"] == record(undisturbed)["losses"]
    assert weights(out) == weights(undisturbed)
    logged = [json.loads(line) for line in (out / "losses.jsonl").open()]
    assert logged == record(undisturbed)["losses"]
    assert not (out / "checkpoints").exists()
    assert not (out / "processes").exists()


def test_a_training_of_one_process_goes_on_in_two(tiny_student, tmp_path, monkeypatch):
    from redink.training.callbacks import ProgressCallback

    def stop(self, args, state, control, **kwargs):
        if state.global_step == 5:
            raise KeyboardInterrupt

    alone, out = tmp_path / "alone", tmp_path / "out"
    settings = SETTINGS | {"checkpoint_steps": 2}
    finetune(sums(), student=tiny_student, out=alone, **settings)
    with monkeypatch.context() as patched:
        patched.setattr(ProgressCallback, "on_step_end", stop)
        with pytest.raises(KeyboardInterrupt):
            finetune(sums(), student=tiny_student, out=out, **settings)
    assert (out / "checkpoints" / "checkpoint-4").is_dir()
    finetune(sums(), student=tiny_student, out=out, processes=2, **settings)
    losses = [[entry["loss"] for entry in record(o)["losses"]] for o in (alone, out)]
    assert losses[1][:4] == losses[0][:4]
    assert losses[1] == pytest.approx(losses[0], abs=1e-4)


def test_what_a_process_raises_is_raised_here(tiny_student, tmp_path, capfd):
    with pytest.raises(ModelError, match=r"at step .*: training has diverged; use a smaller"):
        finetune(
            sums(), student=tiny_student, out=tmp_path, processes=2,
            **(SETTINGS | {"learning_rate": 1e25}),
        )  # fmt: skip
    assert "Traceback" not in capfd.readouterr().err
    assert not (tmp_path / "model").exists()
    assert gone(tmp_path)


def test_the_first_error_of_redink_goes_before_what_followed_from_it(tmp_path):
    write_failure(tmp_path, 1, RuntimeError("Connection closed by peer"))
    write_failure(tmp_path, 0, ModelError("the loss is nan"))
    with pytest.raises(ModelError, match=r"^the loss is nan$"):
        raise_failure(tmp_path)


def test_an_unforeseen_error_names_its_process_and_its_traceback(tmp_path):
    write_failure(tmp_path, 1, ZeroDivisionError("division by zero"))
    with pytest.raises(ModelError, match=r"process 1 .*ZeroDivisionError: division by zero"):
        raise_failure(tmp_path)
    assert "ZeroDivisionError" in (tmp_path / "failure-1.txt").read_text()


def test_what_the_processes_are_given_is_what_was_asked_for(tiny_student, tmp_path):
    messages = (Message("user", "a\u2028b \U0001f600"),), (Message("assistant", "ü"),)
    examples = (Example(*messages, weight=0.5, meta={"id": "x", "n": [1, None]}),)
    problem = Problem(problem_id("q", "a"), "q", "a")
    plan = ValidationPlan(every=3, problems=(problem,))
    settings = {"objective": ["imitate"], "epochs": 0.1, "lora_alpha": None}
    source = ModelSource("tiny", tiny_student)
    key = training_key(source, examples, settings)
    given = Work(source, examples, settings, tmp_path, "label", plan, key, 2, "none")
    write_work(tmp_path, given)
    found = read_work(tmp_path)
    assert found == given
    assert training_key(found.student, found.examples, found.settings) == key


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"processes": 3}, "batch_size = 4 does not divide among 3 processes; use a multiple of 3"),
        ({"processes": 0}, "processes = 0"),
        ({"processes": 2, "sharding": "fsdp2"}, "on CPUs every process keeps the whole model"),
        ({"processes": 2, "sharding": "fsdp"}, "sharding = fsdp is unknown"),
        ({"processes": 1, "sharding": "fsdp2"}, "there is one"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_starts(tiny_student, tmp_path, asked, message):
    with pytest.raises(UsageError, match=message):
        finetune(sums(), student=tiny_student, out=tmp_path, **SETTINGS, **asked)
    assert not list(tmp_path.iterdir())


def test_more_gpus_than_there_are_are_refused_with_both_numbers(
    tiny_student, tmp_path, monkeypatch
):
    with pytest.raises(UsageError, match=r"8 GPUs are asked for and this machine shows 0"):
        check_gpus(8)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    settings = SETTINGS | {"batch_size": 8, "warmup_ratio": 0.1, "weight_decay": 0.0}
    settings |= {"checkpoint_seconds": 60.0, "checkpoint_steps": None}
    with pytest.raises(UsageError, match=r"8 processes need a GPU each.*shows 2"):
        train_in_processes(
            resolve_model(tiny_student), [], settings, tmp_path, "label", processes=8
        )


def test_redink_started_by_torchrun_says_that_it_starts_the_processes(
    tiny_student, tmp_path, monkeypatch
):
    monkeypatch.setenv("WORLD_SIZE", "2")
    for processes in (1, 2):
        with pytest.raises(UsageError, match=r"it starts (the processes|them) itself"):
            finetune(sums(), student=tiny_student, out=tmp_path, processes=processes, **SETTINGS)


def test_a_checkpoint_of_another_layout_is_refused(tiny_student, tmp_path):
    source, settings = resolve_model(tiny_student), SETTINGS | {
        "objective": ["imitate"], "warmup_ratio": 0.1, "weight_decay": 0.0, "shuffle": True,
        "checkpoint_seconds": 60.0, "checkpoint_steps": None,
    }  # fmt: skip
    examples = [Example((Message("user", "1 + 1 ="),), (Message("assistant", "2"),))] * 4
    folder = tmp_path / "checkpoints" / "checkpoint-3"
    folder.mkdir(parents=True)
    facts = {"key": training_key(source, examples, settings), "step": 3, "layout": "fsdp2"}
    (folder / "complete.json").write_text(json.dumps(facts))
    with pytest.raises(UsageError, match="sharding = fsdp2 and cannot be gone on from with none"):
        train(source, examples, settings, tmp_path, "label")
    assert folder.is_dir()
