"""Trackers that are told of a training: TensorBoard, trackio, Weights & Biases, MLflow.

transformers' own callbacks tell them. Which ones they are is no part of a training's settings, and
so of no result's identity: processes that train together inherit it, as what the trackers want to
know themselves (addresses, keys), in the environment.
"""

import importlib
import importlib.util
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from redink.errors import MissingExtraError, UsageError

Tracker = Literal["tensorboard", "trackio", "wandb", "mlflow"]
TRACKERS: tuple[Tracker, ...] = get_args(Tracker)
VARIABLE = "REDINK_REPORT_TO"
"""The trackers' names between commas, while a training runs."""


@dataclass(frozen=True)
class Tracking:
    """Who is told of a training, and under which names."""

    trackers: tuple[str, ...]
    run: str
    """The project or experiment: the run folder's name."""
    stage: str
    """The training: the stage folder's name, with its fingerprint."""
    logs: Path | None
    """Folder for the trackers that write into one."""

    def arguments(self) -> dict[str, Any]:
        """For transformers' `TrainingArguments`."""
        if not self.trackers:
            return {"report_to": "none"}
        return {"report_to": [*self.trackers], "run_name": self.stage, "project": self.run}

    @contextmanager
    def kept(self) -> Iterator[None]:
        """For the length of a training: names it to the trackers, and ends what they began.

        What the environment says already is left as it is. What is printed is not sent along, nor
        is the state of the source folder, whose address may hold a key.
        """
        if not self.trackers:
            yield
            return
        with _environment(self._defaults()):
            begun = {name for name in self.trackers if not _is_open(name)}
            failed = True
            try:
                yield
                failed = False
            finally:
                for name in begun:
                    if _is_open(name):
                        _end(name, failed=failed)

    def _defaults(self) -> dict[str, str]:
        folder = os.environ.get("TENSORBOARD_LOGGING_DIR")
        logs = Path(folder, self.run, self.stage) if folder else self.logs
        given = {
            "WANDB_PROJECT": self.run,
            "WANDB_CONSOLE": "off",
            "WANDB_DISABLE_GIT": "true",
            "WANDB_DISABLE_CODE": "true",
            "MLFLOW_EXPERIMENT_NAME": self.run,
        }
        kept = {name: os.environ.get(name, value) for name, value in given.items()}
        return kept | {"TENSORBOARD_LOGGING_DIR": str(logs)}


NOWHERE = Tracking((), "", "", None)
"""Nobody is told."""


def check_trackers(named: str | Sequence[str] | None) -> tuple[str, ...]:
    """The trackers that `report_to` names.

    Raises UsageError for a name that is none of theirs, MissingExtraError where one is not
    installed.
    """
    names = tuple(dict.fromkeys([named] if isinstance(named, str) else named or ()))
    for name in names:
        if name not in TRACKERS:
            raise UsageError(
                f"report_to: there is no tracker {name!r}; there are {', '.join(TRACKERS)}"
            )
        if not _is_installed(name):
            raise MissingExtraError(
                f"report_to: {name} is not installed; pip install {name}, or leave {name} out of "
                "report_to"
            )
    return names


@contextmanager
def reporting(trackers: Sequence[str]) -> Iterator[None]:
    """Trainings of this process, and of those that it starts, report while the block runs."""
    with _environment({VARIABLE: ",".join(trackers)}):
        yield


def tracking_of(out: Path) -> Tracking:
    """The tracking of the training whose partial work and result are in the folder `out`."""
    trackers = tuple(filter(None, os.environ.get(VARIABLE, "").split(",")))
    if not trackers:
        return NOWHERE
    place = out.absolute()
    return Tracking(trackers, place.parent.name or "redink", place.name, place / "tensorboard")


def _is_installed(name: str) -> bool:
    try:
        found = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return False
    # Weights & Biases leaves a folder of its name where it was run, which can be imported too.
    return found is not None and found.origin is not None


def _is_open(name: str) -> bool:
    """Whether a tracker has a run under way; TensorBoard's ends with its file."""
    if name == "tensorboard":
        return False
    tracker: Any = importlib.import_module(name)
    if name == "wandb":
        return tracker.run is not None
    if name == "mlflow":
        return tracker.active_run() is not None
    return tracker.context_vars.current_run.get() is not None


def _end(name: str, *, failed: bool) -> None:
    """Ends a tracker's run: wandb's would go on with the next training, others after a failure."""
    tracker: Any = importlib.import_module(name)
    if name == "wandb":
        tracker.finish(exit_code=int(failed))
    elif name == "mlflow":
        tracker.end_run("FAILED" if failed else "FINISHED")
    else:
        tracker.finish()


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
