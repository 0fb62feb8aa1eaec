"""Several processes reinforce as one does: same rollouts and steps, killed and gone on exactly."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from safetensors.torch import load_file

from redink.errors import ModelError, UsageError
from redink.models.source import ModelSource
from redink.records import Problem, problem_id
from redink.reinforcement.callbacks import StepCallback
from redink.reinforcement.identity import policy_key
from redink.reinforcement.launch import check_processes
from redink.reinforcement.work import Work, read_work, write_work
from redink.stages.reinforce import reinforce
from redink.tables import problem_table
from redink.training.validation_plan import ValidationPlan

SETTINGS = {
    "steps": 3, "problems_per_step": 3, "samples": 3, "max_tokens": 10, "learning_rate": 1e-3,
    "temperature": 1.0, "reward": {"correct": 1.0, "length": 1.0}, "checkpoint_steps": 2,
    "precision": "fp32", "seed": 3,
}  # fmt: skip
LONG = SETTINGS | {"steps": 16}
"""A training that lasts long enough to be killed in it."""
WAYS = {
    "rloo": {"beta": 0.05, "reference_rate": 0.2},
    "grpo": {"beta": 0.05, "updates": 2, "reference": "fixed"},
    "dr-grpo": {"beta": 0.0, "select_samples": 2, "dynamic_sampling": 1},
    "ppo": {"beta": 0.2},
}


def sums(count=7, start=3):
    rows = [
        (f"{'1 + ' * (n % 3)}{n} + 4 =", str(n + 4 + n % 3)) for n in range(start, start + count)
    ]
    return problem_table([Problem(problem_id(q, a), q, a) for q, a in rows])


def lines(out, name):
    return [json.loads(line) for line in (out / f"{name}.jsonl").open()]


def record(out):
    return json.loads((out / "model" / "training.json").read_text())


def figures(out):
    timed = ("seconds", "seconds_by_part")
    return [{k: v for k, v in row.items() if k not in timed} for row in lines(out, "steps")]


def weights(out):
    return (out / "model" / "model.safetensors").read_bytes()


def assert_alike(ours, theirs, names):
    for name in names:
        if theirs[name] is None:
            assert ours[name] is None, name
        else:
            assert ours[name] == pytest.approx(theirs[name], rel=1e-3, abs=1e-4), name


@pytest.mark.parametrize("algorithm", WAYS)
def test_two_processes_draw_and_step_as_one(tiny_student, tmp_path, algorithm, capfd):
    watched = {"validation": sums(3, start=50), "validate_every": 2, "validate_tokens": 4}
    how = SETTINGS | WAYS[algorithm] | (watched if algorithm == "rloo" else {})
    one, two = tmp_path / "one", tmp_path / "two"
    for out, processes in ((one, 1), (two, 2)):
        capfd.readouterr()
        found = reinforce(
            sums(), student=tiny_student, algorithm=algorithm, out=out, processes=processes, **how
        )
        assert found == out / "model"
    assert capfd.readouterr().err.count("steps, of at most 10 tokens") == 1
    told = ("id", "step", "problem_id", "sample", "text", "outcome", "reward", "faults")
    alone, together = ([[row[k] for k in told] for row in lines(o, "rollouts")] for o in (one, two))
    assert together == alone, "the same rollouts, in the order of one process"
    for ours, theirs in zip(lines(two, "rollouts"), lines(one, "rollouts"), strict=True):
        assert_alike(ours, theirs, ("advantage", "kl", "entropy", "logprob"))
    for ours, theirs in zip(figures(two), figures(one), strict=True):
        names = ("reward", "entropy", "kl", "loss", "grad_norm", "tokens", "degenerate")
        assert_alike(ours, theirs, names)
    a, b = (load_file(out / "model" / "model.safetensors") for out in (one, two))
    before = load_file(tiny_student / "model.safetensors")
    assert max((value - b[name]).abs().max().item() for name, value in a.items()) < 2e-4
    if algorithm != "rloo":
        assert max((a[name] - value).abs().max().item() for name, value in before.items()) > 1e-3
    if algorithm == "ppo":
        heads = [load_file(out / "value_head.safetensors") for out in (one, two)]
        assert all((heads[0][k] - heads[1][k]).abs().max() < 2e-4 for k in heads[0])
        assert heads[0]["weight"].abs().max() > 1e-3
    assert record(one)["key"] == record(two)["key"]
    assert (record(two)["processes"], record(two)["sharding"]) == (2, "none")
    assert record(one).get("validation") == record(two).get("validation")
    extra = {"accelerate.yaml"}
    assert {path.name for path in two.iterdir()} == {path.name for path in one.iterdir()} | extra


def test_a_finished_result_needs_no_process(tiny_student, tmp_path, monkeypatch):
    reinforce(sums(), student=tiny_student, out=tmp_path, **SETTINGS)
    monkeypatch.setattr("redink.training.processes.run_processes", None)
    again = reinforce(sums(), student=tiny_student, out=tmp_path, processes=2, **SETTINGS)
    assert again == tmp_path / "model"


STARTED = """
import sys
sys.path.insert(0, {root!r})
from tests.reinforcement.test_processes import *
from redink.errors import RedinkError
try:
    reinforce(sums(), student={student!r}, out=Path({out!r}), processes=2, **LONG)
except RedinkError as error:
    print(type(error).__name__, error)
    sys.exit(7)
