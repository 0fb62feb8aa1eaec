"""finetune: examples → model."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redink.engines.engine import Sampling
from redink.errors import UsageError
from redink.evaluation.answers import answer_problems
from redink.models.resolve import resolve_model
from redink.prompts import prompt_named
from redink.records import Problem
from redink.tables import Table
from redink.training.method import MethodName, Precision, method_of
from redink.training.rendering import Objective, examples_from
from redink.training.settings import OverLength
from redink.training.training import train

if TYPE_CHECKING:
    from redink.training.validation import Validation


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
    validation: Table[Problem] | None = None,
    validate_every: int | None = None,
    validate_tokens: int = 512,
    method: MethodName = "full",
    lora_rank: int = 16,
    lora_alpha: float | None = None,
    packing: bool = False,
    precision: Precision = "bf16",
    over_length: OverLength = "drop",
    out: Path,
) -> Path:
    """Trains a student by TRL's SFTTrainer, with loss on the completions alone.

    Defaults are those of Critique Fine-Tuning (arXiv 2501.17703, section 3): one epoch at 5e-6,
    cosine schedule, warm-up over a tenth of the steps.

    Args:
        data: one table, or several that are shuffled together.
        student: `smollm2-135m`, a model folder or `hf:ORG/NAME`.
        objective: what is learned from the data, or one objective for each table. `imitate` takes
            problems (their reference solutions) or responses, `critique` takes critiques.
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
        validation: problems on which the returned checkpoint is chosen, by greedy accuracy;
            without it, the last step's is returned. They must be in no reported benchmark.
        validate_every: steps between checkpoints that are looked at; an eighth of the training
            where not given. The last step always is.
        validate_tokens: new tokens per answer to a validation problem at most.
        method: `full` trains every weight; `lora` trains low-rank adapters on every linear layer
            (arXiv 2106.09685) and merges them into the result. It wants a higher learning rate,
            such as 2e-4.
        lora_rank: of the adapters.
        lora_alpha: adapters are scaled by alpha / rank; twice the rank where not given.
        packing: whether the rows of a micro-batch stand in one row without padding, with attention
            that never crosses from one to another. Losses are the same either way.
        precision: of matrix products, `bf16` or `fp32`; weights are float32 always.
        over_length: what becomes of longer examples: `drop`; `truncate` keeps the prompt whole and
            cuts the completion, which then ends without its end of turn; `raise` refuses them.
        out: folder of the partial work and the result.

    Returns `out/model`, a plain transformers folder with `training.json`. An interrupted call
    goes on where its last checkpoint stands; a finished one returns at once. Raises UsageError
    for settings or data that do not fit, DataError for rows that cannot be used, ModelError for a
    student that cannot be loaded or trained.
    """
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
    if validation is not None:
        settings["validation"] = sorted(problem.id for problem in validation)
        settings["validate"] = [validate_every, validate_tokens]
    label = f"finetune {'+'.join(dict.fromkeys(objectives))}"
    watched = _watched(validation, validate_every, validate_tokens) if validation else None
    return train(resolve_model(student), examples, settings, out, label, watched)


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


def _watched(problems: Table[Problem], every: int | None, max_tokens: int) -> "Validation":
    """Greedy accuracy on `problems`, put with the prompt of training."""
    from redink.engines.in_memory import InMemoryEngine
    from redink.training.lora import merged_copy
    from redink.training.validation import Validation

    if every is not None and every < 1:
        raise UsageError(f"finetune: validate_every = {every} makes no sense; use 1 or more")
    distinct = list({problem.id: problem for problem in problems}.values())

    def measure(model: Any, tokenizer: Any) -> float:
        answers = answer_problems(
            InMemoryEngine(merged_copy(model), tokenizer),
            distinct,
            Sampling(max_tokens=max_tokens),
            prompt_named("plain"),
            origin="validate",
            model="student",
            label="validation",
        )
        return sum(answer.grade.outcome == "correct" for answer in answers) / len(answers)

    return Validation(measure, len(distinct), every)


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
