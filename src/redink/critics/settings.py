"""How critics are asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redink.engines.engine import Sampling
from redink.errors import UsageError
from redink.teachers.llm import TeacherSettings, address_of
from redink.teachers.presets import PRESETS, TeacherPrompt
from redink.training.rendering import PROMPTS

TRAINED = "trained"
"""The preset of the prompt that `finetune` with the objective `critique` trains on."""
STEPS = "steps"
AUTO = "auto"


@dataclass(frozen=True)
class CriticSettings:
    """Of critics that are asked for a text, but for `threshold` and `seed`."""

    preset: str = AUTO
    """`trained`, or one of the teachers' presets; `auto`: `steps` for a model behind an endpoint,
    `trained` for one of this machine."""
    prompt: Path | None = None
    """A Jinja file of one's own in place of a preset."""
    threshold: float = 0.5
    """A step that a scorer gives a lower probability of being right is called wrong."""
    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 1024
    seed: int = 0
    engine: str = "auto"
    dtype: str = "bfloat16"
    batch_size: int | None = None
    remote: Mapping[str, Any] | None = None
    """Options of endpoints: concurrency, rpm, tpm, timeout."""
    prices: Mapping[str, Sequence[float]] | Path | None = None
    max_cost: float | None = None
    max_tokens_total: int | None = None
    journal: Path | None = None

    def __post_init__(self) -> None:
        if not 0 < self.threshold < 1:
            raise UsageError(f"threshold {self.threshold}: give a probability between 0 and 1")
        if self.preset not in (AUTO, TRAINED, *PRESETS):
            known = ", ".join((AUTO, TRAINED, *PRESETS))
            raise UsageError(f"preset {self.preset!r} is unknown; use {known}")

    def teacher(self, name: str) -> TeacherSettings:
        """The settings for the model called `name`."""
        return TeacherSettings(
            self._prompt(name),
            Sampling(self.temperature, self.top_p, self.max_tokens, seed=self.seed),
            self.engine,
            self.dtype,
            self.batch_size,
            self.journal,
            self.remote,
            self.prices,
            self.max_cost,
            self.max_tokens_total,
        )

    def _prompt(self, name: str) -> TeacherPrompt:
        preset = self.preset
        if preset == AUTO:
            preset = TRAINED if address_of(name) is None else STEPS
        if self.prompt is None and preset == TRAINED:
            return trained_prompt()
        return TeacherPrompt.of(preset, self.prompt)


def trained_prompt() -> TeacherPrompt:
    """The prompt of Critique Fine-Tuning's students, as a teacher's prompt.

    Question and response stand in it as `redink.training.rendering.critique_messages` puts them,
    for responses without calculator annotations.
    """
    source = PROMPTS["critique"].format(
        question="{{ problem.question.strip() }}", response="{{ response.text }}"
    )
    return TeacherPrompt(TRAINED, source, "the prompt of critique fine-tuning")
