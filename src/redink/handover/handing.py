"""Writes the folder that another engine trains from."""

import dataclasses
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from redink.errors import UsageError
from redink.files import write_atomically
from redink.formats.writing import check_free, new_folder
from redink.handover.flags import VERSION, Files, Section, sections_of
from redink.handover.gaps import Gap, check_dropped, differences_of
from redink.handover.marking import SETTINGS
from redink.handover.placement import Placement, memory_per_gpu
from redink.handover.problems import PROMPTS, VALIDATION, TrainingProblems
from redink.handover.prompts import Renderer, parameters_of
from redink.handover.readme import Told, readme
from redink.handover.script import REWARD, train_script
from redink.models.resolve import resolve_model
from redink.models.source import ModelSource
from redink.records import Json, Problem, Response
from redink.reinforcement.policy import Policy, policy_of
from redink.rewards import check_reward
from redink.tables import Table

Engine = Literal["openrlhf"]
RECORD, TRAINED = "handover.json", "trained"
"""What was handed over; the folder of what training writes, which is never replaced."""
ELSEWHERE = ("length", "scorer", "critique")
"""Parts of a reward that reward.py does not see to."""
WORKERS = 2
"""Comparing processes of each sampling process."""


@dataclass(frozen=True)
class Origin:
    """Where a training comes from, for the page that goes with it."""

    name: str = "policy"
    """The stage's; the trained model's folder is called so."""
    made_by: str = ""
    """The command line."""
    recipe: str | None = None
    returns: tuple[str, ...] = ()
    """`--set` options that put the trained model into the recipe; `{model}` stands for it."""


@dataclass(frozen=True)
class HandedOver:
    """What was written."""

    folder: Path
    prompts: int
    """Lines of prompts.jsonl."""
    model: Path
    """Where the trained model will be."""
    dropped: tuple[Gap, ...]
    remarks: tuple[str, ...]


def hand_over(
    problems: Table[Problem] | Table[Response],
    settings: Mapping[str, Any],
    student: str | Path,
    out: Path,
    *,
    to: Engine = "openrlhf",
    validation: Table[Problem] | None = None,
    drop: Collection[str] = (),
    placement: Placement | None = None,
    origin: Origin | None = None,
    overwrite: bool = False,
) -> HandedOver:
    """Writes a `reinforce` stage as a folder that OpenRLHF trains from on Ray.

    Args:
        problems: that rollouts are drawn for; of a table of responses, those that they answer.
        settings: of the stage, by name, as in a recipe.
        student: the model that training starts from; its folder is what train.sh names.
        out: the folder.
        to: the engine.
        validation: problems whose accuracy chooses the step.
        drop: settings without a counterpart there that are given up (`redink.handover.gaps`).
        placement: the GPUs; eight on one machine where not given.
        origin: of the training.
        overwrite: whether a folder of an earlier call is replaced.

    Raises UsageError for settings that have no counterpart and are not dropped, that do not fit,
    or where `out` holds something else; DataError and ModelError where a prompt cannot be handed
    over; StorageError where `out` cannot be written.
    """
    if to not in get_args(Engine):
        raise UsageError(f"hand-over: to = {to} is unknown; use {', '.join(get_args(Engine))}")
    placement, origin = placement or Placement(), origin or Origin()
    policy = policy_of(settings)
    gaps = tuple(check_dropped(policy, drop))
    placement.check(policy)
    _check_place(out, overwrite)
    marks = _marks(policy)
    asked = TrainingProblems.of(problems, validation)
    asked.check(policy, marks["parts"])
    source = resolve_model(student)
    renderer = Renderer(source, policy.prompt)
    prompts = renderer.rendered(asked.all, policy.max_tokens)
    longest = max(prompt.tokens for prompt in prompts.values())
    sections = sections_of(policy, placement, longest, _files(asked, origin))
    trained = out.absolute() / TRAINED / origin.name
    with new_folder(out) as folder:
        count = asked.write(folder, policy, prompts)
        told = _told(policy, placement, origin, asked, source, gaps, count, trained)
        settled = marks | dataclasses.asdict(renderer.wording)
        texts = {SETTINGS: _json(settled), RECORD: _json(_record(told, policy, placement, to))}
        _write_texts(folder, texts | _texts(told, sections, source))
    return HandedOver(out, count, trained, gaps, asked.remarks)


def _check_place(out: Path, overwrite: bool) -> None:
    check_free(out, overwrite, lambda folder: (folder / RECORD).is_file())
    if (out / TRAINED).exists():
        raise UsageError(
            f"{out / TRAINED}: a training has written there; hand over to another folder, or move "
            "it away"
        )


def _marks(policy: Policy) -> Json:
    """What reward.py is told, but for the wording."""
    parts = {name: weight for name, weight in policy.reward.items() if name not in ELSEWHERE}
    replaces = policy.penalty_form == "replace" and policy.groups is not None
    return {
        "parts": check_reward(parts),
        "penalty": policy.penalty,
        "penalty_form": "add" if replaces else policy.penalty_form,
        "answer_form": policy.answer_form,
        "degenerate": {k: v for k, v in policy.degenerate.items() if k != "perplexity"},
        "samples": policy.settings.samples,
        "workers": WORKERS,
    }


def _files(asked: TrainingProblems, origin: Origin) -> Files:
    return Files(
        prompts=PROMPTS,
        validation=VALIDATION if asked.validation else None,
        reward="reward.py",
        checkpoints=f"{TRAINED}/checkpoints",
        model=f"{TRAINED}/{origin.name}",
        logs=f"{TRAINED}/logs",
    )


def _told(
    policy: Policy,
    placement: Placement,
    origin: Origin,
    asked: TrainingProblems,
    source: ModelSource,
    gaps: tuple[Gap, ...],
    count: int,
    trained: Path,
) -> Told:
    reference, critic = policy.settings.beta > 0, policy.groups is None
    size = parameters_of(source)
    return Told(
        name=origin.name,
        algorithm=policy.algorithm,
        student=source.name,
        made_by=origin.made_by,
        prompts=count,
        problems=len(asked.trained_on),
        validation=len(asked.validation),
        steps=policy.settings.steps,
        model=str(trained),
        memory=memory_per_gpu(size, placement, reference=reference, critic=critic),
        returns=tuple(text.replace("{model}", str(trained)) for text in origin.returns),
        recipe=origin.recipe,
        dropped=gaps,
        differences=tuple(differences_of(policy, validated=bool(asked.validation))),
        remarks=asked.remarks,
    )


def _texts(told: Told, sections: list[Section], source: ModelSource) -> dict[str, str]:
    return {
        "README.md": readme(told),
        "train.sh": train_script(sections, source.folder),
        "reward.py": REWARD,
    }


def _write_texts(folder: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        write_atomically(folder / name, text.encode())
    (folder / "train.sh").chmod(0o755)


def _record(told: Told, policy: Policy, placement: Placement, to: Engine) -> Json:
    own = dataclasses.asdict(policy) | {"settings": policy.settings.to_json()}
    return {
        "to": to,
        "version": VERSION,
        "policy": own,
        "placement": dataclasses.asdict(placement),
        "told": dataclasses.asdict(told),
    }


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
