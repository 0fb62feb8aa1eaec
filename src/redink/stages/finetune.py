"""finetune: examples → model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from redink.errors import UsageError
from redink.models.resolve import resolve_model
from redink.progress import left_to_others
from redink.tables import Table
from redink.training.method import MethodName, Precision, method_of
from redink.training.rendering import Objective, examples_from
from redink.training.settings import OverLength
from redink.training.tracking import Tracker, check_trackers, reporting
from redink.training.training import progress_file, train
from redink.training.validation_plan import (
    ValidateBy,
    ValidationPlan,
    accuracy_plan,
    loss_plan,
)


def finetune(
    data: Table[Any] | Sequence[Table[Any]],
    *,
    student: str | Path = "smollm2-135m",
    objective: Objective | Sequence[Objective] = "imitate",
    learning_rate: float = 5e-6,
    epochs: float = 1.0,
    batch_size: int = 16,
    max_tokens: int = 1024,
    warmup_ratio: float = 0.1,
    weight_decay: float = 0.0,
    shuffle: bool = True,
    seed: int = 0,
    checkpoint_seconds: float = 60.0,
    checkpoint_steps: int | None = None,
    validation: Table[Any] | None = None,
    validate_every: int | None = None,
    validate_tokens: int = 512,
    method: MethodName = "full",
    lora_rank: int = 16,
    lora_alpha: float | None = None,
    packing: bool = False,
    precision: Precision = "bf16",
    over_length: OverLength = "drop",
    validate_by: ValidateBy = "accuracy",
    processes: int = 1,
    sharding: str = "none",
    report_to: Tracker | Sequence[Tracker] | None = None,
    out: Path,
) -> Path:
    """Trains a student by TRL's SFTTrainer, with loss on the completions alone.

    Defaults are those of Critique Fine-Tuning (arXiv 2501.17703, section 3): one epoch at 5e-6,
    cosine schedule, warm-up over a tenth of the steps.

    Args:
        data: one table, or several that are shuffled together.
        student: `smollm2-135m`, a model folder or `hf:ORG/NAME`.
        objective: what is learned from the data, or one objective for each table. `imitate` (the
            solution) takes problems, responses or critiques; `critique`, `critique+solution` (the
            critique, then a correct solution), `verdict` (its conclusion alone) and `shuffled`
            (the critique of a response to another problem) take critiques.
        learning_rate: at its peak.
        epochs: passes over the data; fractions are allowed.
        batch_size: examples in an optimizer step.
        max_tokens: of an example; longer ones are dropped and counted (see over_length).
        warmup_ratio: share of the steps in which the rate rises.
        weight_decay: AdamW's.
        shuffle: whether each epoch gets a new order, drawn from the seed.
        seed: of the order.
        checkpoint_seconds: time between checkpoints.
        checkpoint_steps: steps between checkpoints instead.
        validation: what the returned checkpoint is chosen on (see validate_by); without it, the
            last step's is returned. Its problems must be in no reported benchmark.
        validate_every: steps between checkpoints that are looked at; an eighth of the training
            where not given. The last step always is.
        validate_tokens: new tokens per answer to a validation problem at most, by accuracy.
        method: `full` trains every weight; `lora` trains low-rank adapters on every linear layer
            (arXiv 2106.09685) and merges them into the result; `qlora` does so over weights in 4
            bits (arXiv 2305.14314), which are the result's too, de-quantised. Both want a higher
            learning rate, such as 2e-4.
        lora_rank: of the adapters.
        lora_alpha: adapters are scaled by alpha / rank; twice the rank where not given.
        packing: whether the rows of a micro-batch stand in one row without padding, with attention
            that never crosses from one to another. Losses are the same either way.
        precision: of matrix products, `bf16` or `fp32`; weights are float32 always.
        over_length: what becomes of longer examples: `drop`; `truncate` keeps the prompt whole and
            cuts the completion, which then ends without its end of turn; `raise` refuses them.
        validate_by: `accuracy`, greedy, on a table of problems; or `loss`, the mean over the
            loss-bearing tokens of a table of the data's kind, rendered by the first objective,
            which shares no problem with the data.
        processes: that train together, one to a GPU; the same losses come from any number.
        sharding: how they divide weights and optimizer among them; `none` keeps all in each.
        report_to: `tensorboard`, `trackio`, `wandb`, `mlflow` or several of them: trackers that are
            told each step's loss, gradient norm and learning rate. The result is the same without.
        out: folder of the partial work and the result.

    Returns `out/model`, a plain transformers folder with `training.json`. An interrupted call
    goes on where its last checkpoint stands; a finished one returns at once. Raises UsageError
    for settings or data that do not fit, DataError for rows that cannot be used, ModelError for a
    student that cannot be loaded or trained, MissingExtraError for a tracker that is not installed.
    """
    trackers = check_trackers(report_to)
    tables = [data] if isinstance(data, Table) else list(data)
    objectives = _objectives(objective, len(tables))
    examples = [
        example
        for table, goal in zip(tables, objectives, strict=True)
        for example in examples_from(table, goal)
    ]
    settings = {
        "objective": objectives,
        "learning_rate": learning_rate,
        "epochs": epochs,
        "batch_size": batch_size,
        "max_tokens": max_tokens,
        "warmup_ratio": warmup_ratio,
        "weight_decay": weight_decay,
        "shuffle": shuffle,
        "seed": seed,
        "checkpoint_seconds": checkpoint_seconds,
        "checkpoint_steps": checkpoint_steps,
    }
    how = {
        "method": method,
        "lora_rank": lora_rank,
        "lora_alpha": lora_alpha,
        "packing": packing,
        "precision": precision,
        "over_length": over_length,
    }
    method_of(how)
    settings |= {name: value for name, value in how.items() if value != _USUAL[name]}
    plan: ValidationPlan | None = None
    if validate_by not in get_args(ValidateBy):
        raise UsageError(f"finetune: validate_by = {validate_by} is unknown; use accuracy or loss")
    if validation is not None and validate_by == "accuracy":
        plan = accuracy_plan(validation, validate_every, validate_tokens)
    elif validation is not None:
        limits = (validate_every, max_tokens, over_length)
        plan = loss_plan(validation, objectives[0], tables, *limits)
    settings |= plan.identity() if plan else {}
    label = f"finetune {'+'.join(dict.fromkeys(objectives))}"
    source = resolve_model(student)
    if processes == 1 and sharding == "none":
        with reporting(trackers):
            return train(source, examples, settings, out, label, plan)
    _check_division(processes, sharding, method)
    from redink.training.launch import train_in_processes

    with reporting(trackers), left_to_others(progress_file(out)):
        return train_in_processes(
            source, examples, settings, out, label, plan, processes=processes, sharding=sharding
        )


def _check_division(processes: int, sharding: str, method: MethodName) -> None:
    if processes < 1:
        raise UsageError(f"finetune: processes = {processes} makes no sense; use 1 or more")
    if sharding != "none" and method == "qlora":
        raise UsageError(
            f"finetune: sharding = {sharding} cannot divide 4-bit weights; use method: lora, or "
            "leave sharding out"
        )


_USUAL = {
    "method": "full",
    "lora_rank": 16,
    "lora_alpha": None,
    "packing": False,
    "precision": "bf16",
    "over_length": "drop",
}
"""Settings that a training's identity names only where they differ from these: results made
before they existed stay valid."""


def _objectives(objective: Objective | Sequence[Objective], tables: int) -> list[Objective]:
    if not tables:
        raise UsageError("finetune: no data; give it at least one table")
    if isinstance(objective, str):
        return [objective] * tables
    if len(objective) != tables:
        raise UsageError(
            f"finetune: {len(objective)} objectives for {tables} tables; give one objective for "
            "all or one for each table"
        )
    return list(objective)
