"""How a reinforcement went, as blocks of the report: reward, accuracy, length, entropy, KL."""

import json
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redink.evaluation.wording import count
from redink.reports.blocks import Block, Cell, Column, Figure, Grid, Note
from redink.reports.curves import MOST_ARMS, Curve, loss_chart
from redink.reports.run_folder import RunFolder

FILE = "steps.jsonl"
"""What `reinforce` appends to, a line for each step."""
FIRST_CHART = 1000
"""Number of the first chart: charts of losses are numbered from 0 on the same page."""
SHARES = frozenset({"accuracy", "degenerate", "truncated", "unscorable", "trained"})
HOW = (
    "Means over the rollouts of each step; the table compares the first tenth of the steps and the "
    "last. Entropy in nats and KL to the reference (log policy − log reference) are means over "
    "tokens. Accuracy here is that of samples to training problems, no result."
)


@dataclass(frozen=True)
class Steps:
    """One reinforcement's steps, as far as they are logged."""

    lines: tuple[Mapping[str, Any], ...]
    finished: bool = True

    def curve(self, name: str) -> list[tuple[int, float]]:
        """(step, value) of a figure; `parts.NAME` and `faults.NAME` of the figures in these."""
        outer, _, inner = name.partition(".")
        found = []
        for line in self.lines:
            value = line.get(outer)
            value = value.get(inner) if inner and isinstance(value, Mapping) else value
            if isinstance(value, int | float) and math.isfinite(value):
                found.append((int(line["step"]), float(value)))
        return found

    def names(self, outer: str) -> list[str]:
        """The figures within `parts` or `faults`, in order of appearance."""
        groups = (line.get(outer) for line in self.lines)
        return list(dict.fromkeys(key for group in groups if isinstance(group, Mapping)
                                  for key in group))  # fmt: skip

    def others(self, known: Collection[str]) -> list[str]:
        """The figures beside those known, in order of appearance: what an algorithm adds."""
        keys = (key for line in self.lines for key, value in line.items()
                if isinstance(value, int | float))  # fmt: skip
        return [key for key in dict.fromkeys(keys) if key not in known]


def read_reinforcements(run: RunFolder) -> dict[str, Steps]:
    """The steps of every `reinforce` stage of a run that has logged some, done or not."""
    found: dict[str, Steps] = {}
    for stage in run.stages:
        if stage.verb != "reinforce" or stage.folder is None:
            continue
        lines = read_steps(stage.folder / FILE)
        if lines:
            found[stage.name] = Steps(tuple(lines), stage.done)
    return found


