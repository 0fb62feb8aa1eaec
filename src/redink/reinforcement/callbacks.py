"""What happens between the steps of a reinforcement: the log, the reference, checkpoints."""

import json
import math
import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from redink.errors import ModelError
from redink.files import write_atomically
from redink.progress import Progress
from redink.records import Json
from redink.reinforcement.moving_reference import Reference
from redink.reinforcement.order import ProblemOrder
from redink.reinforcement.rollouts import RolloutLog
from redink.training.callbacks import CheckpointCallback
from redink.training.group import is_first

STATE = "reinforce.json"


class StepCallback(TrainerCallback):  # type: ignore[misc]
    """Writes each step's rollouts and figures, and shows them.

    Args:
        bar: counts steps.
        log: of the training.
        updates: optimizer steps on each step's rollouts.
    """

    def __init__(self, bar: Progress, log: RolloutLog, updates: int) -> None:
        self.bar, self.log, self.updates = bar, log, updates
        self.trainer: Any = None
        """The `PolicyTrainer` whose steps these are."""
        self.ended = 0.0
        self.kept: list[Json] = []
        """The lines of `steps.jsonl`; in the first process alone."""

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Takes the log back to the step that training goes on from."""
        step = state.global_step // self.updates
        self.bar.begin(step)
        if is_first():
            self.kept = self.log.rewind(step)
            self.bar.curve = [line["reward"] for line in self.kept if line["reward"] is not None]

    def on_optimizer_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Stops the step's clock: validation and checkpoints come after it."""
        self.ended = time.monotonic()

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """Notes one step; raises ModelError where its loss is no number."""
        if not logs or "loss" not in logs:
            return
        numbers = {name: logs.get(name, 0.0) for name in ("loss", "grad_norm", "learning_rate")}
        _require_finite(state.global_step, numbers)
        found, self.trainer.finished = self.trainer.finished, None
        if found is None:
            return
        lines, figures = found
        figures |= numbers | {"seconds": round(self.ended - self.trainer.began, 3)}
        self.bar.advance(1, **_shown(figures))
        if figures["reward"] is not None:
            self.bar.curve.append(figures["reward"])
        if is_first():
            self.log.append(lines, figures)
            self.kept.append(figures)


def _shown(figures: Json) -> dict[str, str]:
    """The figures of a step that its progress line tells."""
    written = {
        "reward": "{:.3f}",
        "accuracy": "{:.1%}",
        "tokens": "{:.0f}",
        "entropy": "{:.2f}",
        "kl": "{:.4f}",
        "degenerate": "{:.1%}",
    }
    return {
        name: form.format(figures[name])
        for name, form in written.items()
        if figures.get(name) is not None
    }


def _require_finite(step: int, numbers: dict[str, float]) -> None:
    for name in ("loss", "grad_norm"):
        if not math.isfinite(numbers[name]):
            raise ModelError(
                f"reinforce: the {name} is {numbers[name]} at optimizer step {step}: training has "
                "diverged; use a smaller learning_rate, entropy or temperature"
            )


class StateCallback(TrainerCallback):  # type: ignore[misc]
    """Moves the reference after each step, and keeps in checkpoints what transformers does not.

    To stand before the callback that marks checkpoints as complete.

    Args:
        order: of the problems.
        reference: of the policy, where there is one.
        folder: where the trainer saves `checkpoint-<step>` folders.
    """

    def __init__(self, order: ProblemOrder, reference: Reference | None, folder: Path) -> None:
        self.order, self.reference, self.folder = order, reference, folder

    def load(self, checkpoint: Path) -> None:
        """Takes over what `on_save` wrote; raises ModelError where it cannot be read."""
        try:
            self.order.place = int(json.loads((checkpoint / STATE).read_text())["place"])
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(
                f"{checkpoint / STATE} cannot be read ({error}); remove {checkpoint} to begin anew"
            ) from None
        if self.reference is not None:
            self.reference.load(checkpoint)

    def on_step_end(
        self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any
    ) -> None:
        """Moves the reference towards the policy."""
        if self.reference is not None:
            self.reference.update(model)

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Writes into the checkpoint that the trainer has just written."""
        if not is_first():
            return
        checkpoint = self.folder / f"checkpoint-{state.global_step}"
        if self.reference is not None:
            self.reference.save(checkpoint)
        text = json.dumps({"place": self.order.place})
        write_atomically(checkpoint / STATE, text.encode())


class WholeStepCheckpoints(CheckpointCallback):
    """Checkpoints between the batches of rollouts alone; see `CheckpointCallback`.

    Args:
        updates: optimizer steps on each batch.
    """

    updates = 1

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Asks for a checkpoint when it is time and the batch is done with."""
        if state.global_step % self.updates == 0:
            super().on_step_end(args, state, control, **kwargs)
