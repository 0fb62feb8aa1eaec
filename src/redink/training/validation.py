"""Choosing among a training's checkpoints on problems that are reported nowhere.

Critique Fine-Tuning validates every few steps and takes the best checkpoint (arXiv 2501.17703,
section 3); its released scripts did so on MATH-500, which it also reports.
"""

import json
import math
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback

from redink.errors import ModelError
from redink.files import sync_folder, write_atomically
from redink.records import Json
from redink.training.measure import measure_of
from redink.training.validation_plan import ValidationPlan
from redink.training.whole import put_weights

BEST, LOG, WEIGHTS = "best", "validation.jsonl", "model.safetensors"
LOOKS = 8
"""Checkpoints looked at where the recipe does not say how many steps lie between them."""


class ValidationCallback(TrainerCallback):  # type: ignore[misc]
    """Measures the model every so many steps and keeps the weights of the best, first of equals.

    Args:
        plan: what is measured, and when.
        tokenizer: the model's.
        steps: of the whole training.
        folder: where `validation.jsonl` and the best weights are kept.
        key: of the training; what another training left there is removed.
    """

    def __init__(
        self, plan: ValidationPlan, tokenizer: Any, steps: int, folder: Path, key: str
    ) -> None:
        self.plan, self.key = plan, key
        self.measure = measure_of(plan, tokenizer)
        self.every = plan.every or max(1, steps // LOOKS)
        self.steps, self.folder = steps, folder
        self.looks: list[Json] = []
        self.gather: Callable[[Any], dict[str, torch.Tensor]] = trained_weights
        """From the model to its trained weights by name; every process calls it, and where the
        model is divided among them the first alone need be given any."""
        self.whole: Callable[[Any], Any] = lambda model: model
        """From the model to one that can be asked; every process calls it."""

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
        figure = self.measure.of(self.whole(model) if self.plan.by == "accuracy" else model)
        model.train(was_training)
        if not math.isfinite(figure):
            raise ModelError(
                f"the validation {self.plan.by} is {figure} at step {step}: training has diverged; "
                "use a smaller learning_rate"
            )
        self.looks.append({"key": self.key, "step": step, self.plan.by: figure})
        if self.best["step"] == step:
            self._keep(model, step, writes=state.is_world_process_zero)
        if not state.is_world_process_zero:
            return
        text = "".join(json.dumps(look) + "\n" for look in self.looks)
        write_atomically(self.folder / LOG, text.encode())

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Removes weights that no resume can want: a checkpoint of this step is complete now."""
        if state.is_world_process_zero:
            self._prune()

    @property
    def best(self) -> Json:
        """The look that is kept: the first of the highest accuracy, or of the lowest loss."""
        sign = -1 if self.plan.by == "accuracy" else 1
        return min(self.looks, key=lambda look: (sign * look[self.plan.by], look["step"]))

    def restore(self, model: Any) -> None:
        """Puts the best checkpoint's weights into the whole `model`, and says which it is."""
        from safetensors.torch import load_file

        by, first, last = self.plan.by, self.looks[0], self.looks[-1]
        print(
            f"validation: step {self.best['step']} of {self.steps} is kept, its {by} "
            f"{self.best[by]:.4f} is the best of {len(self.looks)} (first {first[by]:.4f}, last "
            f"{last[by]:.4f})",
            file=sys.stderr,
            flush=True,
        )
        put_weights(model, load_file(self._weights(self.best["step"]) / WEIGHTS))

    def facts(self) -> Json:
        """What `training.json` tells of the choice."""
        by = self.plan.by
        return {
            **self.measure.facts,
            "chosen_step": self.best["step"],
            by: self.best[by],
            "looks": [{"step": look["step"], by: look[by]} for look in self.looks],
        }

    def clear(self) -> None:
        """Removes the kept weights."""
        shutil.rmtree(self.folder / BEST, ignore_errors=True)

    def _keep(self, model: Any, step: int, *, writes: bool) -> None:
        from safetensors.torch import save_file

        weights = self.gather(model)
        if not writes:
            return
        final, partial = self._weights(step), self.folder / BEST / "partial"
        for folder in (partial, final):
            shutil.rmtree(folder, ignore_errors=True)
        partial.mkdir(parents=True)
        save_file(weights, str(partial / WEIGHTS))
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


def trained_weights(model: Any) -> dict[str, torch.Tensor]:
    """The weights of a whole model that are trained: all, or its adapters'; tied ones once."""
    return {
        name: parameter.detach().contiguous()
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }
