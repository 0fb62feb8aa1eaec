"""The options of `openrlhf.cli.train_ppo_ray` (0.11.2) that stand for a training's settings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from redink.handover.placement import Placement
from redink.reinforcement.policy import Policy
from redink.reinforcement.ppo_settings import PPO
from redink.rewards import Reward

VERSION = "0.11.2"
"""Of OpenRLHF: others name options otherwise."""
ESTIMATORS = {"rloo": "rloo", "grpo": "group_norm", "dr-grpo": "dr_grpo", "ppo": "gae"}
BY_SEQUENCE = ("grpo", "ppo")
"""Algorithms whose loss is a mean over each sequence's tokens first."""


@dataclass(frozen=True)
class Flag:
    """One option."""

    name: str
    """With its two dashes."""
    values: tuple[str, ...] = ()
    """As the shell is to read them: `"$MODEL"` is one."""
    stands_for: str = ""
    """The setting of redink's, or the reason."""


@dataclass(frozen=True)
class Section:
    """Options that belong together."""

    title: str
    flags: tuple[Flag, ...]


@dataclass(frozen=True)
class Files:
    """What the options name, relative to the folder."""

    prompts: str
    validation: str | None
    reward: str
    checkpoints: str
    model: str
    logs: str


def sections_of(
    policy: Policy, placement: Placement, longest_prompt: int, files: Files
) -> list[Section]:
    """All options of a training.

    Args:
        policy: what is trained; what OpenRLHF has no counterpart of is passed over.
        placement: on which GPUs.
        longest_prompt: in tokens.
        files: the folder's.
    """
    longest = longest_prompt + policy.max_tokens
    micro = str(placement.micro_batch(policy, longest))
    return [
        Section("Model and data", tuple(_data(longest, files))),
        Section("Rollouts", tuple(_rollouts(policy, micro))),
        Section("Advantages and divergence", tuple(_advantages(policy))),
        Section("Updates", tuple(_updates(policy, micro))),
        *([Section("Critic", tuple(_critic(policy)))] if policy.groups is None else []),
        Section("Reward", tuple(_reward(policy, files))),
        *_validation(policy, files),
        Section("Checkpoints", tuple(_checkpoints(policy, files))),
        Section("GPUs", tuple(_gpus(policy, placement))),
    ]


def flag_names(sections: Sequence[Section]) -> list[str]:
    """The options, in order."""
    return [flag.name for section in sections for flag in section.flags]


def _data(longest: int, files: Files) -> Iterator[Flag]:
    yield Flag("--actor.model_name_or_path", ('"$MODEL"',), "student")
    yield Flag(
        "--data.prompt_dataset", (_here(files.prompts),), "problems, prompt: rendered by redink"
    )
    yield Flag("--data.input_key", ("prompt",), "as they stand: no chat template is applied again")
    yield Flag("--data.label_key", ("label",), "the problem's id and reference answer")
    yield Flag("--data.max_len", (str(longest),), "the longest prompt and max_tokens")


def _rollouts(policy: Policy, micro: str) -> Iterator[Flag]:
    own = policy.settings
    yield Flag("--rollout.batch_size", (str(own.problems_per_step),), "problems_per_step")
    yield Flag("--rollout.n_samples_per_prompt", (str(own.samples),), "samples")
    yield Flag("--rollout.temperature", (_number(policy.temperature),), "temperature")
    yield Flag("--rollout.top_p", (_number(policy.top_p),), "top_p")
    yield Flag("--rollout.max_new_tokens", (str(policy.max_tokens),), "max_tokens")
    yield Flag("--rollout.micro_batch_size", (micro,), "sequences on a GPU at once")
    groups = policy.groups
    if groups is not None and groups.dynamic_sampling:
        yield Flag("--algo.dynamic_filtering_enable", (), "dynamic_sampling, without its limit")
        yield Flag("--algo.dynamic_filtering_range", ("0", "1"), "neither all wrong nor all right")


def _advantages(policy: Policy) -> Iterator[Flag]:
    own = policy.settings
    yield Flag("--algo.advantage.estimator", (ESTIMATORS[policy.algorithm],), "algorithm")
    if isinstance(own, PPO):
        yield Flag("--algo.advantage.gamma", (_number(own.gamma),), "gamma")
        yield Flag("--algo.advantage.lambd", (_number(own.lam),), "lam")
    yield Flag("--algo.kl.init_coef", (_number(own.beta),), "beta")
    if own.beta and policy.algorithm in ("grpo", "dr-grpo"):
        yield Flag("--algo.kl.use_loss", (), f"{policy.algorithm} has the divergence in the loss")
        yield Flag("--algo.kl.estimator", ("k3",), "as TRL's")
        yield Flag("--algo.kl.unbiased_gradient", (), "the ratio's gradient too, as TRL's")
    else:
        yield Flag("--algo.kl.estimator", ("k1",), "log policy - log reference")
    if not policy.is_truncated:
        yield Flag("--algo.advantage.is_correction_level", ("token",), "vLLM against the trainer")
        yield Flag("--algo.advantage.is_correction_mode", ("clip",), "no token is left out")
        cap = _number(policy.importance_cap)
        yield Flag("--algo.advantage.is_correction_threshold", (cap,), "importance_cap")


