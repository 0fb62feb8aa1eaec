"""reinforce: problems + a reward → model."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args

from redink.errors import UsageError
from redink.models.resolve import resolve_model
from redink.models.source import fingerprint
from redink.problems.overlap import overlap
from redink.progress import left_to_others
from redink.records import Json, Problem, Response
from redink.reinforcement.algorithms import trainer_of
from redink.reinforcement.marking import opened_reward
from redink.reinforcement.sampler_settings import RolloutEngine, sampler_settings_of
from redink.reinforcement.work import Work
from redink.rewards import NEEDED, AnswerForm, PenaltyForm, check_reward
from redink.tables import Table
from redink.training.method import Precision
from redink.training.tracking import Tracker, check_trackers, reporting
from redink.training.training import progress_file
from redink.training.validation_plan import ValidationPlan, accuracy_plan

Algorithm = Literal["rloo", "grpo", "dr-grpo", "ppo"]
ReinforceMethod = Literal["full", "lora"]
ROLLOUTS = "rollouts"
"""Folder of all rollouts as a table of responses, beside the model."""
OF_GROUPS = (
    "entropy", "reference", "reference_rate", "reference_every", "updates", "select_samples",
    "dynamic_sampling",
)  # fmt: skip
"""Settings of rloo, grpo and dr-grpo alone."""
OF_PPO = (
    "ppo_epochs", "value_clip", "value_coefficient", "gamma", "lam", "value_learning_rate",
    "method", "lora_rank", "lora_alpha",
)  # fmt: skip
"""Settings of ppo alone."""


def reinforce(
    problems: Table[Problem] | Table[Response],
    *,
    student: str | Path = "smollm2-135m",
    algorithm: Algorithm = "rloo",
    steps: int = 100,
    problems_per_step: int | None = None,
    samples: int | None = None,
    temperature: float | None = None,
    top_p: float = 1.0,
    top_k: int = 0,
    min_p: float = 0.0,
    max_tokens: int = 256,
    prompt: str = "plain",
    learning_rate: float | None = None,
    warmup_ratio: float = 0.0,
    weight_decay: float = 0.0,
    beta: float | None = None,
    clip_low: float = 0.2,
    clip_high: float | None = None,
    entropy: float | None = None,
    reference: Literal["fixed", "moving"] | None = None,
    reference_rate: float | None = None,
    reference_every: int | None = None,
    updates: int | None = None,
    select_samples: int | None = None,
    dynamic_sampling: int | None = None,
    ppo_epochs: int | None = None,
    value_clip: float | None = None,
    value_coefficient: float | None = None,
    value_learning_rate: float | None = None,
    gamma: float | None = None,
    lam: float | None = None,
    method: ReinforceMethod | None = None,
    lora_rank: int | None = None,
    lora_alpha: float | None = None,
    reward: Mapping[str, float] | None = None,
    penalty: float = -1.0,
    penalty_form: PenaltyForm | None = None,
    degenerate: Mapping[str, Any] | None = None,
    answer_form: AnswerForm = "marked",
    scorer: Path | str | None = None,
    critic: Path | str | None = None,
    critic_preset: str = "cft",
    critic_tokens: int = 512,
    validation: Table[Problem] | None = None,
    validate_every: int | None = None,
    validate_tokens: int | None = None,
    validate_samples: int = 0,
    batch_size: int = 64,
    precision: Precision = "bf16",
    seed: int = 0,
    checkpoint_seconds: float = 60.0,
    checkpoint_steps: int | None = None,
    keep_steps: Sequence[int] | None = None,
    report_to: Tracker | list[Tracker] | None = None,
    journal: Path | None = None,
    processes: int = 1,
    sharding: str = "none",
    engine: RolloutEngine = "transformers",
    importance_cap: float | None = None,
    vllm_memory: float | None = None,
    out: Path,
) -> Path:
    """Trains a student on its own rollouts.

    `rloo` is T1's objective (arXiv 2501.11651) on TRL's RLOOTrainer; `grpo` (arXiv 2402.03300) and
    `dr-grpo` (arXiv 2503.20783) are TRL's GRPOTrainer; `ppo` is ReFT's (arXiv 2401.08967). Settings
    that are None here are the algorithm's own: see `redink.reinforcement.settings` and
    `ppo_settings`.

    Args:
        problems: that rollouts are drawn for, with reference answers; of a table of responses, such
            as one that `select` chose by pass rate, the problems that they answer.
        student: `smollm2-135m`, a model folder or `hf:ORG/NAME`.
        algorithm: `rloo`, `grpo`, `dr-grpo` or `ppo`.
        steps: batches of rollouts.
        problems_per_step: in a batch; 8, of ppo 32.
        samples: rollouts of each of them; 8, of ppo 1.
        temperature: of the draws, and of the log-probabilities, divergence and entropy; 1.2, of
            ppo 1.0.
        top_p: nucleus of the draws.
        top_k: likeliest tokens to draw from; 0 draws from all.
        min_p: share of the likeliest token's probability below which none is drawn.
        max_tokens: new tokens of a rollout at most.
        prompt: how problems are put, a name in `redink.prompts`; `plain` is that of training.
        learning_rate: constant after the warm-up; 1e-6, of ppo 3e-7.
        warmup_ratio: share of the optimizer steps in which the rate rises.
        weight_decay: AdamW's.
        beta: weight of the divergence from the reference; 2e-4, of ppo 0.05. rloo and ppo take it
            off the reward, grpo and dr-grpo have it in the loss.
        clip_low: ratios below 1 − clip_low are clipped.
        clip_high: ratios above 1 + clip_high are; 0.26, of ppo 0.2.
        entropy: weight of the mean entropy per token, in nats; 1e-3. Not of ppo.
        reference: `moving`, an exponential moving average of the policy in float32, or `fixed`;
            moving, unless beta is 0. Not of ppo, whose is fixed.
        reference_rate: share of the policy in each update of the moving reference; 0.008.
        reference_every: optimizer steps between these updates; 1.
        updates: optimizer steps on each batch of rollouts; 1. Of ppo: ppo_epochs.
        select_samples: train on so many of a problem's samples, those whose rewards vary most
            (PODS, arXiv 2504.13818); all where not given. Not of ppo.
        dynamic_sampling: how often in a step problems all right or all wrong are replaced by the
            next ones; 0. Not of ppo.
        ppo_epochs: optimizer steps on each batch; 2.
        value_clip: how far a value may move from what it was; 0.2.
        value_coefficient: weight of the value loss; 5.0.
        value_learning_rate: of the value head; that of all where not given.
        gamma: discount; 1.0.
        lam: of generalised advantage estimation; 0.95.
        method: of ppo: `full`, or `lora` for adapters that are merged into the result.
        lora_rank: of the adapters.
        lora_alpha: adapters are scaled by alpha / rank.
        reward: weights of its parts (`redink.rewards`): `correct`, `partial`, `format`, `length`,
            `scorer`, `critique`, `verdict`; `{correct: 1.0}`, of ppo with `partial: 0.1`.
        penalty: of a degenerate text (repetition, over-length, garbled).
        penalty_form: `replace` puts it in the place of the advantage (of ppo, the reward), `add`
            adds it to the reward, `none` only counts; replace, of ppo none.
        degenerate: thresholds of what is degenerate (`redink.rewards.FaultRules`).
        answer_form: how the part `format` wants the answer marked.
        scorer: a model that `fit` made, for the part `scorer`.
        critic: a model, for the part `critique`.
        critic_preset: how the critic is asked, as in `critique`.
        critic_tokens: new tokens of its critiques at most.
        validation: problems in no reported benchmark and not among `problems`: the step of the
            best accuracy on them is returned, the start among them; the last without it.
        validate_every: steps between looks; an eighth of the training where not given.
        validate_tokens: new tokens of an answer there at most; max_tokens where not given.
        validate_samples: answers to each of them, drawn at the training's temperature; 0: one,
            greedily. Rewards raise what is sampled, and greedy answers may not follow.
        batch_size: rollouts written at once.
        precision: of matrix products, `bf16` or `fp32`; weights are float32 always.
        seed: of the problems' order and of the draws.
        checkpoint_seconds: time between checkpoints.
        checkpoint_steps: steps between checkpoints instead.
        keep_steps: steps whose models are kept as well, in `out/steps/STEP`: `scale` with `along`
            measures them beside the result.
        report_to: trackers, as in `finetune`.
        journal: SQLite file of the critic's completions.
        processes: that train together, one to a GPU, and share the rollouts; the same steps come
            from any number.
        sharding: as `hardware` gives it; `none` alone is supported: every process keeps the whole
            policy.
        engine: what draws: `transformers`, a copy of the policy in the same process, or `vllm`, in
            processes of its own, given the policy's weights before each step; with one process.
        importance_cap: largest weight of a drawn token by what engine and policy think of it apart
            (truncated importance sampling by token); 3 for vllm, for transformers no weights at
            all where not given. Not with top_p, top_k or min_p.
        vllm_memory: share of the GPU's memory that vLLM takes; 0.3.
        out: folder of the partial work and the result.

    Returns `out/model`, a plain transformers folder with `training.json`; beside it `steps.jsonl`
    (a line of figures for each step), `rollouts.jsonl` and, at the end, the table `rollouts`. An
    interrupted call goes on where its last checkpoint stands; a finished one returns at once.
    Raises UsageError for settings that do not fit, DataError, ModelError as the parts do.
    """
    _check_algorithm(algorithm, locals())
    trackers = check_trackers(report_to)
    settings = _settings(algorithm, locals())
    _check_division(processes, sharding, engine)
    _check_kept(keep_steps or (), steps)
    tokens = validate_tokens or max_tokens
    plan = _plan(problems, validation, validate_every, tokens, validate_samples)
    source = resolve_model(student)
    distinct = dict(problems.problems)
    rows, label = tuple(distinct.values()), f"reinforce {algorithm}"
    judge = None if scorer is None else str(scorer)
    work = Work(source, rows, settings, out, label, plan, judge, journal, processes)
    with reporting(trackers):
        result = _alone(work) if processes == 1 else _in_processes(work)
    _write_rollouts(out, distinct, source.name)
    return result


def _alone(work: Work) -> Path:
    """The training, in this process."""
    train = trainer_of(work.settings["algorithm"])
    with opened_reward(work.settings, work.scorer, work.journal) as reward:
        return train(
            work.student,
            work.problems,
            reward,
            work.settings,
            work.out,
            work.label,
            work.validation,
        )


def _in_processes(work: Work) -> Path:
    from redink.reinforcement.launch import reinforce_in_processes

    with left_to_others(progress_file(work.out)):
        return reinforce_in_processes(work)


def _check_kept(kept: Sequence[int], steps: int) -> None:
    wrong = next((step for step in kept if not 1 <= step <= steps), None)
    if wrong is not None:
        raise UsageError(
            f"reinforce: keep_steps = {list(kept)}: there is no step {wrong}; give steps from 1 to "
            f"{steps}"
        )


def _check_division(processes: int, sharding: str, engine: str) -> None:
    """Raises UsageError for what several processes cannot do."""
    from redink.reinforcement.launch import check_sharding

    check_sharding(sharding)
    if processes > 1 and engine == "vllm":
        raise UsageError(
            f"reinforce: engine: vllm draws for one process, and there are {processes}; set "
            "processes: 1 in this stage, or engine: transformers, of which each process has one"
        )


def _check_algorithm(algorithm: str, given: Mapping[str, Any]) -> None:
    """Raises UsageError for a setting of another algorithm."""
    known = get_args(Algorithm)
    if algorithm not in known:
        raise UsageError(
            f"reinforce: algorithm = {algorithm} is unknown; use {', '.join(known[:-1])} or ppo"
        )
    others, theirs = (
        (OF_GROUPS, "rloo, grpo and dr-grpo") if algorithm == "ppo" else (OF_PPO, "ppo")
    )
    for name in others:
        if given[name] is not None:
            raise UsageError(
                f"reinforce: {name} is a setting of {theirs}, and the algorithm is {algorithm}; "
                f"leave {name} out, or choose another algorithm"
            )


def _settings(algorithm: str, given: Mapping[str, Any]) -> Json:
    """The training's settings by name; what is None is left to the algorithm."""
    ppo = algorithm == "ppo"
    elsewhere = {
        "problems", "student", "validation", "validate_every", "validate_tokens",
        "validate_samples", "scorer", "critic", "report_to", "journal", "out", "trackers",
        "processes", "sharding",
    }  # fmt: skip
    settings = {k: v for k, v in given.items() if k not in elsewhere and v is not None}
    if "keep_steps" in settings:
        settings["keep_steps"] = sorted(set(settings["keep_steps"]))
    if settings["engine"] == "transformers":
        # A training's identity names it only where it is another: older results stay valid.
        del settings["engine"]
    usual = {"correct": 1.0, "partial": 0.1} if ppo else {"correct": 1.0}
    settings["reward"] = check_reward(given["reward"] if given["reward"] is not None else usual)
    _check_models(settings["reward"], given["scorer"], given["critic"])
    settings["penalty_form"] = given["penalty_form"] or ("none" if ppo else "replace")
    settings["degenerate"] = dict(given["degenerate"] or {})
    if not ppo and given["beta"] == 0 and given["reference"] is None:
        settings["reference"] = "fixed"
    if given["scorer"] is not None:
        settings["scorer"] = fingerprint(resolve_model(given["scorer"]))
    if given["critic"] is not None:
        settings["critic"] = str(given["critic"])
    else:
        del settings["critic_preset"], settings["critic_tokens"]
    sampler_settings_of(settings)
    return settings


