"""Which engine draws rollouts, and what is done about its probabilities."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from redink.errors import UsageError

RolloutEngine = Literal["transformers", "vllm"]
VLLM_CAP = 3.0
"""The cap of the importance weights for vLLM, as TRL's."""


@dataclass(frozen=True)
class SamplerSettings:
    """What draws, by name."""

    engine: RolloutEngine = "transformers"
    importance_cap: float | None = None
    """Largest weight of a token, see `redink.reinforcement.importance`; None is 3 for vllm, and no
    weights at all for transformers, whose copy differs from the policy by rounding alone."""
    vllm_memory: float = 0.3
    """Share of the GPU's memory that vLLM takes beside the training."""

    @property
    def cap(self) -> float | None:
        """Of the weights; None where tokens are not weighed."""
        if self.importance_cap is None and self.engine == "vllm":
            return VLLM_CAP
        return self.importance_cap


def sampler_settings_of(settings: Mapping[str, Any]) -> SamplerSettings:
    """These settings among a training's; where it says nothing or None, the defaults.

    Raises UsageError for a value that cannot be, and where weighed tokens would be drawn from a
    truncated distribution.
    """
    names = {field.name for field in fields(SamplerSettings)}
    given = {k: v for k, v in settings.items() if k in names and v is not None}
    found = SamplerSettings(**given)
    if found.engine not in get_args(RolloutEngine):
        raise UsageError(f"reinforce: engine = {found.engine} is unknown; use transformers or vllm")
    if found.importance_cap is not None and found.importance_cap < 1:
        raise UsageError(
            f"reinforce: importance_cap = {found.importance_cap} makes no sense: tokens on which "
            "engine and policy agree have the weight 1; use 1 or more, such as 3"
        )
    if not 0 < found.vllm_memory < 1:
        raise UsageError(
            f"reinforce: vllm_memory = {found.vllm_memory} makes no sense; use a share above 0 and "
            "below 1, such as 0.3"
        )
    if "vllm_memory" in given and found.engine != "vllm":
        raise UsageError(
            "reinforce: vllm_memory is a setting of engine: vllm; leave it out, or choose that"
        )
    if found.cap is not None:
        _require_whole_distribution(found, settings)
    return found


def _require_whole_distribution(found: SamplerSettings, settings: Mapping[str, Any]) -> None:
    for name, whole in {"top_p": 1, "top_k": 0, "min_p": 0}.items():
        given = settings.get(name)
        if given is None or given == whole:
            continue
        if found.engine == "vllm":
            raise UsageError(
                f"reinforce: {name} = {given} does not go with engine: vllm, whose probabilities "
                "of truncated draws are among the tokens that were kept: every importance weight "
                f"would be too small by what was cut; leave {name} out (temperature may stay), or "
                "choose engine: transformers"
            )
        raise UsageError(
            f"reinforce: {name} = {given} does not go with importance_cap: tokens of truncated "
            f"draws are not the policy's own, and no weight makes them so; leave out one of the two"
        )