def _updates(policy: Policy, micro: str) -> Iterator[Flag]:
    own = policy.settings
    how = "seq-mean-token-mean" if policy.algorithm in BY_SEQUENCE else "token-mean"
    name = "ppo_epochs" if isinstance(own, PPO) else "updates"
    yield Flag("--train.batch_size", (str(policy.rollouts),), "an update is on all of a step")
    yield Flag("--train.max_epochs", (str(policy.updates),), name)
    yield Flag("--train.num_episodes", ("1",), "steps: prompts.jsonl has as many as they need")
    yield Flag("--train.micro_batch_size", (micro,), "sequences on a GPU at once")
    yield Flag("--train.seed", (str(own.seed),), "seed")
    clips = (_number(own.clip_low), _number(own.clip_high))
    yield Flag("--actor.eps_clip_low_high", clips, "clip_low, clip_high")
    yield Flag("--actor.loss_agg_mode", (how,), policy.algorithm)
    yield from _optimizer("actor", own.learning_rate, policy)
    if policy.groups is not None:
        yield Flag("--actor.entropy_coef", (_number(policy.groups.entropy),), "entropy")


def _optimizer(model: str, rate: float, policy: Policy) -> Iterator[Flag]:
    own = policy.settings
    name = "learning_rate" if model == "actor" else "value_learning_rate, or learning_rate"
    yield Flag(f"--{model}.adam.lr", (_number(rate),), name)
    yield Flag(f"--{model}.adam.betas", ("0.9", "0.999"), "AdamW's own, as here")
    yield Flag(f"--{model}.adam.weight_decay", (_number(own.weight_decay),), "weight_decay")
    yield Flag(f"--{model}.lr_scheduler", ("constant_with_warmup",), "as here")
    yield Flag(f"--{model}.lr_warmup_ratio", (_number(own.warmup_ratio),), "warmup_ratio")
    yield Flag(f"--{model}.max_norm", ("1.0",), "gradients, as here")


def _critic(policy: Policy) -> Iterator[Flag]:
    own = policy.settings
    assert isinstance(own, PPO)
    rate = own.learning_rate if own.value_learning_rate is None else own.value_learning_rate
    yield Flag("--critic.model_name_or_path", ('"$MODEL"',), "a model of its own, not shared")
    yield Flag("--critic.value_clip", (_number(own.value_clip),), "value_clip")
    yield from _optimizer("critic", rate, policy)


def _reward(policy: Policy, files: Files) -> Iterator[Flag]:
    bound = sum(policy.reward.values()) + abs(policy.penalty)
    yield Flag("--reward.remote_url", (_here(files.reward),), "reward, penalty, degenerate")
    if policy.reward.get("length"):
        soft = Reward({"correct": 1.0}, max_tokens=policy.max_tokens).soft_tokens
        weight = _number(policy.reward["length"])
        yield Flag("--reward.overlong_buffer_len", (str(soft),), "reward.length: the same formula")
        yield Flag("--reward.overlong_penalty_factor", (weight,), "its weight")
    if bound > 10:
        yield Flag("--reward.clip_range", (_number(-bound), _number(bound)), "no reward is clipped")


def _validation(policy: Policy, files: Files) -> Iterator[Section]:
    if files.validation is None:
        return
    samples = policy.validate_samples
    says = "validate_samples" if samples else "greedy answers"
    flags = (
        Flag("--eval.dataset", (_here(files.validation),), "validation"),
        Flag("--eval.steps", (str(policy.validate_every),), "validate_every"),
        Flag("--eval.temperature", (_number(policy.temperature if samples else 0),), says),
        Flag("--eval.n_samples_per_prompt", (str(samples or 1),), "of each problem"),
        Flag("--ckpt.best_metric_key", ("eval_default_pass1",), "their accuracy"),
    )
    yield Section("Validation", flags)


def _checkpoints(policy: Policy, files: Files) -> Iterator[Flag]:
    yield Flag("--ckpt.output_dir", (_here(files.model),), "the model of the last step")
    yield Flag("--ckpt.path", (_here(files.checkpoints),), "and those on the way")
    yield Flag("--ckpt.save_steps", (str(policy.checkpoint_steps),), "checkpoint_steps")
    yield Flag("--ckpt.save_hf", (), "each as a model folder too")
    yield Flag("--ckpt.max_num", ("2",), "to go on from; model folders are all kept")
    yield Flag("--ckpt.load_enable", (), "the same command goes on where it stopped")
    yield Flag("--logger.tensorboard_dir", (_here(files.logs),), "curves")


def _gpus(policy: Policy, placement: Placement) -> Iterator[Flag]:
    models = ["actor", "ref", *(["critic"] if policy.groups is None else [])]
    for model in models:
        yield Flag(f"--{model}.num_nodes", (str(placement.nodes),), "machines")
        yield Flag(f"--{model}.num_gpus_per_node", (str(placement.gpus),), "gpus")
    yield Flag("--vllm.num_engines", (str(placement.engines),), "gpus / tensor_parallel")
    yield Flag("--vllm.tensor_parallel_size", (str(placement.tensor_parallel),), "tensor_parallel")
    yield Flag("--train.colocate_all", (), "all models on all GPUs, in turns")
    yield Flag("--vllm.enable_sleep", (), "while training")
    yield Flag("--ds.enable_sleep", (), "while sampling")
    yield Flag("--vllm.gpu_memory_utilization", ("0.6",), "share of a GPU for vLLM")
    yield Flag("--vllm.enable_prefix_caching", (), "samples of a problem share its prompt")
    yield Flag("--ds.zero_stage", ("3",), "weights and optimizer divided among the GPUs")
    yield Flag("--ds.packing_samples", (), "no padding")
    yield Flag("--actor.gradient_checkpointing_enable", (), "memory against time")
    if placement.offload:
        yield Flag("--ds.adam_offload", (), "offload")


def _here(name: str) -> str:
    return f'"$HERE/{name}"'


def _number(value: float) -> str:
    """As Python reads it again."""
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)
