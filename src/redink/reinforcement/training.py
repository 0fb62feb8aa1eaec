"""Reinforcing a student by RLOO with T1's terms, GRPO or Dr. GRPO: resumable and repeatable."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redink.errors import UsageError
from redink.models.quiet import quiet
from redink.models.source import ModelSource, fingerprint
from redink.models.template import template_note
from redink.progress import Progress, progress
from redink.records import Json, Problem
from redink.reinforcement.identity import policy_key
from redink.reinforcement.policy_task import PolicyTask
from redink.reinforcement.report import look_ahead
from redink.reinforcement.sampler_settings import sampler_settings_of
from redink.reinforcement.settings import policy_settings_of
from redink.rewards import Reward
from redink.training.checkpoints import Checkpoint, newest_checkpoint
from redink.training.exhaustion import told_when_memory_ends
from redink.training.group import agreed, is_first, process_count, wait_for_all
from redink.training.method import method_of
from redink.training.result import (
    CHECKPOINTS,
    RESULT,
    finished_result,
    save_result,
)
from redink.training.stored import stored
from redink.training.tracking import Tracking, tracking_of
from redink.training.training import progress_file

if TYPE_CHECKING:
    from redink.reinforcement.callbacks import StepCallback, WholeStepCheckpoints
    from redink.reinforcement.kept_steps import StepKeeper
    from redink.reinforcement.moving_reference import Reference
    from redink.reinforcement.validation import PolicyValidation
    from redink.training.validation_plan import ValidationPlan


def train_policy(
    student: ModelSource,
    problems: Sequence[Problem],
    reward: Reward,
    settings: Json,
    out: Path,
    label: str,
    validation: "ValidationPlan | None" = None,
) -> Path:
    """Trains `student` on rollouts of its own for `problems`.

    Of several processes (torchrun's) that have joined, each calls it: they share the rollouts.

    Args:
        student: the model to start from.
        problems: distinct ones that rollouts are drawn for.
        reward: marks rollouts.
        settings: by name: those of `PolicySettings` and `SamplerSettings`, `prompt`, `precision`
            (`redink.training.method`), `checkpoint_seconds`, `checkpoint_steps`, `micro_batch`
            (padded tokens at most); every other one is kept as part of the training's identity.
        out: folder of the partial work and of the result: `rollouts.jsonl`, `steps.jsonl`,
            `model`.
        label: names the training in what is printed.
        validation: chooses the step whose policy is returned, the start among them; without it,
            the last is.

    Returns `out/model`, a plain transformers folder with float32 weights. A finished model is
    returned at once; an interrupted training goes on from its last checkpoint and comes to the
    same. Raises UsageError for a bad setting or where `out` holds another training's result,
    DataError, ModelError and StorageError as the parts do.
    """
    policy_settings_of(settings)
    sampler_settings_of(settings)
    _require_whole(settings)
    if not problems:
        raise UsageError("reinforce: there are no problems to draw rollouts for; give it some")
    key = policy_key(student, problems, settings, validation)
    finished = finished_result(out / RESULT, key)
    if finished is not None:
        return finished
    task = PolicyTask(student, problems, reward, settings, out, label, validation, key)
    with stored(out):
        _run(task)
    return out / RESULT


def _require_whole(settings: Mapping[str, Any]) -> None:
    method = method_of(settings, "reinforce")
    if method.name != "full":
        raise UsageError(
            f"reinforce: method = {method.name} is for ppo; {settings.get('algorithm', 'rloo')} "
            "trains all weights: TRL would keep a second set of adapters for its reference"
        )


def _run(task: PolicyTask) -> None:
    from redink.reinforcement.moving_reference import open_reference
    from redink.training.whole import whole_model

    _announce(task)
    policy, model = task.algorithm, task.method.load(task.student)
    moving = policy.reference == "moving"
    reference = open_reference(
        model, policy.beta, moving=moving, rate=policy.reference_rate, every=policy.reference_every
    )
    checkpoint = agreed(lambda: newest_checkpoint(task.out / CHECKPOINTS, task.key))
    tracking = tracking_of(task.out)
    sampler = _sampler(task, model)
    with quiet(), closing(sampler), tracking.kept(), _progress(task) as bar:
        built = _build(task, model, sampler, reference, bar, checkpoint, tracking)
        trainer = built.trainer
        with told_when_memory_ends(
            lambda: trainer.state.global_step, task.drawing.max_tokens, divisible=False
        ):
            trainer.train(resume_from_checkpoint=str(checkpoint.folder) if checkpoint else None)
        trained = whole_model(trainer, lambda: model)
        if trained is not None:
            facts = _facts(task, built)
            if built.watcher is not None:
                built.watcher.restore(trained)
                facts["validation"] = built.watcher.facts()
            save_result(trained, task.tokenizer, facts, task.out)
            if built.watcher is not None:
                built.watcher.clear()
        wait_for_all()


def _announce(task: PolicyTask) -> None:
    """Says what will be drawn and what it takes before anything is loaded."""
    look_ahead(task)
    if task.drawing.truncates and task.algorithm.updates > 1:
        task.say(
            "rollouts are drawn from a truncated distribution (top_p, top_k or min_p), and ratios "
            "taken over the whole one: exact for the first of the updates on them, the later are "
            "biased towards what truncation keeps; updates = 1 has no such bias"
        )
    note = template_note(task.tokenizer)
    if note:
        task.say(note)


@dataclass(frozen=True)
class _Built:
    """A trainer and those that watch it."""

    trainer: Any
    steps: "StepCallback"
    saver: "WholeStepCheckpoints"
    watcher: "PolicyValidation | None"


def _sampler(task: PolicyTask, model: Any) -> Any:
    from redink.reinforcement.samplers import open_sampler

    return open_sampler(
        model,
        task.tokenizer,
        task.student,
        task.drawing,
        task.sampler,
        batch_size=task.algorithm.batch_size,
        exact=task.method.precision == "fp32",
    )


def _build(
    task: PolicyTask,
    model: Any,
    sampler: Any,
    reference: "Reference | None",
    bar: Progress,
    checkpoint: Checkpoint | None,
    tracking: Tracking,
) -> _Built:
    from redink.reinforcement.building import build_policy_trainer
    from redink.reinforcement.callbacks import StateCallback, StepCallback
    from redink.reinforcement.collecting import Collector
    from redink.reinforcement.order import ProblemOrder
    from redink.reinforcement.rollouts import RolloutLog

    policy, folder = task.algorithm, task.out / CHECKPOINTS
    order = ProblemOrder(task.problems, policy.seed)
    collector = Collector(
        sampler,
        task.reward,
        order,
        problems=policy.problems_per_step,
        samples=policy.samples,
        selected=policy.select_samples,
        redraws=policy.dynamic_sampling,
    )
    steps = StepCallback(bar, RolloutLog(task.out), policy.updates)
    state = StateCallback(order, reference, folder)
    saver = _saver(task, checkpoint)
    watcher = _watcher(task, sampler)
    trainer = build_policy_trainer(
        model,
        task.tokenizer,
        policy,
        collector,
        reference,
        [state, steps, *_keepers(task), saver, *([watcher] if watcher else [])],
        folder=folder,
        precision=task.method.precision,
        micro_batch_tokens=task.settings.get("micro_batch"),
        importance_cap=task.sampler.cap,
        tracking=tracking,
    )
    trainer.model_name = task.student.name
    steps.trainer = trainer
    if checkpoint is not None:
        task.say(f"going on from step {checkpoint.step // policy.updates}")
        state.load(checkpoint.folder)
    return _Built(trainer, steps, saver, watcher)


def _keepers(task: PolicyTask) -> "list[StepKeeper]":
    """What keeps the models of steps on the way, where any are wanted."""
    from redink.reinforcement.kept_steps import StepKeeper

    kept = task.settings.get("keep_steps") or ()
    updates = task.algorithm.updates
    return [StepKeeper(kept, task.tokenizer, task.out, task.key, updates)] if kept else []


def _saver(task: PolicyTask, checkpoint: Checkpoint | None) -> "WholeStepCheckpoints":
    from redink.reinforcement.callbacks import WholeStepCheckpoints

    every, updates = task.settings.get("checkpoint_steps"), task.algorithm.updates
    saver = WholeStepCheckpoints(
        task.out / CHECKPOINTS,
        task.key,
        task.settings.get("checkpoint_seconds") or 60.0,
        every * updates if every else None,
        checkpoint.facts["seconds"] if checkpoint else 0.0,
    )
    saver.updates = updates
    return saver


def _watcher(task: PolicyTask, sampler: Any) -> "PolicyValidation | None":
    if task.validation is None:
        return None
    from redink.reinforcement.validation import PolicyValidation

    plan, updates = task.validation, task.algorithm.updates
    if plan.every is not None:
        plan = replace(plan, every=plan.every * updates)
    total = task.algorithm.optimizer_steps
    return PolicyValidation(sampler, plan, task.tokenizer, total, task.out, task.key)


@contextmanager
def _progress(task: PolicyTask) -> Iterator[Progress]:
    """Shows progress, in the first process."""
    if not is_first():
        yield Progress(task.label, task.algorithm.steps, "steps")
        return
    keep = progress_file(task.out) if process_count() > 1 else None
    with progress(task.label, task.algorithm.steps, "steps", keep=keep) as bar:
        yield bar


def _facts(task: PolicyTask, built: _Built) -> Json:
    """What `training.json` tells."""
    from redink.training.callbacks import losses

    note, lines = template_note(task.tokenizer), built.steps.kept
    rollouts = sum(line["rollouts"] for line in lines)
    tokens = sum(line["rollouts"] * (line["tokens"] or 0.0) for line in lines)
    count = process_count()
    return {
        "key": task.key,
        "student": {"name": task.student.name, "fingerprint": fingerprint(task.student)},
        "settings": task.settings,
        **task.method.facts(packing=False),
        **({"processes": count, "sharding": "none"} if count > 1 else {}),
        **({"template": note} if note else {}),
        "problems": len(task.problems),
        "steps": task.algorithm.steps,
        "rollouts": rollouts,
        "sampled_tokens": round(tokens),
        "seconds": round(built.saver.seconds, 3),
        "rollouts_per_second": round(rollouts / built.saver.seconds, 3),
        "device": str(built.trainer.args.device),
        "versions": {name: version(name) for name in ("torch", "transformers", "trl")},
        "losses": losses(built.trainer.state),
    }
