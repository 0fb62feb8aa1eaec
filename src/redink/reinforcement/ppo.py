"""Proximal policy optimisation with a value head on the policy, as ReFT trains (arXiv 2401.08967).

Each step draws rollouts from the policy, marks them, asks policy, value head and initial policy
about them, and takes a few optimizer steps on the clipped losses.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from redink.errors import UsageError
from redink.models.quiet import quiet
from redink.models.source import ModelSource, fingerprint
from redink.models.template import template_note
from redink.progress import Progress, progress
from redink.records import Json, Problem
from redink.reinforcement.identity import policy_key
from redink.reinforcement.ppo_settings import COLLAPSE, ppo_of
from redink.reinforcement.ppo_task import PPOTask
from redink.reinforcement.report import look_ahead
from redink.reinforcement.sampler_settings import sampler_settings_of
from redink.rewards import Reward
from redink.training.exhaustion import told_when_memory_ends
from redink.training.group import is_first, process_count, wait_for_all
from redink.training.method import method_of
from redink.training.result import RESULT, finished_result, save_result
from redink.training.stored import stored
from redink.training.training import progress_file
from redink.training.validation_plan import ValidationPlan

if TYPE_CHECKING:
    from redink.reinforcement.ppo_training import PPOTraining


def train_ppo(
    student: ModelSource,
    problems: Sequence[Problem],
    reward: Reward,
    settings: Json,
    out: Path,
    label: str,
    validation: "ValidationPlan | None" = None,
) -> Path:
    """Trains `student` by PPO on `problems`; ReFT's second stage, after a short fine-tuning.

    Of several processes (torchrun's) that have joined, each calls it: they share the rollouts.

    Args:
        student: the model to start from; the divergence in the reward is from it as it is here.
        problems: distinct ones that rollouts are drawn for.
        reward: marks rollouts; its penalty, where it replaces, stands in the reward's place.
        settings: by name: those of `PPO`, `Drawing` and `SamplerSettings`, `method` and `precision`
            (`redink.training.method`), `checkpoint_seconds`, `checkpoint_steps`; every other one
            is kept as part of the training's identity.
        out: folder of the partial work and of the result: `rollouts.jsonl`, `steps.jsonl`,
            `model`, and `value_head.safetensors` beside it.
        label: names the training in what is printed.
        validation: chooses the step whose policy is returned, the start among them; without it,
            the last is. ReFT's code chose on the test set.

    Returns `out/model`, a plain transformers folder without the value head. A finished model is
    returned at once; an interrupted training goes on from its last checkpoint and comes to the
    same. Raises UsageError for a bad setting or where `out` holds another training's result,
    DataError, ModelError and StorageError as the parts do.
    """
    ppo_of(settings)
    method_of(settings, "reinforce")
    sampler_settings_of(settings)
    key = policy_key(student, problems, settings, validation)
    finished = finished_result(out / RESULT, key)
    if finished is not None:
        return finished
    task = PPOTask(student, problems, reward, settings, out, label, validation, key)
    _require_share(task)
    with stored(out), quiet():
        _run(task)
    return out / RESULT


def _require_share(task: PPOTask) -> None:
    """Raises UsageError where a process would have no rollout of its own."""
    if not task.problems:
        raise UsageError("reinforce: there are no problems to draw rollouts for; give it some")
    step = min(task.algorithm.problems_per_step, len(task.problems)) * task.algorithm.samples
    if step < process_count():
        raise UsageError(
            f"reinforce: {step} rollouts a step do not go round {process_count()} processes; use "
            f"fewer processes, or problems_per_step = {process_count()} or more"
        )


def _run(task: PPOTask) -> None:
    """Trains from the beginning or from the last checkpoint, and writes the result."""
    from redink.reinforcement.ppo_training import PPOTraining
    from redink.reinforcement.value_head import NAME, save_value_head
    from redink.training.lora import merged

    _announce(task)
    with closing(PPOTraining(task)) as training:
        training.begin()
        _train(task, training)
    if is_first():
        facts = _facts(task, training)
        watcher, model = training.watcher, training.learner.model
        if watcher is not None:
            watcher.restore(model)
            facts["validation"] = watcher.facts()
        save_value_head(model.value_head, task.out / NAME)
        save_result(merged(model.policy), training.tokenizer, facts, task.out)
        if watcher is not None:
            watcher.clear()
    wait_for_all()


def _train(task: PPOTask, training: "PPOTraining") -> None:
    """Takes the steps that are left."""
    longest = task.drawing.max_tokens
    with (
        _progress(task) as bar,
        told_when_memory_ends(lambda: training.done, longest, divisible=False),
    ):
        training.run(bar)


@contextmanager
def _progress(task: PPOTask) -> Iterator[Progress]:
    """Shows progress, in the first process."""
    if not is_first():
        yield Progress(task.label, task.algorithm.steps, "steps")
        return
    keep = progress_file(task.out) if process_count() > 1 else None
    with progress(task.label, task.algorithm.steps, "steps", keep=keep) as bar:
        yield bar


def _announce(task: PPOTask) -> None:
    """Says what will be drawn and what it takes before anything is loaded."""
    look_ahead(task)
    if task.algorithm.beta == 0:
        task.say(COLLAPSE)
    note = template_note(task.tokenizer)
    if note:
        task.say(note)


def _facts(task: PPOTask, training: "PPOTraining") -> Json:
    """What `training.json` tells, as of the other algorithms."""
    steps, count = training.steps, process_count()
    rollouts = sum(line["rollouts"] for line in steps)
    tokens = sum((line["tokens"] or 0.0) * line["rollouts"] for line in steps)
    note, seconds = template_note(training.tokenizer), training.saver.seconds
    return {
        "key": task.key,
        "student": {"name": task.student.name, "fingerprint": fingerprint(task.student)},
        "settings": task.settings,
        "ppo": task.algorithm.to_json(),
        **task.method.facts(packing=False),
        **({"processes": count, "sharding": "none"} if count > 1 else {}),
        **({"template": note} if note else {}),
        "problems": len(task.problems),
        "steps": len(steps),
        "rollouts": rollouts,
        "sampled_tokens": round(tokens),
        "seconds": round(seconds, 3),
        "rollouts_per_second": round(rollouts / seconds, 3),
        "device": str(training.learner.accelerator.device),
        "versions": {name: version(name) for name in ("torch", "transformers", "accelerate")},
        "losses": [{"step": line["step"], "loss": line["loss"]} for line in steps],
    }
