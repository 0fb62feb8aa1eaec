"""How a training's checkpoints are compared, as plain data that another process can read."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from redink.errors import UsageError
from redink.problems.overlap import overlap
from redink.records import Example, Json, Problem, from_row, to_row
from redink.tables import KINDS, Table
from redink.training.rendering import Objective, examples_from
from redink.training.settings import OverLength

ValidateBy = Literal["accuracy", "loss"]


@dataclass(frozen=True)
class ValidationPlan:
    """What checkpoints are measured on, and when."""

    by: ValidateBy = "accuracy"
    """`accuracy`: the share of answers to `problems` that are right, the highest is best; `loss`:
    the mean over the loss-bearing tokens of `examples`, the lowest is best."""
    every: int | None = None
    """Steps between checkpoints that are looked at; the last step always is."""
    max_tokens: int = 512
    """New tokens of an answer at most; for `loss`, tokens of an example."""
    problems: tuple[Problem, ...] = ()
    examples: tuple[Example, ...] = ()
    over_length: OverLength = "drop"
    """What becomes of longer examples."""
    samples: int = 0
    """Answers to each problem, drawn as a reinforcement draws its rollouts; 0: one, greedily."""

    def to_json(self) -> Json:
        """The plan as JSON-ready values; `from_json` makes it again."""
        return asdict(self) | {
            "problems": [to_row(problem) for problem in self.problems],
            "examples": [to_row(example) for example in self.examples],
        }

    @classmethod
    def from_json(cls, found: Json) -> "ValidationPlan":
        """The plan that `to_json` wrote."""
        rows: dict[str, Any] = {
            "problems": tuple(from_row(Problem, row) for row in found["problems"]),
            "examples": tuple(from_row(Example, row) for row in found["examples"]),
        }
        return cls(**(found | rows))

    def identity(self) -> Json:
        """The part of a training's settings that tells how its checkpoint is chosen."""
        if self.by == "accuracy":
            drawn = [self.samples] if self.samples else []
            return {
                "validation": sorted(problem.id for problem in self.problems),
                "validate": [self.every, self.max_tokens, *drawn],
            }
        rows = sorted(json.dumps(to_row(example), sort_keys=True) for example in self.examples)
        digest = hashlib.blake2b(json.dumps(rows).encode(), digest_size=8).hexdigest()
        return {"validate_by": self.by, "validation": digest, "validate": [self.every]}


def accuracy_plan(table: Table[Any], every: int | None, max_tokens: int) -> ValidationPlan:
    """Checkpoints compared by greedy accuracy on a table's problems, each once.

    Raises UsageError for a table of anything else, or `every` below 1.
    """
    _require_steps(every)
    if table.kind is not Problem:
        raise UsageError(
            f"finetune: validation by accuracy needs problems, not {KINDS[table.kind]}; give it "
            "a table of problems, or set validate_by: loss"
        )
    distinct = {problem.id: problem for problem in table}
    return ValidationPlan(every=every, max_tokens=max_tokens, problems=tuple(distinct.values()))


def loss_plan(
    table: Table[Any],
    objective: Objective,
    trained_on: list[Table[Any]],
    every: int | None,
    max_tokens: int,
    over_length: OverLength,
) -> ValidationPlan:
    """Checkpoints compared by the loss on a table's rows, rendered as the data are.

    Args:
        table: of a kind that suits the objective.
        objective: of the training's first table.
        trained_on: the tables that are trained on.
        every: steps between looks.
        max_tokens: of an example at most.
        over_length: what becomes of longer ones.

    Raises UsageError where the table does not suit the objective or shares problems with the
    data, which loss would be lowest on the most overfitted checkpoint.
    """
    _require_steps(every)
    problems = {key: problem for data in trained_on for key, problem in data.problems.items()}
    shared = overlap(table.problems.values(), problems.values())
    if shared:
        raise UsageError(
            f"finetune: {len(shared)} of the {len(table.problems)} problems of the validation "
            f"table are in the data too (first: {min(shared)}); their loss would fall by "
            "memorising. Validate on other problems: another split, or exclude"
        )
    try:
        examples = tuple(examples_from(table, objective))
    except UsageError as error:
        raise UsageError(f"finetune: validation by loss: {error}") from None
    return ValidationPlan("loss", every, max_tokens, (), examples, over_length)


def _require_steps(every: int | None) -> None:
    if every is not None and every < 1:
        raise UsageError(f"finetune: validate_every = {every} makes no sense; use 1 or more")
