"""How several processes divide a model among them: what TRL's configuration is told.

`none` keeps weights, gradients and optimizer whole in each process (DDP). `fsdp2` and `zero3` keep
a part of all three in each and gather a layer's weights while it computes; `zero2` keeps the
weights whole. Master weights are float32 in every one.
"""

import json
from pathlib import Path
from typing import Any, Literal, get_args

from redink.errors import MissingExtraError, UsageError
from redink.files import write_atomically
from redink.records import Json
from redink.training.method import Precision

Sharding = Literal["none", "fsdp2", "zero2", "zero3"]
ACCELERATE, DEEPSPEED = "accelerate.yaml", "deepspeed.json"


def check_sharding(sharding: str, processes: int, device: str) -> None:
    """Raises UsageError where a model cannot be divided so, naming what can.

    Args:
        sharding: the setting.
        processes: that train together.
        device: `cuda` or `cpu`.
    """
    if sharding not in get_args(Sharding):
        known = ", ".join(get_args(Sharding))
        raise UsageError(f"finetune: sharding = {sharding} is unknown; use one of {known}")
    if sharding == "none":
        return
    if processes == 1:
        raise UsageError(
            f"finetune: sharding = {sharding} divides a model among processes, and there is one; "
            "set processes to the number of GPUs, or leave sharding out"
        )
    if device == "cpu":
        raise UsageError(
            f"finetune: sharding = {sharding} needs GPUs: on CPUs every process keeps the whole "
            "model (DDP); leave sharding out"
        )
    if sharding.startswith("zero"):
        require_deepspeed(sharding)


def require_deepspeed(sharding: str) -> None:
    """Raises MissingExtraError where DeepSpeed is not installed."""
    from importlib.util import find_spec

    if find_spec("deepspeed") is None:
        raise MissingExtraError(
            f"finetune: sharding = {sharding} needs DeepSpeed; pip install deepspeed, or use "
            "sharding: fsdp2, which needs nothing more"
        )


def layout(sharding: str, processes: int) -> str:
    """What a checkpoint's files are cut for: one of another layout cannot be gone on from.

    DDP's hold the whole model and FSDP2's are cut anew as they are read: any number of processes
    takes them. DeepSpeed's are one process's each.
    """
    return f"{sharding} of {processes}" if sharding.startswith("zero") else sharding


def sharding_arguments(sharding: str, precision: Precision) -> dict[str, Any]:
    """The part of `SFTConfig` that divides the model; none for DDP."""
    if sharding == "fsdp2":
        return {"fsdp": True, "fsdp_config": _fsdp_config()}
    if sharding.startswith("zero"):
        return {"deepspeed": _deepspeed_config(int(sharding[-1]), precision)}
    return {}


def reduce_in_float32(plugin_arguments: dict[str, Any]) -> None:
    """Lets FSDP2 compute in bfloat16 and add gradients up in float32.

    accelerate 1.15 would add them up in bfloat16, which keeps 8 bits of each.

    Args:
        plugin_arguments: those of the FSDP plugin, from an `SFTConfig` with `bf16`.
    """
    import torch
    from torch.distributed.fsdp import MixedPrecisionPolicy

    plugin_arguments["mixed_precision_policy"] = MixedPrecisionPolicy(
        param_dtype=torch.bfloat16, reduce_dtype=torch.float32
    )


def write_configuration(out: Path, processes: int, sharding: str, precision: Precision) -> None:
    """Writes what the processes are told as files that accelerate and DeepSpeed read.

    Args:
        out: folder of `accelerate.yaml` and, for ZeRO, `deepspeed.json`.
        processes: that train together.
        sharding: how they divide the model.
        precision: of matrix products.
    """
    import torch
    import yaml

    on_gpu = torch.cuda.is_available()
    kind = "MULTI_GPU" if on_gpu else "MULTI_CPU"
    facts: Json = {
        "compute_environment": "LOCAL_MACHINE",
        "num_machines": 1,
        "machine_rank": 0,
        "num_processes": processes,
        "mixed_precision": "bf16" if precision == "bf16" else "no",
        "use_cpu": not on_gpu,
        "main_training_function": "main",
    }
    if sharding == "fsdp2":
        kind = "FSDP"
        facts["fsdp_config"] = {f"fsdp_{name}": value for name, value in _fsdp_config().items()}
    elif sharding.startswith("zero"):
        kind = "DEEPSPEED"
        config = _deepspeed_config(int(sharding[-1]), precision)
        write_atomically(out / DEEPSPEED, json.dumps(config, indent=2).encode())
        facts["deepspeed_config"] = {"deepspeed_config_file": str(out.absolute() / DEEPSPEED)}
        del facts["mixed_precision"]
    facts["distributed_type"] = kind
    write_atomically(out / ACCELERATE, yaml.safe_dump(facts).encode())


def _fsdp_config() -> Json:
    """Each layer is a unit, as the model itself names them; checkpoints are one part a process."""
    return {
        "version": 2,
        "auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
        "reshard_after_forward": True,
        "state_dict_type": "SHARDED_STATE_DICT",
        "cpu_ram_efficient_loading": False,
    }


def _deepspeed_config(stage: int, precision: Precision) -> Json:
    return {
        "zero_optimization": {
            "stage": stage,
            "overlap_comm": True,
            "contiguous_gradients": True,
            "reduce_scatter": True,
        },
        "bf16": {"enabled": precision == "bf16"},
        "data_types": {"grad_accum_dtype": "fp32"},
        "communication_data_type": "fp32",
        "gradient_accumulation_steps": 1,
        "gradient_clipping": 1.0,
        "train_micro_batch_size_per_gpu": "auto",
        "train_batch_size": "auto",
        "zero_allow_untested_optimizer": True,
    }
