"""Choosing among a training's checkpoints on problems that are reported nowhere.

Critique Fine-Tuning validates every few steps and takes the best checkpoint (arXiv 2501.17703,
section 3); its released scripts did so on MATH-500, which it also reports.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from redink.files import sync_folder, write_atomically
from redink.records import Json

BEST, LOG = "best", "validation.jsonl"
LOOKS = 8
"""Checkpoints looked at where the recipe does not say how many steps lie between them."""


@dataclass(frozen=True)
class Validation:
    """How checkpoints are compared."""

    measure: Callable[[Any, Any], float]
    """From the model and its tokenizer to the share of problems solved."""
    problems: int
    every: int | None = None
    """Steps between checkpoints that are looked at; the last step always is."""


class ValidationCallback(TrainerCallback):  # type: ignore[misc]
    """Measures the model every so many steps and keeps the weights of the best, first of equals.

    Args:
        validation: what is measured, and when.
        tokenizer: the model's.
        steps: of the whole training.
        folder: where `validation.jsonl` and the best weights are kept.
        key: of the training; what another training left there is removed.
    """

    def __init__(
        self, validation: Validation, tokenizer: Any, steps: int, folder: Path, key: str
    ) -> None:
        self.validation, self.tokenizer, self.key = validation, tokenizer, key
        self.every = validation.every or max(1, steps // LOOKS)
        self.folder = folder
        self.looks: list[Json] = []

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Takes over what an interrupted process measured up to the step it goes on from."""
        self.looks = [look for look in self._read() if look["step"] <= state.global_step]
        if self.looks and not self._weights(self.best["step"]).is_dir():
            self.looks = []

    def on_step_end(
        self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any
    ) -> None:
        """Measures after every so many steps and after the last."""
        step = state.global_step
        if step % self.every and step < state.max_steps:
            return
        was_training = model.training
        model.eval()
        accuracy = self.validation.measure(model, self.tokenizer)
        model.train(was_training)
        best = max((look["accuracy"] for look in self.looks), default=-1.0)
        if accuracy > best:
            self._keep(model, step)
        self.looks.append({"key": self.key, "step": step, "accuracy": accuracy})
        text = "".join(json.dumps(look) + "\n" for look in self.looks)
        write_atomically(self.folder / LOG, text.encode())

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Removes weights that no resume can want: a checkpoint of this step is complete now."""
        self._prune()

    @property
    def best(self) -> Json:
        """The look that is kept: the first of the highest accuracy."""
        return max(self.looks, key=lambda look: (look["accuracy"], -look["step"]))

    def restore(self, model: Any) -> None:
        """Puts the best checkpoint's weights into `model`."""
        from safetensors.torch import load_model

        load_model(model, self._weights(self.best["step"]) / "model.safetensors", strict=False)

    def facts(self) -> Json:
        """What `training.json` tells of the choice."""
        return {
            "problems": self.validation.problems,
            "chosen_step": self.best["step"],
            "accuracy": self.best["accuracy"],
            "looks": [{"step": x["step"], "accuracy": x["accuracy"]} for x in self.looks],
        }

    def clear(self) -> None:
        """Removes the kept weights."""
        shutil.rmtree(self.folder / BEST, ignore_errors=True)

    def _keep(self, model: Any, step: int) -> None:
        from safetensors.torch import save_model

        final, partial = self._weights(step), self.folder / BEST / "partial"
        for folder in (partial, final):
            shutil.rmtree(folder, ignore_errors=True)
        partial.mkdir(parents=True)
        save_model(model, str(partial / "model.safetensors"))
        partial.rename(final)
        sync_folder(final.parent)

    def _weights(self, step: int) -> Path:
        return self.folder / BEST / f"{self.key}-{step}"

    def _prune(self) -> None:
        kept = self._weights(self.best["step"]) if self.looks else None
        for folder in (self.folder / BEST).glob("*"):
            if folder != kept:
                shutil.rmtree(folder)

    def _read(self) -> list[Json]:
        try:
            lines = (self.folder / LOG).read_text().splitlines()
        except OSError:
            return []
        looks = [json.loads(line) for line in lines]
        return [look for look in looks if look.get("key") == self.key]
