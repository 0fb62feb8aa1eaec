"""`scorer.json`: what a scorer's folder says of it beside its weights.

{"kind": "sorm", "positions": "every", "objective": "imitate", "temperature": 1.31,
 "separator": {"text": "\\n", "ids": [198]}, "probe": [1, 4093, 198, 9690, ...],
 "base": {"name": "smollm2-135m", ...},
 "calibration": {"before": {"brier": ...}, ...}, "training": {"steps": 60, ...}}
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from redink.errors import DataError, ModelError
from redink.records import Json, Problem
from redink.scoring.labelled import OBJECTIVE, ScorerKind
from redink.scoring.model import scorer_file
from redink.steps import SeparatorTokens, StepEncoder
from redink.training.rendering import question_messages

NAME = "scorer.json"
PROBE = Problem("probe", "What is 12 + 34, doubled?", "92"), "12 + 34 = 46\n2 * 46 = 92\n#### 92"
"""A question and a response that every scorer's base has encoded once."""


def probe_ids(tokenizer: Any) -> tuple[int, ...]:
    """Token ids of `PROBE` with the prompt before it, as scored responses are encoded."""
    problem, text = PROBE
    return StepEncoder(tokenizer).encode(question_messages(problem), text).ids


def is_scorer(folder: Path) -> bool:
    """Whether `fit` made what is in a folder."""
    return (folder / NAME).is_file()


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
    probe: tuple[int, ...] = ()
    """`probe_ids` of the base's tokenizer; empty in files of older versions."""

    def check(self, tokenizer: Any) -> None:
        """Raises ModelError where `tokenizer` encodes responses otherwise than the base's did."""
        self.separator.check(tokenizer)
        if self.probe and probe_ids(tokenizer) != self.probe:
            raise ModelError(
                "its tokenizer and chat template encode a question otherwise than in training, so "
                "its scores would be of other texts; copy the scorer's folder whole, or fit it "
                "again"
            )

    def to_json(self) -> Json:
        """The content of the file."""
        return {
            "kind": self.kind,
            "positions": self.positions,
            "objective": self.objective,
            "separator": self.separator.to_json(),
            "probe": list(self.probe),
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
                probe=tuple(found.get("probe") or ()),
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
