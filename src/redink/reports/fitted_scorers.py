"""The scorers that a run fitted, read from their `scorer.json` and `training.json` files."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redink.errors import DataError
from redink.models.resolve import short_name
from redink.reports.run_folder import RunFolder, RunStage
from redink.scoring.calibration import Reliability


@dataclass(frozen=True)
class FittedScorer:
    """One scorer, as far as its folder tells of it."""

    kind: str
    """`orm` or `sorm`."""
    positions: str
    """Where it learned: `last` or `every` step."""
    base: str
    method: str = ""
    rows: int | None = None
    """Responses that it learned from."""
    dropped: tuple[tuple[str, int], ...] = ()
    """(reason, responses that were left out for it)."""
    labels: int | None = None
    """Of those responses, each counted once."""
    positive_share: float | None = None
    """Share of the labels that are right."""
    steps: int | None = None
    """Optimizer steps."""
    temperature: float = 1.0
    before: Reliability | None = None
    """On the calibration rows without the temperature; None where there were none."""
    after: Reliability | None = None
    """The same with it."""


def read_scorers(run: RunFolder) -> dict[str, FittedScorer]:
    """Stage → its scorer, of the finished `fit` stages of a run; stages without a file are left
    out.

    Raises DataError for a file that cannot be read.
    """
    found = {}
    for stage in run.done("fit"):
        path = stage.folder / "model" / "scorer.json" if stage.folder is not None else None
        if path is not None and path.exists():
            try:
                found[stage.name] = _read(path, _base_stage(run, stage))
            except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
                raise DataError(
                    f"{path}: cannot be read ({error}); run again with --force {stage.name}"
                ) from None
    return found


def _base_stage(run: RunFolder, stage: RunStage) -> str:
    """The stage that made the base; empty where none did."""
    named = stage.inputs.get("base", ("",))[0]
    return named if run.stage(named) is not None else ""


def _read(path: Path, base: str) -> FittedScorer:
    facts = json.loads(path.read_text())
    training, calibration = facts.get("training") or {}, facts.get("calibration")
    rows = training.get("rows") or {}
    return FittedScorer(
        kind=str(facts["kind"]),
        positions=str(facts["positions"]),
        base=base or short_name(str((facts.get("base") or {}).get("name") or "–")),
        method=str(training.get("method") or ""),
        rows=_whole(rows.get("rows_kept")),
        dropped=tuple((str(why), int(n)) for why, n in (rows.get("dropped") or {}).items()),
        labels=_whole(rows.get("loss_tokens")),
        positive_share=_number(rows.get("positive_share")),
        steps=_whole(training.get("steps")),
        temperature=float(facts["temperature"]),
        before=_reliability(calibration, "before"),
        after=_reliability(calibration, "after"),
    )


def _reliability(calibration: Mapping[str, Any] | None, name: str) -> Reliability | None:
    return Reliability.from_json(calibration[name]) if calibration else None


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
