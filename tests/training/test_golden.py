"""Golden losses: four values of the tiny model, the same however the training is computed."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from redink.models.loading import load_model, load_tokenizer
from redink.models.quiet import quiet
from redink.models.resolve import resolve_model
from redink.training.encoding import Encoded

GOLDEN = [5.765136, 5.781577, 5.764229, 5.764544]
GOLDEN_LORA = [5.765136, 5.781577, 5.765718, 5.766797]
GOLDEN_13_ROWS = [5.765136, 5.781577, 5.764229, 5.768866]
EXACT = 1e-4
HERE = Path(__file__)


def rows(count=16):
    return [
        Encoded(tuple((7 * n * k + k * k) % 300 + 3 for k in range(20 + 9 * n)), 8 + n, 18 + 9 * n)
        for n in range(count)
    ]


def losses(student, folder, **how):
    """The losses of four steps of four rows."""
    history = trained(student, folder, **how).state.log_history
    return [entry["loss"] for entry in history if "loss" in entry]


def trained(student, folder, *, count=16, lora=False, precision="fp32", **how):
    """The trainer after four steps of four rows."""
    from redink.training.lora import with_adapters
    from redink.training.trainer import build_trainer, ordered_dataset

    source = resolve_model(student)
    model = load_model(source, "float32", "cpu")
    if lora:
        model = with_adapters(model, 4, 8.0, seed=0)
    with quiet():
        trainer = build_trainer(
            model,
            load_tokenizer(source),
            ordered_dataset(rows(count), range(count)),
            [],
            folder=Path(folder),
            learning_rate=1e-3,
            batch_size=4,
            warmup_ratio=0.25,
            weight_decay=0.0,
            seed=0,
            precision=precision,
            **how,
        )
        trainer.train()
    return trainer


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("packing", [False, True])
@pytest.mark.parametrize("tokens", [64, 200, 1536])
def test_losses_depend_neither_on_micro_batches_nor_on_packing(
    tiny_student, tmp_path, tokens, packing, precision
):
    how = {"micro_batch_tokens": tokens, "packing": packing, "precision": precision}
    assert losses(tiny_student, tmp_path, **how) == pytest.approx(GOLDEN, abs=EXACT)


@pytest.mark.parametrize("packing", [False, True])
def test_losses_of_adapters_are_golden_too(tiny_student, tmp_path, packing):
    found = losses(tiny_student, tmp_path, lora=True, packing=packing)
    assert found == pytest.approx(GOLDEN_LORA, abs=EXACT)


def test_merged_adapters_give_the_losses_of_unmerged_ones(tiny_student, tmp_path):
    from redink.training.lora import merged
    from redink.training.measure import mean_loss

    model = trained(tiny_student, tmp_path, lora=True).model.eval()
    parts = [rows()[start : start + 4] for start in range(0, 16, 4)]
    unmerged = [mean_loss(model, part, 0) for part in parts]
    assert unmerged != pytest.approx(GOLDEN_LORA, abs=EXACT)
    found = [mean_loss(merged(model), part, 0) for part in parts]
    assert found == pytest.approx(unmerged, abs=EXACT)


def test_two_processes_give_the_losses_of_one(tiny_student, tmp_path):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc_per_node", "2", str(HERE), str(tiny_student), str(tmp_path)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "USE_LIBUV": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads((tmp_path / "two.json").read_text())
    assert found["processes"] == 2
    for name in ("padded", "packed"):
        assert found[name] == pytest.approx(GOLDEN, abs=EXACT), name
    for name in ("lora", "lora packed"):
        assert found[name] == pytest.approx(GOLDEN_LORA, abs=EXACT), name
    assert found["13 rows"] == pytest.approx(GOLDEN_13_ROWS, abs=EXACT)


def test_a_last_step_that_is_not_full_counts_its_own_rows_alone(tiny_student, tmp_path):
    found = losses(tiny_student, tmp_path, count=13)
    assert found == pytest.approx(GOLDEN_13_ROWS, abs=EXACT)


def flat_twin():
    path = HERE.parents[2] / "examples" / "flat_twin.py"
    spec = importlib.util.spec_from_file_location("flat_twin", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_flat_twin_gives_the_same_losses_and_weights(tiny_student, tmp_path, precision):
    import torch

    from redink.records import Problem, problem_id
    from redink.stages.finetune import finetune
    from redink.tables import problem_table
    from redink.training.rendering import examples_from

    questions = [(f"{11 + 7 * n} + {90 - 3 * n} =", str(101 + 4 * n)) for n in range(14)]
    solutions = [
        f"{question} {answer}\n" * (1 + n % 3) for n, (question, answer) in enumerate(questions)
    ]
    table = problem_table(
        [
            Problem(problem_id(*pair), *pair, solution)
            for pair, solution in zip(questions, solutions, strict=True)
        ]
    )
    settings = {
        "learning_rate": 1e-3,
        "epochs": 1.5,
        "batch_size": 4,
        "warmup_ratio": 0.3,
        "weight_decay": 0.1,
        "seed": 5,
        "precision": precision,
    }
    result = finetune(table, student=tiny_student, out=tmp_path, **settings)
    real = [x["loss"] for x in json.loads((result / "training.json").read_text())["losses"]]

    twin, source = flat_twin(), resolve_model(tiny_student)
    tokenizer, model = load_tokenizer(source), load_model(source, "float32", "cpu")
    encoded = [
        twin.encode(
            {
                "prompt": [{"role": m.role, "content": m.content} for m in example.prompt],
                "completion": [{"role": m.role, "content": m.content} for m in example.completion],
            },
            tokenizer,
        )
        for example in examples_from(table, "imitate")
    ]
    # bfloat16 rounds by the shapes that are multiplied, and six steps at 1e-3 add that up.
    exact = EXACT if precision == "fp32" else 2 * EXACT
    assert twin.train(model, encoded, **settings) == pytest.approx(real, abs=exact)
    trained = load_model(resolve_model(result), "float32", "cpu").state_dict()
    apart = max((trained[k] - v).abs().max().item() for k, v in model.state_dict().items())
    moved = load_model(source, "float32", "cpu").state_dict()
    changed = max((trained[k] - v).abs().max().item() for k, v in moved.items())
    assert changed > 1e-3
    assert apart < (1e-5 if precision == "fp32" else 1e-3)
    assert torch.isfinite(torch.tensor(real)).all()


if __name__ == "__main__":
    student, folder = sys.argv[1:]
    found = {
        "padded": losses(student, folder, micro_batch_tokens=64),
        "packed": losses(student, folder, packing=True),
        "lora": losses(student, folder, lora=True),
        "lora packed": losses(student, folder, lora=True, packing=True),
        "13 rows": losses(student, folder, count=13),
        "processes": int(os.environ["WORLD_SIZE"]),
    }
    if os.environ["RANK"] == "0":
        Path(folder, "two.json").write_text(json.dumps(found))
