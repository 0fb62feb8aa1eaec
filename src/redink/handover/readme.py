"""README.md of a folder that is handed over."""

from collections.abc import Sequence
from dataclasses import dataclass

from redink.handover.flags import VERSION
from redink.handover.gaps import Difference, Gap


@dataclass(frozen=True)
class Told:
    """What the page says besides what is the same for all."""

    name: str
    """The stage's."""
    algorithm: str
    student: str
    made_by: str
    """The command line."""
    prompts: int
    """Lines of prompts.jsonl."""
    problems: int
    validation: int
    steps: int
    model: str
    """Folder of the trained model, as it is to be named."""
    memory: str
    returns: tuple[str, ...]
    """`--set` options that name the trained model in the recipe."""
    recipe: str | None
    dropped: tuple[Gap, ...]
    differences: tuple[Difference, ...]
    remarks: tuple[str, ...]


def readme(told: Told) -> str:
    """The whole page."""
    parts = [
        _begin(told),
        _RUNNING,
        _gaps(told.dropped),
        _differences(told.differences),
        _after(told),
        _returning(told),
        _files(told),
    ]
    return "\n".join(part for part in parts if part)


def _begin(told: Told) -> str:
    made = [f"Written by `{told.made_by}`."] if told.made_by else []
    lines = [
        f"# {told.name}: {told.algorithm}, to be trained by OpenRLHF {VERSION}",
        *made,
        f"{told.steps:,} steps from `{told.student}`, on {told.problems:,} problems. Not run: the\n"
        f"options are those of OpenRLHF {VERSION}'s own argument parser; its code was read, and\n"
        "nothing of it was started here.",
        f"{told.memory}.",
        *[f"Note: {remark}." for remark in told.remarks],
    ]
    return "\n\n".join(lines) + "\n"


_RUNNING = f"""\
## Running it

In an environment of its own: OpenRLHF pins its libraries, some to other versions than redink's. So
redink goes into it without its own, of which reward.py needs one:

```bash
pip install "openrlhf[vllm]=={VERSION}"
pip install --no-deps redink
pip install "math-verify>=0.9"
bash train.sh
```

Ray starts by itself on one machine. On several: `ray start --head` on one, `ray start
--address=…` on the others, this folder and the model on a disk that all of them see, then
`RAY_ADDRESS=auto bash train.sh`. What is given behind `train.sh` is handed on to OpenRLHF.
"""


def _gaps(gaps: Sequence[Gap]) -> str:
    if not gaps:
        return (
            "## What is not there\n\n"
            "Nothing: every setting that alters the method has a counterpart.\n"
        )
    return (
        "## What is not there\n\n"
        "These settings have no counterpart and were dropped by name. What is trained is another\n"
        "method in these points:\n\n"
        "| setting | in redink | here | what that changes |\n|---|---|---|---|\n"
        + "".join(
            f"| `{gap.name}` | {gap.value} | {gap.becomes} | {gap.changes} |\n" for gap in gaps
        )
    )


def _differences(differences: Sequence[Difference]) -> str:
    return (
        "## What is there and not the same\n\n"
        f"| | redink | OpenRLHF {VERSION} |\n|---|---|---|\n"
        + "".join(f"| {one.what} | {one.here} | {one.there} |\n" for one in differences)
    )


def _after(told: Told) -> str:
    which = (
        "that of the last step. The best by validation is\n"
        "the last folder `trained/checkpoints/best_global_step…_hf`: name that one instead."
        if told.validation
        else "that of the last step;\nthose on the way are `trained/checkpoints/global_step…_hf`."
    )
    return (
        "## Afterwards\n\n"
        f"`{told.model}`\n\n"
        "is a plain model folder, to be named wherever a model is: "
        f"{which}\n"
    )


def _returning(told: Told) -> str:
    if not told.returns:
        return ""
    options = " \\\n  ".join(f"--set '{option}'" for option in told.returns)
    return f"""\
In the recipe it takes the place of the stage `{told.name}`. Stages that are done are found again:

```bash
redink run {told.recipe} --until STAGE \\
  {options}
```

STAGE is the last one wanted, such as the report. With `--until` the stage `{told.name}` itself, on
which nothing rests any more, is not run. The folder's name is the arm's name in the report.
"""


def _files(told: Told) -> str:
    rows = [
        ("`train.sh`", "the options, each with the setting that it stands for"),
        (
            "`prompts.jsonl`",
            f"{told.prompts:,} prompts as redink renders them (`prompt`), with the problem's id "
            "and reference answer (`label`): the problems as often as the steps need them",
        ),
        ("`validation.jsonl`", f"{told.validation:,} problems that choose the step"),
        ("`problems.jsonl`", "the problems themselves, once each, for reward.py"),
        ("`reward.py`, `reward.json`", "the reward: parts, penalty, rules, what ends an answer"),
        ("`handover.json`", "what was handed over, to be read by programs"),
        (
            "`trained/`",
            "what training writes: model; checkpoints, each as a model folder too, none of which "
            "is removed; logs for TensorBoard; every rollout with its reward, parts and faults "
            "(`rollouts/*.jsonl`, a file for each sampling process)",
        ),
    ]
    shown = [row for row in rows if told.validation or row[0] != "`validation.jsonl`"]
    lines = "".join(f"| {file} | {what} |\n" for file, what in shown)
    return f"## Files\n\n| file | what |\n|---|---|\n{lines}"
