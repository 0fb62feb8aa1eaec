"""A step's figures: checked, shown, and told to trackers."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redink.errors import ModelError
from redink.progress import Progress
from redink.records import Json
from redink.training.tracking import Tracking


@contextmanager
def told(accelerator: Any, tracking: Tracking, settings: Json) -> Iterator[None]:
    """Trackers know of the training while the block runs, by accelerate's own classes for them.

    Args:
        accelerator: made with the trackers' names.
        tracking: who is told, and under which names.
        settings: of the training; those that are no plain values are left out, which TensorBoard
            refuses.
    """
    plain, names = (int, float, str, bool), {"name": tracking.stage}
    with tracking.kept():
        accelerator.init_trackers(
            tracking.run,
            config={name: value for name, value in settings.items() if isinstance(value, plain)},
            init_kwargs={"wandb": names, "trackio": names},
        )
        try:
            yield
        finally:
            for tracker in accelerator.trackers:
                tracker.finish()


def require_finite(number: int, figures: Json) -> None:
    """Raises ModelError where a step's loss or gradient is no number."""
    for name in ("loss", "grad_norm"):
        if not math.isfinite(figures[name]):
            raise ModelError(
                f"reinforce: the {name} is {figures[name]} at step {number}: training has "
                "diverged; use a smaller learning_rate or a larger beta"
            )


def numbers(figures: Json) -> dict[str, float]:
    """A step's figures that are numbers, the parts of the reward among them."""
    flat = figures | {f"part/{name}": value for name, value in figures["parts"].items()}
    return {k: float(v) for k, v in flat.items() if isinstance(v, int | float) and k != "step"}


def show(bar: Progress, figures: Json) -> None:
    """One step's figures on the progress line."""
    forms = {"reward": "{:.3f}", "accuracy": "{:.1%}", "tokens": "{:.0f}", "kl": "{:.4f}"}
    given = {name: figures[name] for name in forms if figures[name] is not None}
    if "reward" in given:
        bar.curve.append(given["reward"])
    bar.advance(1, **{name: forms[name].format(value) for name, value in given.items()})
