"""The responses of a table of scores of which scorers' step scores were kept.

`refine` keeps those of a few drafts in `strategies.json`, with their problem and their steps'
texts; every answer to that problem with these very steps has these very scores.
"""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from redink.errors import DataError
from redink.records import Response
from redink.steps import solution_steps
from redink.training.plain import plain_solution
from redink.view.mapped import Mask

FILE = "strategies.json"
"""What `refine` writes beside its table: the `FILE` of `redink.reports.strategies`, whose imports
are kept out of the viewer's first page."""
SCORERS = ("sorm", "orm")
"""Whose scores are shown, the one that says where an error is first."""
Scored = Mapping[tuple[str, tuple[str, ...]], Mapping[str, Any]]
"""Problem id and steps' texts → what is shown of them."""


def read_scored(folder: Path) -> Scored:
    """The step scores in a stage's folder; empty where it has none that can be read."""
    try:
        facts = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    examples = facts.get("examples") if isinstance(facts, dict) else None
    found = {}
    for example in examples if isinstance(examples, list) else ():
        try:
            steps = example["steps"]
            key = (str(example["problem"]), tuple(str(step["text"]) for step in steps))
            found[key] = _shown(example, steps)
        except (KeyError, TypeError, ValueError):
            continue
    return {key: value for key, value in found.items() if value["scorers"]}


def _shown(example: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    names = [name for name in SCORERS if steps and name in steps[0]]
    first = example.get("first_error")
    return {
        "scorers": names,
        "threshold": _number(example.get("threshold", 0.5)),
        "first_error": first if type(first) is int else None,
        "steps": [[_number(step[name]) for name in names] for step in steps],
    }


def _number(value: Any) -> float:
    """Raises ValueError for what is no finite number."""
    found = float(value)
    if not math.isfinite(found):
        raise ValueError(value)
    return found


def scores_json(scored: Scored, response: Response) -> dict[str, Any] | None:
    """Each step's scores, one for each scorer; None where there are none of this response."""
    if not scored:
        return None
    found = scored.get((response.problem_id, _steps_of(response.text)))
    return dict(found) if found else None


def holds_scored(folder: Path, response_ids: pa.ChunkedArray, scored: Scored) -> Mask:
    """Which rows point at a response with step scores.

    Raises DataError for a broken file of responses.
    """
    path = folder / "responses.parquet"
    problems = sorted({problem for problem, _ in scored})
    try:
        table = pq.read_table(
            path,
            columns=["id", "problem_id", "text"],
            filters=[("problem_id", "in", problems)],
        )
    except (OSError, pa.ArrowException) as error:
        raise DataError(
            f"{path}: cannot be read ({error}); make the stage again with --force"
        ) from None
    ids = [
        row["id"]
        for row in table.to_pylist()
        if (row["problem_id"], _steps_of(row["text"])) in scored
    ]
    found = pc.is_in(response_ids, value_set=pa.array(ids, pa.string()))
    return np.asarray(found.to_numpy(zero_copy_only=False), np.bool_)


def _steps_of(text: str) -> tuple[str, ...]:
    return tuple(step.text for step in solution_steps(plain_solution(text)))
