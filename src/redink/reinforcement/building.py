"""From settings to TRL's trainer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset
from transformers import PrinterCallback, TrainerCallback
from trl import GRPOConfig, RLOOConfig

from redink.reinforcement.collecting import Collector
from redink.reinforcement.grpo import GroupTrainer
from redink.reinforcement.moving_reference import Reference
from redink.reinforcement.objective import Goal, PolicyTrainer
from redink.reinforcement.rloo import T1Trainer
from redink.reinforcement.settings import PolicySettings
from redink.training.group import process_count
from redink.training.method import Precision
from redink.training.stepwise import step_arguments
from redink.training.tracking import NOWHERE, Tracking

LOSSES = {"grpo": "grpo", "dr-grpo": "dr_grpo"}
"""TRL's names for the losses by token."""


def build_policy_trainer(
    model: Any,
    tokenizer: Any,
    settings: PolicySettings,
    collector: Collector,
    reference: Reference | None,
    callbacks: Sequence[TrainerCallback],
    *,
    folder: Path,
    precision: Precision = "bf16",
    micro_batch_tokens: int | None = None,
    importance_cap: float | None = None,
    tracking: Tracking = NOWHERE,
) -> PolicyTrainer:
    """A trainer whose every step draws its own rollouts.

    float32 weights and AdamW state, a constant rate after linear warm-up, gradients clipped at
    norm 1. Checkpoints are left to the callbacks.

    Args:
        model: to be trained, whole.
        tokenizer: its own.
        settings: the algorithm's.
        collector: of each step's rollouts.
        reference: that the policy may not stray from; TRL is told of none and makes none.
        callbacks: told of every step.
        folder: of checkpoints.
        precision: of matrix products.
        micro_batch_tokens: padded tokens at most; as in fine-tuning where not given.
        importance_cap: largest weight of a drawn token, see `redink.reinforcement.importance`;
            None weighs none.
        tracking: what is told of each step, by transformers' own callbacks.
    """
    processes = process_count()
    arguments = step_arguments(
        folder=folder,
        on_gpu=model.device.type == "cuda",
        learning_rate=settings.learning_rate,
        batch_size=processes,
        warmup_ratio=settings.warmup_ratio,
        weight_decay=settings.weight_decay,
        seed=settings.seed,
        precision=precision,
        sharding="none",
        tracking=tracking,
    ) | {
        "lr_scheduler_type": "constant_with_warmup",
        "temperature": settings.temperature,
        "max_completion_length": settings.max_tokens,
        "epsilon": settings.clip_low,
        "epsilon_high": settings.clip_high,
        "disable_dropout": True,
        "beta": 0.0,
        # One row a step stands for the step; TRL wants to see groups of two at least.
        "num_generations": 2,
        "steps_per_generation": 2,
        "shuffle_dataset": False,
    }
    kind, config = _kind(settings, arguments)
    rows = Dataset.from_dict({"prompt": ["step"] * (settings.optimizer_steps * processes)})
    trainer: PolicyTrainer = kind(
        model=model,
        reward_funcs=_no_reward,
        args=config,
        train_dataset=rows,
        processing_class=tokenizer,
        callbacks=list(callbacks),
    )
    trainer.remove_callback(PrinterCallback)
    trainer.prepare(collector, reference, _goal(settings, micro_batch_tokens, importance_cap))
    return trainer


def _kind(settings: PolicySettings, arguments: dict[str, Any]) -> tuple[Any, Any]:
    if settings.algorithm == "rloo":
        return T1Trainer, RLOOConfig(**arguments)
    loss = LOSSES[settings.algorithm]
    return GroupTrainer, GRPOConfig(**arguments, loss_type=loss)


def _goal(
    settings: PolicySettings, micro_batch_tokens: int | None, importance_cap: float | None
) -> Goal:
    return Goal(
        baseline=settings.baseline,
        beta=settings.beta,
        kl_in_reward=settings.algorithm == "rloo",
        entropy=settings.entropy,
        temperature=settings.temperature,
        penalty=settings.penalty,
        penalty_form=settings.penalty_form,
        updates=settings.updates,
        micro_batch_tokens=micro_batch_tokens,
        importance_cap=importance_cap,
    )


def _no_reward(*args: Any, **kwargs: Any) -> list[float]:
    """TRL wants a reward function; rollouts come with theirs."""
    raise NotImplementedError