"""


def start(student, out):
    root = str(Path(__file__).parents[2])
    code = STARTED.format(root=root, student=str(student), out=str(out))
    log = (out.parent / "log.txt").open("w")
    return subprocess.Popen([sys.executable, "-c", code], stdout=log, stderr=log)


def after_a_checkpoint(out, step):
    """Waits until a checkpoint of `step` or later is complete."""
    deadline = time.monotonic() + 150
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
        if str(out) in " ".join(words) and "redink.reinforcement.worker" in words:
            found.append(process)
    return found


def gone(processes, seconds=20.0):
    return not psutil.wait_procs(processes, timeout=seconds)[1]


def test_a_killed_group_leaves_no_process_and_goes_on_exactly(tiny_student, tmp_path):
    whole, out = tmp_path / "whole", tmp_path / "out"
    reinforce(sums(), student=tiny_student, out=whole, processes=2, **LONG)

    one_killed = start(tiny_student, out)
    after_a_checkpoint(out, 2)
    all_of_them = psutil.Process(one_killed.pid).children(recursive=True)
    workers(out)[-1].kill()
    assert one_killed.wait(60) == 7
    said = (tmp_path / "log.txt").read_text()
    assert said.count("ModelError a process of the training ended without a word") == 1
    assert "Traceback" not in said
    assert gone(all_of_them)

    parent_killed = start(tiny_student, out)
    after_a_checkpoint(out, 6)
    all_of_them = psutil.Process(parent_killed.pid).children(recursive=True)
    parent_killed.kill()
    assert parent_killed.wait(10) == -signal.SIGKILL
    assert gone(all_of_them)
    assert not (out / "model").exists()

    reinforce(sums(), student=tiny_student, out=out, processes=2, **LONG)
    assert figures(out) == figures(whole)
    assert (out / "rollouts.jsonl").read_bytes() == (whole / "rollouts.jsonl").read_bytes()
    assert weights(out) == weights(whole)
    assert not (out / "processes").exists()
    assert not (out / "checkpoints").exists()


class Stopped(Exception):
    """Stands for a kill."""


def test_a_training_of_one_process_goes_on_in_two(tiny_student, tmp_path, monkeypatch):
    def stop(self, args, state, *others, **kwargs):
        if state.global_step == 3:
            raise Stopped
        true_step(self, args, state, *others, **kwargs)

    whole, out = tmp_path / "whole", tmp_path / "out"
    reinforce(sums(), student=tiny_student, out=whole, **SETTINGS)
    true_step = StepCallback.on_log
    with monkeypatch.context() as patched:
        patched.setattr(StepCallback, "on_log", stop)
        with pytest.raises(Stopped):
            reinforce(sums(), student=tiny_student, out=out, **SETTINGS)
    assert (out / "checkpoints" / "checkpoint-2").is_dir()
    reinforce(sums(), student=tiny_student, out=out, processes=2, **SETTINGS)
    texts = [[row["text"] for row in lines(folder, "rollouts")] for folder in (whole, out)]
    assert texts[0] == texts[1]
    assert figures(out)[:2] == figures(whole)[:2]
    assert figures(out)[2]["grad_norm"] == pytest.approx(figures(whole)[2]["grad_norm"], rel=1e-3)


def test_what_a_process_raises_is_raised_here(tiny_student, tmp_path, capfd):
    with pytest.raises(ModelError, match=r"training has diverged"):
        reinforce(
            sums(), student=tiny_student, out=tmp_path, processes=2,
            **(SETTINGS | {"learning_rate": 1e30}),
        )  # fmt: skip
    assert "Traceback" not in capfd.readouterr().err
    assert not (tmp_path / "model").exists()
    assert not workers(tmp_path)


def test_what_the_processes_are_given_is_what_was_asked_for(tiny_student, tmp_path):
    problems = tuple(sums().problems.values())
    plan = ValidationPlan(every=3, problems=tuple(sums(2, start=50).problems.values()))
    settings = {
        "algorithm": "rloo", "reward": {"correct": 1.0}, "beta": 2e-4, "vllm_memory": 0.4,
        "degenerate": {"repeats": 3},
    }  # fmt: skip
    source = ModelSource("tiny", tiny_student)
    given = Work(
        source, problems, settings, tmp_path / "out", "label", plan, "scorer", tmp_path / "j", 2
    )
    write_work(tmp_path, given)
    found = read_work(tmp_path)
    assert found == given
    key = policy_key(source, problems, settings, plan)
    assert policy_key(found.student, found.problems, found.settings, found.validation) == key
    less = {name: value for name, value in settings.items() if name != "vllm_memory"}
    assert policy_key(source, problems, less, plan) == key, "memory changes no result"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"processes": 0}, "processes = 0"),
        ({"processes": 10}, "9 rollouts a step do not go round 10 processes"),
        ({"processes": 2, "sharding": "fsdp2"}, "sharding = fsdp2 is not supported.*reference"),
        ({"sharding": "zero3"}, "sharding = zero3 is not supported"),
        ({"processes": 2, "engine": "vllm"}, "engine: vllm draws for one process"),
        ({"processes": 2, "samples": 1}, "samples = 1"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_starts(tiny_student, tmp_path, asked, message):
    with pytest.raises(UsageError, match=message):
        reinforce(sums(), student=tiny_student, out=tmp_path, **(SETTINGS | asked))
    assert not list(tmp_path.iterdir())


def test_more_processes_than_gpus_are_refused_with_both_numbers(monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    with pytest.raises(UsageError, match=r"8 processes need a GPU each.*shows 2"):
        check_processes(8, sums().problems, {"algorithm": "rloo"})


def test_redink_started_by_torchrun_says_that_it_starts_the_processes(
    tiny_student, tmp_path, monkeypatch
):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(UsageError, match="it starts the processes itself"):
        reinforce(sums(), student=tiny_student, out=tmp_path, processes=2, **SETTINGS)
