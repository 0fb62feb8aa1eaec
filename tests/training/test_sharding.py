"""A model divided among processes learns what a whole one learns; on CPUs, see in_processes.py."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from redink.errors import MissingExtraError, UsageError
from redink.models.loading import load_model
from redink.models.resolve import resolve_model
from redink.training.sharding import check_sharding, layout, write_configuration
from tests.training import in_processes
from tests.training.test_golden import GOLDEN, GOLDEN_13_ROWS, GOLDEN_LORA

NO_DEEPSPEED = pytest.mark.skipif(
    find_spec("deepspeed") is None, reason="DeepSpeed is not installed: pip install deepspeed"
)
DIVIDED = [
    "fsdp2",
    pytest.param("zero2", marks=NO_DEEPSPEED),
    pytest.param("zero3", marks=NO_DEEPSPEED),
]


def run(student, folder, sharding, *parts):
    script = str(Path(in_processes.__file__))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc_per_node", "2", script, str(student), str(folder), sharding, *parts]
    done = subprocess.run(
        command, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
        timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return done


@pytest.mark.parametrize("sharding", DIVIDED)
def test_a_divided_model_gives_the_losses_of_a_whole_one(tiny_student, tmp_path, sharding):
    run(tiny_student, tmp_path, sharding, "losses")
    found = json.loads((tmp_path / "losses.json").read_text())
    assert any(one != other for one, other in found["micro_batches"])
    if sharding == "fsdp2":
        assert found["kind"].endswith("FSDP")
        assert found["held"] < 0.52 * found["in_all"]
    else:
        assert found["kind"].endswith("DEEPSPEED")
    expected = {
        "padded": GOLDEN,
        "packed": GOLDEN,
        "13 rows": GOLDEN_13_ROWS,
        "lora": GOLDEN_LORA,
        "bf16": GOLDEN,
    }
    for name in expected.keys() & found.keys():
        assert found[name] == pytest.approx(expected[name], abs=1e-4), name


@pytest.fixture(scope="module")
def whole(tmp_path_factory, tiny_student):
    """The same trainings in this process."""
    from redink.training.training import train

    folder = tmp_path_factory.mktemp("whole")
    source = resolve_model(tiny_student)
    for name in in_processes.WAYS:
        settings, plan, _ = in_processes.work(source, name)
        train(source, in_processes.examples(), settings, folder / name, name, plan)
    return folder


@pytest.mark.parametrize("sharding", DIVIDED)
def test_an_interrupted_divided_training_gives_the_whole_ones_result(
    whole, tiny_student, tmp_path, sharding
):
    groups = [["full"], ["lora"]] if sharding == "zero3" else [["full", "lora"]]
    for names in groups:
        run(tiny_student, tmp_path, sharding, *[f"{name}-interrupted" for name in names])
        for name in names:
            checkpoints = [path.name for path in (tmp_path / name / "checkpoints").iterdir()]
            assert checkpoints == ["checkpoint-2"]
        done = run(tiny_student, tmp_path, sharding, *names)
        for name in names:
            assert f"{name}: going on from step 2" in done.stderr
            check_same(whole, tmp_path, name)


def check_same(whole, tmp_path, name):
    """Losses, looks and weights of a training in both folders."""
    results = [folder / name / "model" for folder in (whole, tmp_path)]
    one, other = [json.loads((result / "training.json").read_text()) for result in results]
    losses = [[entry["loss"] for entry in facts["losses"]] for facts in (one, other)]
    assert losses[1] == pytest.approx(losses[0], abs=1e-5)
    assert one["key"] == other["key"]
    by = "accuracy" if name == "full" else "loss"
    looks = [[look[by] for look in facts["validation"]["looks"]] for facts in (one, other)]
    assert looks[1] == pytest.approx(looks[0], abs=1e-5)
    assert len(looks[0]) == 3
    weights = [load_model(resolve_model(result)).state_dict() for result in results]
    apart = max((weights[0][key] - weights[1][key]).abs().max().item() for key in weights[0])
    assert apart < 1e-6


@pytest.mark.parametrize("sharding", ["none", "fsdp2", "zero2", "zero3"])
def test_the_configuration_is_one_that_accelerate_reads(tmp_path, sharding):
    from accelerate.commands.config.config_args import load_config_from_file

    write_configuration(tmp_path, 8, sharding, "bf16")
    found = load_config_from_file(str(tmp_path / "accelerate.yaml"))
    assert found.num_processes == 8
    kinds = {"none": "MULTI_CPU", "fsdp2": "FSDP", "zero2": "DEEPSPEED", "zero3": "DEEPSPEED"}
    assert found.distributed_type.value == kinds[sharding]
    if sharding == "fsdp2":
        assert found.fsdp_config["fsdp_version"] == 2
    if sharding.startswith("zero"):
        config = json.loads(Path(found.deepspeed_config["deepspeed_config_file"]).read_text())
        assert config["zero_optimization"]["stage"] == int(sharding[-1])
        assert config["bf16"]["enabled"]


def test_ways_that_cannot_be_used_are_refused(monkeypatch):
    with pytest.raises(UsageError, match="fsdp2, zero2, zero3"):
        check_sharding("fsdp", 2, "cuda")
    with pytest.raises(UsageError, match="on CPUs every process keeps the whole model"):
        check_sharding("fsdp2", 2, "cpu")
    with pytest.raises(UsageError, match="there is one"):
        check_sharding("zero3", 1, "cuda")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="fsdp2, which needs nothing more"):
        check_sharding("zero2", 2, "cuda")
    check_sharding("none", 1, "cpu")
    check_sharding("fsdp2", 8, "cuda")


def test_checkpoints_cut_for_a_number_of_processes_say_so():
    assert layout("none", 2) == layout("none", 1) == "none"
    assert layout("fsdp2", 2) == layout("fsdp2", 8)
    assert layout("zero3", 2) != layout("zero3", 8)


def test_the_outlook_of_a_divided_model_is_one_processs_share(tiny_student, tmp_path):
    from redink.models.loading import load_tokenizer
    from redink.training.method import Method
    from redink.training.outlook import outlook
    from redink.training.preflight import preflight

    source = resolve_model(tiny_student)
    flight = preflight(in_processes.examples(), load_tokenizer(source), 64)
    given = (source, flight, range(18), in_processes.SETTINGS, Method(), tmp_path)
    whole = outlook(*given).memory
    part = outlook(*given, processes=4, sharding="fsdp2").memory
    kept = outlook(*given, processes=4, sharding="zero2").memory
    assert part.weights == whole.weights // 4
    assert (part.optimizer, part.gradients) == (whole.optimizer // 4, whole.gradients // 4)
    assert part.activations == whole.activations
    assert (kept.weights, kept.optimizer) == (whole.weights, whole.optimizer // 4)
