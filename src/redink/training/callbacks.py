"""What happens between optimizer steps: progress, the loss log, checkpoints."""

import json
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from redink.errors import ModelError
from redink.progress import Progress
from redink.records import Json
from redink.training.checkpoints import mark_complete
from redink.training.group import agreed, is_first, wait_for_all

SAVING_SHARE = 0.05
"""Time spent on checkpoints at most: slow disks get fewer of them."""


class ProgressCallback(TrainerCallback):  # type: ignore[misc]
    """Shows step, loss and tokens per second, and appends each step's loss to a file.

    Of several processes the first does; each checks the loss.

    Args:
        bar: counts optimizer steps.
        step_tokens: tokens of each step, without padding.
        log: `losses.jsonl`; at a resume it is written anew from the trainer's own history.
    """

    def __init__(self, bar: Progress, step_tokens: Sequence[int], log: Path) -> None:
        self.bar, self.step_tokens, self.log = bar, step_tokens, log
        self.first_step = 0
        self.started = 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Starts the clock at the step that training goes on from."""
        self.first_step, self.started = state.global_step, time.monotonic()
        self.bar.begin(state.global_step)
        self.bar.curve = [entry["loss"] for entry in losses(state)]
        if is_first():
            self.log.write_text("".join(json.dumps(entry) + "\n" for entry in losses(state)))

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """Notes one step's loss; raises ModelError where it is no number."""
        if not logs or "loss" not in logs:
            return
        _require_finite(state.global_step, logs["loss"], logs.get("grad_norm", 0.0))
        if not is_first():
            return
        with self.log.open("a") as stream:
            stream.write(json.dumps({"step": state.global_step, "loss": logs["loss"]}) + "\n")
        tokens = sum(self.step_tokens[self.first_step : state.global_step])
        speed = tokens / max(time.monotonic() - self.started, 1e-9)
        done = state.global_step - self.bar.done
        self.bar.curve.append(logs["loss"])
        self.bar.advance(done, loss=f"{logs['loss']:.3f}", **{"tokens/s": f"{speed:,.0f}"})


def _require_finite(step: int, loss: float, gradient: float) -> None:
    """Raises ModelError where a step's loss or gradient norm is no number."""
    if math.isfinite(loss) and math.isfinite(gradient):
        return
    what = f"gradient's norm is {gradient}" if math.isfinite(loss) else f"loss is {loss}"
    if step == 1:
        raise ModelError(
            f"the {what} at step 1, before any update: the student's weights or its precision "
            "are at fault; check that it answers, or use precision: fp32"
        )
    raise ModelError(
        f"the {what} at step {step}: training has diverged; use a smaller learning_rate"
    )


class CheckpointCallback(TrainerCallback):  # type: ignore[misc]
    """Asks for a checkpoint every so often and marks it once it is complete.

    Args:
        folder: where the trainer saves.
        key: of the training, see `newest_checkpoint`.
        every_seconds: time between checkpoints at least.
        every_steps: where set, checkpoints come by steps instead.
        seconds_before: seconds spent by the processes before this one.
        layout: what the checkpoint's files are cut for, see `redink.training.sharding`.
    """

    def __init__(
        self,
        folder: Path,
        key: str,
        every_seconds: float,
        every_steps: int | None,
        seconds_before: float,
        layout: str = "none",
    ) -> None:
        self.folder, self.key, self.layout = folder, key, layout
        self.every_seconds, self.every_steps = every_seconds, every_steps
        self.seconds_before = seconds_before
        self.started = self.last_saved = self.save_began = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds of training so far, those of killed processes up to their checkpoint included."""
        return self.seconds_before + time.monotonic() - self.started

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Starts the clock."""
        self.started = self.last_saved = time.monotonic()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Asks for a checkpoint when it is time; none after the last step."""
        if state.global_step >= state.max_steps:
            return
        if self.every_steps is not None:
            due = state.global_step % self.every_steps == 0
        else:
            # Clocks differ between processes, and a checkpoint is all of theirs.
            due = agreed(lambda: time.monotonic() - self.last_saved >= self.every_seconds)
        if due:
            self.save_began = time.monotonic()
            control.should_save = True

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Marks the checkpoint that the trainer has just written, once every process has."""
        wait_for_all()
        if is_first():
            checkpoint = self.folder / f"checkpoint-{state.global_step}"
            facts: Json = {"seconds": self.seconds, "layout": self.layout}
            mark_complete(checkpoint, self.key, state.global_step, **facts)
        wait_for_all()
        self.last_saved = time.monotonic()
        cost = self.last_saved - self.save_began
        self.every_seconds = max(self.every_seconds, cost / SAVING_SHARE)


def losses(state: Any) -> list[dict[str, float]]:
    """Each step's loss from a trainer's state, killed processes' steps included."""
    return [
        {"step": entry["step"], "loss": entry["loss"]}
        for entry in state.log_history
        if "loss" in entry
    ]
