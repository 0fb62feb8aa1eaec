"""Settings of RLOO with T1's terms, GRPO and Dr. GRPO."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from redink.errors import UsageError
from redink.records import Json
from redink.reinforcement.advantages import Baseline
from redink.rewards import PENALTY_FORMS, PenaltyForm, check_reward

PolicyAlgorithm = Literal["rloo", "grpo", "dr-grpo"]
ReferenceName = Literal["fixed", "moving"]
BASELINES: dict[str, Baseline] = {
    "rloo": "leave-one-out",
    "grpo": "group",
    "dr-grpo": "group-mean",
}


@dataclass(frozen=True)
class PolicySettings:
    """What such a training does, by name."""

    algorithm: PolicyAlgorithm = "rloo"
    steps: int = 100
    """Batches of rollouts."""
    problems_per_step: int = 8
    """T1 has 32."""
    samples: int = 8
    """Rollouts of a problem in a step; T1 has 64, and trains on all of them."""
    temperature: float = 1.2
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    max_tokens: int = 256
    """New tokens of a rollout at most."""
    learning_rate: float = 1e-6
    """Constant after the warm-up; T1 has 1.5e-6."""
    warmup_ratio: float = 0.0
    weight_decay: float = 0.0
    beta: float = 2e-4
    """Weight of the divergence from the reference (T1's); rloo takes it off the reward, grpo and
    dr-grpo have it in the loss. 0 does without a reference."""
    entropy: float = 1e-3
    """Weight of the mean entropy per token in the objective; T1 does not say its own."""
    reference: ReferenceName = "moving"
    """`moving`: an exponential moving average of the policy, as T1's; `fixed`: the start."""
    reference_rate: float = 0.008
    """Share of the policy in the moving reference at each update; T1 does not say its own."""
    reference_every: int = 1
    """Optimizer steps between the moving reference's updates."""
    clip_low: float = 0.2
    clip_high: float = 0.26
    """Ratios count up to 1 + clip_high and from 1 − clip_low on; without effect where `updates` is
    1, for all ratios are 1 then."""
    updates: int = 1
    """Optimizer steps on each batch of rollouts."""
    penalty: float = -1.0
    penalty_form: PenaltyForm = "replace"
    select_samples: int | None = None
    """Of a problem's samples those that are trained on: the ones whose rewards vary most."""
    dynamic_sampling: int = 0
    """How often in a step problems all right or all wrong are replaced by the next ones."""
    batch_size: int = 64
    """Rollouts written at once."""
    seed: int = 0

    @property
    def baseline(self) -> Baseline:
        """The algorithm's."""
        return BASELINES[self.algorithm]

    @property
    def optimizer_steps(self) -> int:
        """Of the whole training."""
        return self.steps * self.updates

    def to_json(self) -> Json:
        """By name."""
        return asdict(self)


def policy_settings_of(settings: Mapping[str, Any]) -> PolicySettings:
    """These settings among a training's; where it says nothing or None, the defaults.

    Raises UsageError, naming the setting, for a value that no training can have or that does not
    go with another.
    """
    names = {field.name for field in fields(PolicySettings)}
    given = {name: value for name, value in settings.items() if name in names}
    found = PolicySettings(**{name: value for name, value in given.items() if value is not None})
    for holds, name, accepted in _requirements(found):
        if not holds:
            value = getattr(found, name)
            raise UsageError(f"reinforce: {name} = {value} makes no sense; use {accepted}")
    if found.penalty_form != "none" and found.penalty > 0:
        raise UsageError(
            f"reinforce: penalty = {found.penalty} rewards degenerate text; use 0 or less, as -1"
        )
    if found.reference == "moving" and found.beta == 0:
        raise UsageError(
            "reinforce: reference = moving with beta = 0 moves a model that nothing looks at; set "
            "beta above 0, or reference: fixed"
        )
    if "reward" in settings:
        check_reward(settings["reward"])
    return found


def _requirements(found: PolicySettings) -> list[tuple[bool, str, str]]:
    known, forms = get_args(PolicyAlgorithm), ", ".join(PENALTY_FORMS)
    selected = found.select_samples
    return [
        (found.algorithm in known, "algorithm", ", ".join([*known[:-1], "dr-grpo or ppo"])),
        (found.steps >= 1, "steps", "1 or more"),
        (found.problems_per_step >= 1, "problems_per_step", "1 or more"),
        (found.samples >= 2, "samples", "2 or more: each is compared with the problem's others"),
        (found.temperature > 0, "temperature", "above 0, such as 1.2"),
        (0 < found.top_p <= 1, "top_p", "above 0 and at most 1"),
        (found.top_k >= 0, "top_k", "0 (all tokens) or more"),
        (0 <= found.min_p < 1, "min_p", "0 or more and below 1, such as 0.05"),
        (found.max_tokens >= 1, "max_tokens", "1 or more"),
        (found.learning_rate > 0, "learning_rate", "above 0, such as 1e-6"),
        (0 <= found.warmup_ratio < 1, "warmup_ratio", "0 or more and below 1"),
        (found.weight_decay >= 0, "weight_decay", "0 or more"),
        (found.beta >= 0, "beta", "0 or more, such as 2e-4"),
        (found.entropy >= 0, "entropy", "0 or more, such as 1e-3"),
        (found.reference in get_args(ReferenceName), "reference", "fixed or moving"),
        (0 < found.reference_rate <= 1, "reference_rate", "above 0 and at most 1, such as 0.008"),
        (found.reference_every >= 1, "reference_every", "1 or more"),
        (0 < found.clip_low < 1, "clip_low", "above 0 and below 1, such as 0.2"),
        (found.clip_high > 0, "clip_high", "above 0, such as 0.26"),
        (found.updates >= 1, "updates", "1 or more"),
        (found.penalty_form in PENALTY_FORMS, "penalty_form", forms),
        (
            selected is None or 2 <= selected <= found.samples,
            "select_samples",
            f"2 to {found.samples} (samples), or leave it out",
        ),
        (found.dynamic_sampling >= 0, "dynamic_sampling", "0 or more"),
        (found.batch_size >= 1, "batch_size", "1 or more"),
    ]