def _check_models(
    parts: Mapping[str, float], scorer: Path | str | None, critic: Path | str | None
) -> None:
    """Raises UsageError for a part without its model, or a model without its part."""
    for part, name, given in (("scorer", "scorer", scorer), ("critique", "critic", critic)):
        if part in parts and given is None:
            raise UsageError(f"reinforce: reward.{part} needs {NEEDED[part]}; name a model for it")
        if part not in parts and given is not None:
            raise UsageError(
                f"reinforce: {name} is for the reward's part {part}, which has no weight; give it "
                f"one, as in reward: {{correct: 1.0, {part}: 0.5}}"
            )


def _plan(
    problems: Table[Any],
    validation: Table[Problem] | None,
    every: int | None,
    tokens: int,
    samples: int,
) -> ValidationPlan | None:
    if samples < 0:
        raise UsageError(
            f"reinforce: validate_samples = {samples} makes no sense; use 0 for greedy answers, or "
            "how many of each problem are drawn"
        )
    if validation is None:
        return None
    shared = overlap(validation.problems.values(), problems.problems.values())
    if shared:
        raise UsageError(
            f"reinforce: {len(shared)} of the {len(validation.problems)} problems of the "
            f"validation table are trained on too (first: {min(shared)}); validate on other "
            "problems: another split, or exclude"
        )
    return replace(accuracy_plan(validation, every, tokens), samples=samples)


def _write_rollouts(out: Path, problems: Mapping[str, Problem], student: str) -> None:
    """Writes the table of all rollouts, once."""
    from redink.reinforcement.rollouts import rollouts_table

    folder = out / ROLLOUTS
    if not (folder / "table.json").exists():
        rollouts_table(out, problems, student).write(folder)
