"""Where OpenRLHF is not redink: settings that have no counterpart there, and what differs.

Said of OpenRLHF 0.11.2, whose code was read: `openrlhf/cli/train_ppo_ray.py`,
`trainer/ppo_utils/experience_maker.py`, `models/loss.py`, `utils/agent.py`.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from redink.errors import UsageError
from redink.prompts import prompt_named
from redink.reinforcement.policy import Policy


@dataclass(frozen=True)
class Gap:
    """A setting whose value alters the method and that cannot be had there."""

    name: str
    """As `--drop` takes it."""
    value: str
    becomes: str
    """What is done where it is dropped."""
    changes: str
    """What that does to the method."""


def gaps_of(policy: Policy) -> list[Gap]:
    """Settings of a training without a counterpart, in the order of a recipe."""
    return [*_sampling_gaps(policy), *_method_gaps(policy), *_reward_gaps(policy)]


def check_dropped(policy: Policy, drop: Collection[str]) -> list[Gap]:
    """The gaps of a training, each of which the user has dropped by name.

    Raises UsageError naming those that are not, and for a name that is no gap.
    """
    gaps = gaps_of(policy)
    names = [gap.name for gap in gaps]
    for name in drop:
        if name not in names:
            there = f"; to be dropped are {', '.join(names)}" if names else "; nothing is to be"
            raise UsageError(
                f"--drop {name}: this training has no such setting that OpenRLHF lacks{there}"
            )
    missing = [gap for gap in gaps if gap.name not in drop]
    if missing:
        lines = [f"  {gap.name}: {gap.value}. Dropped, {gap.becomes}" for gap in missing]
        options = " ".join(f"--drop {gap.name}" for gap in missing)
        raise UsageError(
            "OpenRLHF has no counterpart of\n"
            + "\n".join(lines)
            + "\nwhich would make it another method. Change these settings, or accept that: "
            + options
        )
    return gaps


def _sampling_gaps(policy: Policy) -> Iterator[Gap]:
    if policy.top_k:
        yield Gap(
            "top_k",
            f"draws are from the {policy.top_k} likeliest tokens",
            "they are from all tokens",
            "unlikely tokens are drawn too: more garbled text at the same temperature",
        )
    if policy.min_p:
        yield Gap(
            "min_p",
            f"no token below {policy.min_p:g} of the likeliest one's probability is drawn",
            "every token can be",
            "unlikely tokens are drawn too: more garbled text at the same temperature",
        )
    if prompt_named(policy.prompt).stop:
        yield Gap(
            "prompt",
            f"{policy.prompt} ends an answer at texts such as a next question",
            "the model writes on to its own end; marking cuts there, training does not",
            "what is written behind the answer is rewarded with it, and costs time",
        )


def _method_gaps(policy: Policy) -> Iterator[Gap]:
    if policy.method != "full":
        yield Gap(
            "method",
            f"{policy.method} trains adapters",
            "all weights are trained: vLLM would be sent adapters under names that it does not "
            "know",
            "a rate for adapters is too high for all weights; set learning_rate anew (ReFT: 3e-7)",
        )
    if policy.keep_steps:
        yield Gap(
            "keep_steps",
            f"the models of {len(policy.keep_steps)} steps on the way are kept",
            "none is; OpenRLHF's checkpoints are for going on",
            "scale has nothing to measure along the training",
        )
    groups = policy.groups
    if groups is None:
        return
    if groups.reference == "moving" and groups.beta:
        yield Gap(
            "reference",
            f"it is a moving average of the policy (rate {groups.reference_rate:g})",
            "it stays the model that training starts from",
            "the divergence grows along training and holds the policy nearer to its start; with "
            "T1's 2e-4 a nat of divergence per token over 1,000 tokens costs 0.2 of reward",
        )
    if groups.select_samples is not None:
        yield Gap(
            "select_samples",
            f"of {groups.samples} samples {groups.select_samples} are trained on",
            f"all {groups.samples} are, as in T1",
            "the updates take longer, and most of their samples have like rewards",
        )


def _reward_gaps(policy: Policy) -> Iterator[Gap]:
    if policy.penalty_form == "replace" and policy.groups is not None:
        yield Gap(
            "penalty_form",
            f"{policy.penalty:g} takes the place of a degenerate text's advantage",
            "it is added to its reward (penalty_form: add)",
            "the other samples of the problem gain from a degenerate one, and a right answer in a "
            "loop is worth what a wrong one is",
        )
    for part in ("scorer", "critique"):
        if part in policy.reward:
            yield Gap(
                f"reward.{part}",
                "a model decides this part of the reward",
                "it is left out",
                "what is rewarded is the rest: its model would take a GPU of vLLM's",
            )
    if policy.rules.perplexity is not None:
        yield Gap(
            "degenerate.perplexity",
            "texts of high perplexity are degenerate",
            "they are not: a reward function is not told log-probabilities",
            "garbled text that the rules do not find is not punished",
        )


@dataclass(frozen=True)
class Difference:
    """What is there, but not the same."""

    what: str
    here: str
    there: str


def differences_of(policy: Policy, *, validated: bool) -> list[Difference]:
    """What OpenRLHF does otherwise with this training's settings.

    Args:
        policy: what is trained.
        validated: whether there are problems of validation.
    """
    own = _ppo_differences(policy) if policy.groups is None else _group_differences(policy)
    looks = _validation_differences(policy) if validated else ()
    return [*own, *_common_differences(policy), *looks]


def _group_differences(policy: Policy) -> Iterator[Difference]:
    groups = policy.groups
    assert groups is not None
    if policy.algorithm == "rloo" and groups.beta:
        yield Difference(
            "divergence",
            "of a whole sample, taken off its reward before the baseline: centred over the "
            "problem's samples, as in T1",
            "of each token and those after it, taken off behind the baseline: not centred; each "
            "token's is held within 10 nats",
        )
    if policy.algorithm == "rloo":
        yield Difference(
            "scale of the loss",
            "a sample's tokens are summed, so that the entropy bonus weighs less the longer the "
            "samples are",
            f"mean over all tokens: entropy = {groups.entropy:g} weighs as many times more as a "
            "sample has tokens. Public runs that average so have 1e-3; 1e-2 collapsed one. For the "
            "balance of here divide it by the mean length",
        )
        yield Difference(
            "clipping" if policy.updates > 1 else "clipping (without effect at one update)",
            "the ratio of a whole sample",
            "the ratio of each token",
        )
    elif groups.beta:
        yield Difference(
            "divergence",
            "k3 with the ratio's gradient, averaged as the loss is",
            "the same gradient (`--algo.kl.unbiased_gradient`), averaged over all tokens",
        )
    if groups.dynamic_sampling:
        yield Difference(
            "settled problems",
            f"replaced up to {groups.dynamic_sampling} times in a step",
            "replaced until there are enough. The prompts are there as often as that may take; the "
            f"training may go beyond step {groups.steps}: take that step's checkpoint",
        )


def _ppo_differences(policy: Policy) -> Iterator[Difference]:
    yield Difference(
        "value model",
        "one linear layer on the policy's own backbone, as in ReFT",
        "a critic of its own, as large as the policy and begun from it (ReFT's ablation: 75.15 "
        "against 75.28 % shared). Its loss moves the critic alone, so that value_coefficient means "
        "nothing",
    )
    yield Difference(
        "critic's rate",
        "the policy's, or value_learning_rate",
        "the same number; OpenRLHF's own default is 9e-6. A new head at 3e-7 hardly moves in a "
        "hundred steps",
    )
    yield Difference(
        "value loss", "mean over a sequence's tokens, then over the batch", "mean over all tokens"
    )


def _common_differences(policy: Policy) -> Iterator[Difference]:
    yield Difference(
        "rollouts that cannot be marked",
        "left out of baseline and loss",
        "must have a number: the mean of the problem's other rewards so far, so that their "
        "advantage is about 0; logged as `unscorable`. Above a tenth of the latest groups "
        "reward.py refuses to go on, and training stops",
    )
    yield Difference(
        "order of problems", "every pass has each once", "the passes are shuffled together"
    )
    yield Difference(
        "checkpoints",
        "by time (checkpoint_seconds), or by steps",
        f"every {policy.checkpoint_steps} steps: a kill costs what was trained since",
    )
    yield Difference(
        "precision",
        "float32 weights and Adam, matrix products in bfloat16",
        "bfloat16 weights with a float32 copy that Adam moves",
    )
    yield Difference(
        "sampler",
        "a bfloat16 copy in the same process, drawn with random numbers of each row",
        "vLLM; a resumed training draws other rollouts. "
        + (
            "Truncated draws bias the correction by importance, so it is off"
            if policy.is_truncated
            else "Its log-probabilities differ more from the trainer's: each token is weighed by "
            f"their ratio, at most {policy.importance_cap:g} (importance_cap), as with engine: vllm"
        ),
    )


def _validation_differences(policy: Policy) -> Iterator[Difference]:
    yield Difference(
        "validation",
        "the start is among the steps compared",
        "only steps that were trained; the last folder `best_global_step…_hf` is the best",
    )
    if policy.validate_tokens != policy.max_tokens:
        yield Difference(
            "validate_tokens", f"{policy.validate_tokens}", f"max_tokens, {policy.max_tokens}"
        )
