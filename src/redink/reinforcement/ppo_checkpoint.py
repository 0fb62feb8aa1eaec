"""What PPO needs to go on exactly: weights, optimizer, schedule, order of problems, random numbers.

Rollouts need none of it: each has random numbers of its own, a function of seed, step and prompt.
"""

import random
from pathlib import Path
from typing import Any

import torch

from redink.errors import StorageError
from redink.reinforcement.order import ProblemOrder
from redink.reinforcement.ppo_learner import PPOLearner
from redink.training.validation import trained_weights
from redink.training.whole import put_weights

_WEIGHTS, _STATE = "weights.safetensors", "state.pt"


def save_state(learner: PPOLearner, order: ProblemOrder, folder: Path) -> None:
    """Writes a checkpoint; it counts once its marker is there (`mark_complete`).

    Every trained weight, the value head's among them; what is frozen comes from the student again.
    """
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    save_file(trained_weights(learner.model), str(folder / _WEIGHTS))
    version, numbers, gauss = random.getstate()
    state = {
        "optimizer": learner.optimizer.state_dict(),
        "scheduler": learner.scheduler.state_dict(),
        "problems": order.place,
        "torch": torch.get_rng_state(),
        "python": [version, list(numbers), gauss],
    }
    torch.save(state, folder / _STATE)


def load_state(learner: PPOLearner, order: ProblemOrder, folder: Path) -> None:
    """Puts back what `save_state` wrote; raises StorageError where it cannot be read."""
    from safetensors.torch import load_file

    try:
        weights = load_file(str(folder / _WEIGHTS))
        state: dict[str, Any] = torch.load(folder / _STATE, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError) as error:
        raise StorageError(
            f"{folder}: the checkpoint cannot be read ({str(error).splitlines()[0]}); remove the "
            "folder, then run the same command again: it begins anew"
        ) from None
    put_weights(learner.model, weights)
    learner.optimizer.load_state_dict(state["optimizer"])
    learner.scheduler.load_state_dict(state["scheduler"])
    order.place = state["problems"]
    torch.set_rng_state(state["torch"])
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))