def read_steps(path: Path) -> list[Mapping[str, Any]]:
    """The whole lines of a log of steps; none where there is none. A half-written last line, or
    one without a step, is left out."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    found: list[Mapping[str, Any]] = []
    for line in text.splitlines():
        try:
            facts = json.loads(line)
        except ValueError:
            continue
        if isinstance(facts, dict) and isinstance(facts.get("step"), int):
            found.append(facts)
    return found


def reinforcement_blocks(stages: Mapping[str, Steps]) -> Iterator[Block]:
    """Charts of each figure with all reinforcements in it, then a table for each.

    Args:
        stages: stage → its steps; nothing comes of none.
    """
    number = FIRST_CHART
    shown = dict(list(stages.items())[:MOST_ARMS])
    for title, name in _CHARTS:
        curves = {stage: steps.curve(name) for stage, steps in shown.items()}
        curves = {stage: curve for stage, curve in curves.items() if curve}
        if any(value for curve in curves.values() for _, value in curve):
            yield _figure(title, curves, number, _words_of(name))
            number += 1
    for stage, steps in shown.items():
        parts = {name: steps.curve(f"parts.{name}") for name in steps.names("parts")}
        parts = {name: curve for name, curve in parts.items() if curve}
        if len(parts) > 1:
            yield _figure(f"Parts of the reward of {stage}", parts, number, _plain)
            number += 1
    for stage, steps in stages.items():
        yield tenths_grid(stage, steps)
    if stages:
        yield Note(HOW)
    if len(stages) > len(shown):
        left = ", ".join(list(stages)[MOST_ARMS:])
        yield Note(f"Not drawn, for want of colours: {left}.")
    going = [name for name, steps in stages.items() if not steps.finished]
    if going:
        yield Note(f"Not finished, drawn as far as logged: {', '.join(going)}.")


def tenths_grid(stage: str, steps: Steps) -> Grid:
    """Every figure's mean over the first and the last tenth of the steps, and how far it moved."""
    size = max(1, len(steps.lines) // 10)
    named = [(title, name) for title, name in _CHARTS]
    named += [(f"reward: {name}", f"parts.{name}") for name in steps.names("parts")]
    named += [(f"fault: {name}", f"faults.{name}") for name in steps.names("faults")]
    named += [("Unscorable", "unscorable"), ("Trained on", "trained")]
    named += [(name.replace("_", " "), name) for name in steps.others(_KNOWN)]
    named += [("Seconds", "seconds")]
    rows = []
    for title, name in named:
        curve = steps.curve(name)
        first = [value for step, value in curve if step <= int(steps.lines[size - 1]["step"])]
        last = [value for step, value in curve if step >= int(steps.lines[-size]["step"])]
        if not curve or not first or not last:
            continue
        words = _words_of(name)
        before, after = sum(first) / len(first), sum(last) / len(last)
        difference = round(after - before, 12)
        moved = words(difference)
        rows.append(
            (
                Cell(title),
                Cell(words(before)),
                Cell(words(after)),
                Cell(f"+{moved}" if difference > 0 else moved),
                Cell(words(min(value for _, value in curve))),
                Cell(words(max(value for _, value in curve))),
            )
        )
    columns = (
        Column("figure"),
        Column("first tenth", f"{size} of {len(steps.lines)} steps"),
        Column("last tenth"),
        Column("moved"),
        Column("lowest step"),
        Column("highest step"),
    )
    about = f"{count(len(steps.lines))} steps, {count(_rollouts(steps))} rollouts"
    return Grid(f"Reinforcement of {stage}", columns, tuple(rows), about)


def reinforcement_facts(stages: Mapping[str, Steps]) -> dict[str, Any]:
    """The steps as plain JSON values."""
    return {
        name: {"finished": steps.finished, "steps": [dict(line) for line in steps.lines]}
        for name, steps in stages.items()
    }


_CHARTS: Sequence[tuple[str, str]] = (
    ("Mean reward", "reward"),
    ("Accuracy of rollouts", "accuracy"),
    ("Tokens of a rollout", "tokens"),
    ("Entropy", "entropy"),
    ("KL to the reference", "kl"),
    ("Degenerate rollouts", "degenerate"),
    ("Rollouts cut off", "truncated"),
)
"""(title, figure in `steps.jsonl`)."""
_KNOWN = frozenset(name for _, name in _CHARTS) | {
    "step", "unscorable", "trained", "rollouts", "problems", "seconds",
}  # fmt: skip


def _rollouts(steps: Steps) -> int:
    return sum(int(value) for _, value in steps.curve("rollouts"))


def _figure(
    title: str, curves: Mapping[str, Curve], number: int, words: Callable[[float], str]
) -> Figure:
    caption = f"{title} over optimizer steps"
    drawing = loss_chart(curves, caption, number)
    rows = tuple(
        (
            Cell(name),
            Cell(f"{curve[-1][0]:,}"),
            Cell(words(curve[0][1])),
            Cell(words(min(value for _, value in curve))),
            Cell(words(max(value for _, value in curve))),
            Cell(words(curve[-1][1])),
        )
        for name, curve in curves.items()
    )
    columns = tuple(map(Column, ("", "last step", "first", "lowest", "highest", "last")))
    return Figure(
        caption,
        drawing.finish(),
        drawing.description,
        tuple((f"f{colour}", name) for colour, name in enumerate(curves)),
        Grid("The same as a table", columns, rows, folded=True),
    )


def _words_of(name: str) -> Callable[[float], str]:
    words = _words(name.partition(".")[0])
    return lambda value: words(value).replace("-", "−", 1) if value < 0 else words(value)


def _words(outer: str) -> Callable[[float], str]:
    if outer in SHARES or outer == "faults":
        return lambda value: f"{100 * value:.1f} %"
    return (lambda value: f"{value:.1f}") if outer in ("tokens", "seconds") else _plain


def _plain(value: float) -> str:
    if abs(value) < 0.001:
        return f"{value:.2g}"
    return f"{value:.4f}" if abs(value) < 0.1 else f"{value:.3f}"
