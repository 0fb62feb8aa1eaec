"""What every step drew and what became of it, on disk as it happens.

`rollouts.jsonl` has a line for each rollout, `steps.jsonl` one for each step, written after the
step's rollouts. A training that goes on from a checkpoint first takes both back to its step: the
steps after it are drawn again, and come out the same.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from redink.errors import DataError
from redink.files import write_atomically
from redink.records import Json, Outcome, Problem, Response, response_id
from redink.reinforcement.sampling import Drawn
from redink.rewards import Marked
from redink.tables import Table, response_table

ROLLOUTS, STEPS = "rollouts.jsonl", "steps.jsonl"
ORIGIN = "reinforce"


@dataclass(frozen=True)
class LoggedRollout:
    """One line of `rollouts.jsonl`."""

    id: str
    """That of the response in the table."""
    step: int
    """Optimizer step, from 1."""
    problem_id: str
    sample: int
    text: str
    n_tokens: int
    """New tokens, the end of turn included."""
    finish: str
    outcome: Outcome
    answer: str | None
    reward: float | None
    """All parts by their weights, and an added penalty; None where it cannot be scored."""
    parts: dict[str, float | None] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    advantage: float | None = None
    """None where it was not trained on."""
    kl: float | None = None
    """Mean over its tokens of log policy − log reference; None without a reference."""
    entropy: float | None = None
    """Mean over its tokens, in nats, at the sampling temperature."""
    logprob: float | None = None
    """Mean over its tokens, by the copy that drew it."""


def logged(
    drawn: Drawn,
    marked: Marked,
    step: int,
    model: str,
    *,
    advantage: float | None = None,
    kl: float | None = None,
    entropy: float | None = None,
) -> LoggedRollout:
    """A rollout's line; see `LoggedRollout` for the figures, `model` names the student."""
    rollout = drawn.rollout()
    index = f"{step}-{drawn.sample}"
    return LoggedRollout(
        id=response_id(drawn.problem.id, drawn.text, ORIGIN, f"{model}@{index}"),
        step=step,
        problem_id=drawn.problem.id,
        sample=drawn.sample,
        text=drawn.text,
        n_tokens=rollout.n_tokens,
        finish=drawn.finish,
        outcome=marked.outcome,
        answer=marked.answer,
        reward=marked.total,
        parts=dict(marked.parts),
        faults=marked.faults,
        advantage=advantage,
        kl=kl,
        entropy=entropy,
        logprob=rollout.logprob,
    )


class RolloutLog:
    """Appends each step's rollouts and figures; what stands there survives a killed process.

    Args:
        out: folder of the training.
    """

    def __init__(self, out: Path) -> None:
        self.rollouts, self.steps = out / ROLLOUTS, out / STEPS

    def rewind(self, step: int) -> list[Json]:
        """Takes both files back to the end of `step`; 0 empties them. Returns the steps kept."""
        kept = [line for line in _lines(self.steps) if line["step"] <= step]
        _put(self.steps, kept)
        _put(self.rollouts, [line for line in _lines(self.rollouts) if line["step"] <= step])
        return kept

    def append(self, rollouts: Sequence[LoggedRollout], figures: Json) -> None:
        """Adds one step.

        Args:
            rollouts: all that were drawn in it, those not trained on included.
            figures: its line in `steps.jsonl`: `figures_of` and what the algorithm adds.
        """
        _append(self.rollouts, [asdict(rollout) for rollout in rollouts])
        _append(self.steps, [figures])


def figures_of(step: int, rollouts: Sequence[LoggedRollout], seconds: float) -> Json:
    """A step's means over its rollouts, in `steps.jsonl`.

    `reward`, `parts` (each by name), `accuracy`, `tokens` (length), `entropy`, `kl`, `degenerate`
    (share with a fault, and `faults` by name), `truncated`, `unscorable`, `trained` (share trained
    on), `rollouts` (count), `problems` (count), `seconds`. A mean of nothing is None.
    """
    names = dict.fromkeys(name for rollout in rollouts for name in rollout.parts)
    kinds = sorted({fault for rollout in rollouts for fault in rollout.faults})
    return {
        "step": step,
        "reward": _mean([r.reward for r in rollouts]),
        "parts": {name: _mean([r.parts.get(name) for r in rollouts]) for name in names},
        "accuracy": _mean([float(r.outcome == "correct") for r in rollouts]),
        "tokens": _mean([float(r.n_tokens) for r in rollouts]),
        "entropy": _mean([r.entropy for r in rollouts]),
        "kl": _mean([r.kl for r in rollouts]),
        "degenerate": _mean([float(bool(r.faults)) for r in rollouts]),
        "faults": {kind: _mean([float(kind in r.faults) for r in rollouts]) for kind in kinds},
        "truncated": _mean([float(r.finish == "length") for r in rollouts]),
        "unscorable": _mean([float(r.reward is None) for r in rollouts]),
        "trained": _mean([float(r.advantage is not None) for r in rollouts]),
        "rollouts": len(rollouts),
        "problems": len({r.problem_id for r in rollouts}),
        "seconds": round(seconds, 3),
    }


def read_steps(out: Path) -> list[Json]:
    """The lines of a training's `steps.jsonl`, whole ones alone."""
    return list(_lines(out / STEPS))


def rollouts_table(
    out: Path, problems: Mapping[str, Problem], model: str = "student"
) -> Table[Response]:
    """All rollouts of a training as responses, origin `reinforce`, in the order of drawing.

    Args:
        out: folder of the training.
        problems: those that it drew from, by id.
        model: the student's name.

    Raises DataError where the log names another problem.
    """
    rows: dict[str, Response] = {}
    for line in _lines(out / ROLLOUTS):
        if line["problem_id"] not in problems:
            raise DataError(
                f"{out / ROLLOUTS}: problem {line['problem_id']} is not among the training's; it "
                "is another training's log, choose another folder"
            )
        rows[line["id"]] = _response(line, model)
    return response_table(list(rows.values()), problems)


def _response(line: Json, model: str) -> Response:
    told = ("step", "sample", "reward", "parts", "faults", "advantage", "kl", "entropy")
    return Response(
        id=line["id"],
        problem_id=line["problem_id"],
        text=line["text"],
        origin=ORIGIN,
        model=model,
        sampling={name: line[name] for name in told},
        answer=line["answer"],
        outcome=line["outcome"],
        n_tokens=line["n_tokens"],
        finish=line["finish"],
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _lines(path: Path) -> Iterator[Json]:
    """The whole lines of a file; a kill may have left half of the last."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return
    for line in text.split("\n")[:-1]:
        try:
            found: Any = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield found


def _put(path: Path, lines: Sequence[Json]) -> None:
    write_atomically(path, _text(lines).encode())


def _append(path: Path, lines: Sequence[Json]) -> None:
    with path.open("ab") as stream:
        stream.write(_text(lines).encode())
        stream.flush()
        os.fsync(stream.fileno())


def _text(lines: Sequence[Json]) -> str:
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
