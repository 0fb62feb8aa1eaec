"""Measuring a model in training on what is set apart: greedy accuracy, or the loss.

Several processes that train together share the work; each gets the whole result.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F

from redink.records import Json, Problem
from redink.training.batches import CPU_TOKENS, GPU_TOKENS, collate, micro_batches
from redink.training.encoding import Encoded
from redink.training.group import place, process_count
from redink.training.head import head_at, loss_positions
from redink.training.validation_plan import ValidationPlan


@dataclass(frozen=True)
class Measure:
    """A figure of a model, and on what it is taken."""

    of: Callable[[Any], float]
    """From the model, in evaluation mode, to the figure."""
    facts: Json = field(default_factory=dict)


def measure_of(plan: ValidationPlan, tokenizer: Any) -> Measure:
    """The measure that a plan asks for.

    Raises DataError where no example of the plan can be used.
    """
    if plan.by == "accuracy":
        problems = plan.problems
        return Measure(
            lambda model: accuracy(model, tokenizer, problems, plan.max_tokens),
            {"problems": len(problems)},
        )
    from redink.training.preflight import preflight

    flight = preflight(plan.examples, tokenizer, plan.max_tokens, plan.over_length)
    counts = flight.counts()
    kept = {name: counts[name] for name in ("rows_in", "rows_kept", "dropped", "loss_tokens")}
    return Measure(
        lambda model: mean_loss(model, flight.rows, tokenizer.pad_token_id),
        {"by": plan.by, **kept},
    )


def accuracy(model: Any, tokenizer: Any, problems: Sequence[Problem], max_tokens: int) -> float:
    """The share of `problems` that a model solves greedily, put with the prompt of training.

    Args:
        model: with adapters or without; left as it is.
        tokenizer: the model's.
        problems: distinct ones.
        max_tokens: new tokens of an answer at most.
    """
    from redink.engines.engine import Sampling
    from redink.engines.in_memory import InMemoryEngine
    from redink.evaluation.answers import answer_problems
    from redink.prompts import prompt_named
    from redink.training.lora import merged_copy

    mine = problems[place() :: process_count()]
    solved = 0.0
    if mine:
        answers = answer_problems(
            InMemoryEngine(merged_copy(model), tokenizer),
            mine,
            Sampling(max_tokens=max_tokens),
            prompt_named("plain"),
            origin="validate",
            model="student",
            label="validation",
        )
        solved = float(sum(answer.grade.outcome == "correct" for answer in answers))
    return _summed([solved], model.device)[0] / len(problems)


def mean_loss(model: Any, rows: Sequence[Encoded], pad_id: int, limit: int | None = None) -> float:
    """The mean loss over the rows' loss-bearing tokens, without dropout and gradients.

    Args:
        model: in evaluation mode; its forward computes in the training's precision.
        rows: encoded examples.
        pad_id: of the padding token.
        limit: padded tokens of a micro-batch at most; the training's where not given.
    """
    limit = limit or (GPU_TOKENS if model.device.type == "cuda" else CPU_TOKENS)
    cuts = micro_batches([len(row.ids) for row in rows], limit)
    total = tokens = 0.0
    # A sharded model computes together: each process takes equally many micro-batches.
    for first in range(0, len(cuts), process_count()):
        mine = first + place()
        chosen = [rows[index] for index in cuts[mine if mine < len(cuts) else first]]
        loss = _loss(model, chosen, pad_id)
        if mine < len(cuts):
            total += loss
            tokens += sum(row.loss_tokens for row in chosen)
    total, tokens = _summed([total, tokens], model.device)
    return total / tokens


@torch.no_grad()
def _loss(model: Any, rows: Sequence[Encoded], pad_id: int) -> float:
    from redink.training.stepwise import plain_model

    batch = {
        name: torch.tensor(values, device=model.device)
        for name, values in collate(rows, pad_id).items()
    }
    indices_N, targets_N = loss_positions(batch.pop("labels"))
    with head_at(plain_model(model).get_output_embeddings(), indices_N):
        logits_1_N_V = model(**batch, use_cache=False).logits
    return F.cross_entropy(logits_1_N_V[0].float(), targets_N, reduction="sum").item()


def _summed(values: list[float], device: torch.device) -> list[float]:
    """Each value added up over all processes."""
    if process_count() == 1:
        return values
    sums = torch.tensor(values, dtype=torch.float64, device=device)
    torch.distributed.all_reduce(sums)
    found: list[float] = sums.tolist()
    return found
