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
from redink.training.rendering import Objective, examples_from
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
        max_tokens: longer examples are dropped and counted, never cut.
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
    if validation is not None:
        settings["validation"] = sorted(problem.id for problem in validation)
        settings["validate"] = [validate_every, validate_tokens]
    label = f"finetune {'+'.join(dict.fromkeys(objectives))}"
    watched = _watched(validation, validate_every, validate_tokens) if validation else None
    return train(resolve_model(student), examples, settings, out, label, watched)


def _watched(problems: Table[Problem], every: int | None, max_tokens: int) -> "Validation":
    """Greedy accuracy on `problems`, put with the prompt of training."""
    from redink.engines.in_memory import InMemoryEngine
    from redink.training.validation import Validation

    if every is not None and every < 1:
        raise UsageError(f"finetune: validate_every = {every} makes no sense; use 1 or more")
    distinct = list({problem.id: problem for problem in problems}.values())

    def measure(model: Any, tokenizer: Any) -> float:
        answers = answer_problems(
            InMemoryEngine(model, tokenizer),
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
