"""`scorer.json`: what a scorer's folder says of it beside its weights.

{"kind": "sorm", "positions": "every", "objective": "imitate", "temperature": 1.31,
 "separator": {"text": "\\n", "ids": [198]}, "base": {"name": "smollm2-135m", ...},
 "calibration": {"before": {"brier": ...}, ...}, "training": {"steps": 60, ...}}
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from redink.errors import DataError, ModelError
from redink.records import Json
from redink.scoring.labelled import OBJECTIVE, ScorerKind
from redink.scoring.model import scorer_file
from redink.steps import SeparatorTokens

NAME = "scorer.json"


@dataclass(frozen=True)
class ScorerRecord:
    """What must be known to read a scorer's logits."""

    kind: ScorerKind
    separator: SeparatorTokens
    positions: str
    """Where it learned: `last` or `every` step."""
    objective: str = OBJECTIVE
    """Whose prompt stands before a response."""
    temperature: float = 1.0
    calibration: Json | None = None
    base: Json | None = None
    training: Json | None = None

    def to_json(self) -> Json:
        """The content of the file."""
        return {
            "kind": self.kind,
            "positions": self.positions,
            "objective": self.objective,
            "separator": self.separator.to_json(),
            "temperature": self.temperature,
            "calibration": self.calibration,
            "base": self.base,
            "training": self.training,
        }

    @classmethod
    def read(cls, folder: Path) -> "ScorerRecord":
        """The record of a scorer's folder; raises ModelError where there is none to rely on."""
        found: Any = scorer_file(folder, NAME)
        try:
            record = cls(
                kind=found["kind"],
                separator=SeparatorTokens.from_json(found["separator"]),
                positions=found["positions"],
                objective=found["objective"],
                temperature=float(found["temperature"]),
                calibration=found.get("calibration"),
                base=found.get("base"),
                training=found.get("training"),
            )
        except (DataError, KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"{folder / NAME}: unreadable ({error}); fit the scorer again"
            ) from None
        if record.kind not in get_args(ScorerKind) or record.objective != OBJECTIVE:
            raise ModelError(
                f"{folder / NAME}: a scorer of kind {record.kind!r} with the prompt of "
                f"{record.objective!r} is unknown to this version; update redink"
            )
        if not 0 < record.temperature < math.inf:
            raise ModelError(
                f"{folder / NAME}: the temperature is {record.temperature}; fit the scorer again"
            )
        return record
