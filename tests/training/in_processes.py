"""Run by torchrun: trainings of a divided model on CPUs, which redink itself refuses to do.

    torchrun --nproc-per-node 2 in_processes.py STUDENT FOLDER fsdp2|zero2|zero3 PART [PART...]

accelerate divides no model on CPUs: for FSDP2 it is told that these processes have GPUs. All that
comes after is what runs on GPUs: its FSDP2, the trainer, the checkpoints, the result. DeepSpeed
knows CPUs.

`losses` writes `FOLDER/losses.json`; `full` and `lora` train into folders of their names, and stop
in the third step as `full-interrupted` and `lora-interrupted`.
"""

import json
import os
import sys
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
os.environ["ACCELERATE_TORCH_DEVICE"] = os.environ["DS_ACCELERATOR"] = "cpu"

from redink.models.resolve import resolve_model
from redink.records import Example, Message, Problem, problem_id
from redink.training.group import is_first, join
from redink.training.result import training_key
from redink.training.training import train_together
from redink.training.validation_plan import ValidationPlan

SETTINGS = {
    "objective": ["imitate"], "learning_rate": 1e-2, "epochs": 1.0, "batch_size": 4,
    "max_tokens": 64, "warmup_ratio": 0.1, "weight_decay": 0.1, "shuffle": True, "seed": 3,
    "checkpoint_seconds": 600.0, "checkpoint_steps": 2, "precision": "fp32",
}  # fmt: skip
WAYS = {"full": {}, "lora": {"method": "lora", "lora_rank": 4}}
PROBLEMS = tuple(
    Problem(problem_id(f"{n} + 2 =", str(n + 2)), f"{n} + 2 =", str(n + 2)) for n in range(3)
)
INTERRUPTED_AT = 3


def examples():
    """Of very different lengths, so that processes have unequal numbers of micro-batches."""
    return [
        Example(
            (Message("user", f"{n} + 1 ="),),
            (Message("assistant", f"{n + 1} " * (1 + 12 * (n % 2))),),
        )
        for n in range(18)
    ]


def work(student, name):
    """What `train_together` is given for one way of training, after the student."""
    settings = SETTINGS | WAYS[name]
    plans = {
        "full": ValidationPlan("accuracy", 2, 4, PROBLEMS),
        "lora": ValidationPlan("loss", 2, 64, (), tuple(examples()[:5])),
    }
    plan = plans[name]
    settings |= plan.identity()
    return settings, plan, training_key(student, examples(), settings)


class Interrupted(Exception):
    """Stands for a kill."""


def trained(student, folder, sharding, part):
    """Trains, or stops in the third step, after the checkpoint of the second."""
    from transformers import TrainerCallback

    from redink.training import callbacks, trainer

    name, _, interrupted = part.partition("-")

    settings, plan, key = work(student, name)
    trainer.CPU_TOKENS = 64

    def stop(self, args, state, control, **kwargs):
        if state.global_step == INTERRUPTED_AT:
            raise Interrupted

    callbacks.ProgressCallback.on_step_end = stop if interrupted else TrainerCallback.on_step_end
    out = folder / name
    with suppress(Interrupted):
        train_together(student, examples(), settings, out, name, plan, key=key, sharding=sharding)


def losses_of_many_ways(student, folder, sharding):
    """The golden losses of the divided model, and what one process holds of it."""
    import test_golden
    import torch

    from redink.training.trainer import CompletionTrainer

    seen = {}
    true_step = CompletionTrainer.training_step

    def training_step(self, model, inputs, *args):
        mine = torch.tensor([len(inputs["micro_batches"])])
        counts = self.accelerator.gather(mine).tolist()
        seen.setdefault("micro_batches", []).append(counts)
        loss = true_step(self, model, inputs, *args)
        parts = [p.to_local() if hasattr(p, "to_local") else p for p in model.parameters()]
        seen["held"] = sum(part.numel() for part in parts)
        seen["in_all"] = sum(p.numel() for p in model.parameters())
        seen["kind"] = str(self.accelerator.distributed_type)
        return loss

    CompletionTrainer.training_step = training_step
    ways = {
        "padded": {"micro_batch_tokens": 64},
        "packed": {"packing": True, "micro_batch_tokens": 200},
        "13 rows": {"count": 13},
        "lora": {"lora": True},
        "bf16": {"precision": "bf16"},
    }
    if sharding == "zero3":
        # transformers divides whatever is loaded after the first: one training in a process.
        ways = {"padded": ways["padded"]}
    found = {
        name: test_golden.losses(student.folder, folder, sharding=sharding, **how)
        for name, how in ways.items()
    }
    if is_first():
        (folder / "losses.json").write_text(json.dumps(found | seen))


def main(student, folder, sharding, *parts):
    """Does the parts, one after the other."""
    if sharding == "fsdp2":
        from accelerate.state import PartialState
        from accelerate.utils import DistributedType

        PartialState._prepare_backend = lambda *a, **k: ("gloo", DistributedType.MULTI_GPU)
    join()
    for part in parts:
        if part == "losses":
            losses_of_many_ways(student, folder, sharding)
        else:
            trained(student, folder, sharding, part)


if __name__ == "__main__":
    main(resolve_model(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
    sys.stdout.flush()
    os._exit(0)
