"""The report's figures as plain JSON values."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from redink.evaluation.comparison import Comparison
from redink.evaluation.conclusion import caveat, conclusions
from redink.reports.critique_audit import CritiqueAudit
from redink.reports.flow import Flow
from redink.reports.items import Chosen
from redink.reports.material import Material
from redink.reports.pairs import Pairs
from redink.reports.reinforcement import reinforcement_facts
from redink.reports.training import Training


def comparison_facts(comparison: Comparison, trainings: Mapping[str, Training]) -> dict[str, Any]:
    """What `comparison.json` holds."""
    return {
        **comparison.to_json(),
        "conclusions": conclusions(comparison),
        "caveat": caveat(comparison),
        "trainings": {
            arm: {
                "examples": training.examples,
                "tokens": training.tokens,
                "loss_tokens": training.loss_tokens,
                "seconds": training.seconds,
            }
            for arm, training in trainings.items()
        },
    }


def report_facts(
    material: Material,
    question: str,
    answer: str,
    pairs: Pairs | None,
    chosen: Sequence[Chosen],
    audits: Sequence[CritiqueAudit],
    flows: Mapping[str, Sequence[Flow]],
) -> dict[str, Any]:
    """Everything that the report says in figures; undefined numbers are null."""
    comparison = material.comparison
    found = {
        "title": material.title,
        "question": question,
        "answer": answer,
        "notes": list(material.notes),
        "comparison": comparison_facts(comparison, material.trainings) if comparison else None,
        "pairs": _pairs(pairs),
        "items": [
            {
                "benchmark": one.place[0],
                "problem_id": one.place[1],
                "first": one.pair.first,
                "second": one.pair.second,
                "right": one.half,
            }
            for one in chosen
        ],
        "critiques": [dataclasses.asdict(audit) for audit in audits],
        "trainings": {n: dataclasses.asdict(t) for n, t in material.trainings.items()},
        "scaling": {n: dict(facts) for n, facts in material.scalings.items()},
        "reinforcement": reinforcement_facts(material.reinforcements),
        "scorers": {n: dataclasses.asdict(s) for n, s in material.scorers.items()},
        "runs": [
            {
                "folder": run.folder.name,
                "recipe": run.name,
                **{
                    key: run.facts.get(key)
                    for key in ("source", "versions", "hardware", "seeds", "recipe_text")
                },
                "stages": [dataclasses.asdict(flow) for flow in stages],
            }
            for run, stages in zip(material.runs, flows.values(), strict=False)
        ],
    }
    plain: dict[str, Any] = _plain(found)
    return plain


def _pairs(pairs: Pairs | None) -> list[dict[str, Any]]:
    if pairs is None:
        return []
    return [
        {
            "first": pair.first,
            "second": pair.second,
            "first_right": len(pair.cells["first"]),
            "second_right": len(pair.cells["second"]),
            "both": len(pair.cells["both"]),
            "neither": len(pair.cells["neither"]),
        }
        for pair in pairs.pairs
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
