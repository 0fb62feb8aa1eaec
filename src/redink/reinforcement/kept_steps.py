"""Models of steps on the way, kept for what is measured along a training."""

import json
import shutil
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from redink.files import sync_folder, write_atomically
from redink.training.lora import merged_copy
from redink.training.result import RECORD, STEPS, save_model


class StepKeeper(TrainerCallback):  # type: ignore[misc]
    """Writes the model of some steps as plain model folders, `out/steps/STEP`.

    Args:
        steps: whose models are kept.
        tokenizer: the model's.
        out: folder of the training.
        key: of the training; what another one left there is removed.
        updates: optimizer steps in each step.
    """

    def __init__(
        self, steps: Collection[int], tokenizer: Any, out: Path, key: str, updates: int = 1
    ) -> None:
        self.steps, self.updates, self.key = frozenset(steps), updates, key
        self.tokenizer, self.folder = tokenizer, out / STEPS
        self.whole: Callable[[Any], Any] = merged_copy
        """From what is trained to a plain model."""

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Removes what is not this training's."""
        if state.is_world_process_zero:
            for folder in self.folder.glob("*"):
                if _key_of(folder) != self.key:
                    shutil.rmtree(folder)

    def on_step_end(
        self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any
    ) -> None:
        """Keeps the model where it is wanted; one that is drawn again is the same."""
        step, rest = divmod(state.global_step, self.updates)
        if rest or step not in self.steps or not state.is_world_process_zero:
            return
        final, partial = self.folder / str(step), self.folder / ".partial"
        shutil.rmtree(partial, ignore_errors=True)
        save_model(self.whole(model), self.tokenizer, partial)
        text = json.dumps({"key": self.key, "step": step})
        write_atomically(partial / RECORD, text.encode())
        shutil.rmtree(final, ignore_errors=True)
        partial.rename(final)
        sync_folder(self.folder)


def _key_of(folder: Path) -> str | None:
    try:
        found = json.loads((folder / RECORD).read_text()).get("key")
    except (OSError, ValueError, AttributeError):
        return None
    return found if isinstance(found, str) else None
