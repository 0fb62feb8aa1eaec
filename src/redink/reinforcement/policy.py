"""A `reinforce` stage's settings, each with its value: for what looks at it without training."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redink.errors import UsageError
from redink.records import Json
from redink.reinforcement.ppo_settings import PPO, ppo_of
from redink.reinforcement.sampler_settings import VLLM_CAP
from redink.reinforcement.settings import BASELINES, PolicySettings, policy_settings_of
from redink.rewards import AnswerForm, FaultRules, PenaltyForm, check_reward, fault_rules

LOOKS = 8
"""Of a training at its validation problems, and checkpoints, where no number is given."""


@dataclass(frozen=True)
class Policy:
    """What is trained and how, with the algorithm's own defaults filled in."""

    algorithm: str
    """`rloo`, `grpo`, `dr-grpo` or `ppo`."""
    settings: PolicySettings | PPO
    temperature: float
    top_p: float
    top_k: int
    min_p: float
    max_tokens: int
    prompt: str
    reward: Mapping[str, float]
    """Weights by part."""
    penalty: float
    penalty_form: PenaltyForm
    rules: FaultRules
    degenerate: Json
    """The rules' thresholds as they were given."""
    answer_form: AnswerForm
    method: str
    importance_cap: float
    """Of a drawn token's weight by what sampler and trainer think of it apart."""
    validate_every: int
    validate_tokens: int
    validate_samples: int
    checkpoint_steps: int
    keep_steps: tuple[int, ...]

    @property
    def rollouts(self) -> int:
        """Of a step."""
        return self.settings.problems_per_step * self.settings.samples

    @property
    def updates(self) -> int:
        """Optimizer steps on each step's rollouts."""
        own = self.settings
        return own.ppo_epochs if isinstance(own, PPO) else own.updates

    @property
    def groups(self) -> PolicySettings | None:
        """The settings that rloo, grpo and dr-grpo alone have."""
        return self.settings if isinstance(self.settings, PolicySettings) else None

    @property
    def is_truncated(self) -> bool:
        """Whether some tokens cannot be drawn."""
        return self.top_p < 1 or self.top_k > 0 or self.min_p > 0


def policy_of(settings: Mapping[str, Any]) -> Policy:
    """The settings of a `reinforce` stage; what they do not say, or say with None, is the
    algorithm's own default.

    Raises UsageError, naming the setting, for a value that no training can have.
    """
    given = {name: value for name, value in settings.items() if value is not None}
    algorithm = str(given.get("algorithm", "rloo"))
    ppo = algorithm == "ppo"
    if not ppo and algorithm not in BASELINES:
        raise UsageError(
            f"reinforce: algorithm = {algorithm} is unknown; use {', '.join(BASELINES)} or ppo"
        )
    if not ppo and given.get("beta") == 0 and "reference" not in given:
        given["reference"] = "fixed"
    own = ppo_of(given) if ppo else policy_settings_of(given)
    usual = {"correct": 1.0, "partial": 0.1} if ppo else {"correct": 1.0}
    degenerate = dict(given.get("degenerate", {}))
    max_tokens = int(given.get("max_tokens", 256))
    looks = max(1, own.steps // LOOKS)
    return Policy(
        algorithm=algorithm,
        settings=own,
        temperature=float(given.get("temperature", 1.0 if ppo else 1.2)),
        top_p=float(given.get("top_p", 1.0)),
        top_k=int(given.get("top_k", 0)),
        min_p=float(given.get("min_p", 0.0)),
        max_tokens=max_tokens,
        prompt=str(given.get("prompt", "plain")),
        reward=check_reward(given.get("reward", usual)),
        penalty=float(given.get("penalty", -1.0)),
        penalty_form=given.get("penalty_form", "none" if ppo else "replace"),
        rules=fault_rules(degenerate),
        degenerate=degenerate,
        answer_form=given.get("answer_form", "marked"),
        method=str(given.get("method", "full")),
        importance_cap=float(given.get("importance_cap", VLLM_CAP)),
        validate_every=int(given.get("validate_every", looks)),
        validate_tokens=int(given.get("validate_tokens", max_tokens)),
        validate_samples=int(given.get("validate_samples", 0)),
        checkpoint_steps=int(given.get("checkpoint_steps", looks)),
        keep_steps=tuple(given.get("keep_steps", ())),
    )
