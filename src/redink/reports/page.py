"""The report as one self-contained HTML page: no script, nothing loaded from anywhere."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from redink.evaluation.comparison import Comparison
from redink.evaluation.conclusion import caveat, conclusions
from redink.evaluation.seeds import arm_of
from redink.evaluation.wording import count, counted, p_value, percent, points, share_points
from redink.progress import duration
from redink.records import Critique, Outcome, Score
from redink.reports.charts import (
    OUTCOMES,
    accuracy_chart,
    forest_chart,
    loss_chart,
    outcome_chart,
)
from redink.reports.examples import clip, disagreements, worked_examples
from redink.reports.grid import DAGGER
from redink.reports.terminal import needed
from redink.reports.training import Training
from redink.tables import Table

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Verdict:
    """One arm's sentence, cut where the answer begins, and how it ended."""

    question: str
    answer: str
    kind: str
    """`won`, `lost` or `open`: the page's mark for it."""


def render_page(
    comparison: Comparison,
    scores: Table[Score],
    critiques: Table[Critique] | None = None,
    trainings: Mapping[str, Training] | None = None,
    run_facts: Mapping[str, Any] | None = None,
) -> str:
    """The page's HTML. Every argument but the first two may be missing or empty.

    Model text is hostile: everything is escaped, and the content security policy forbids scripts,
    images, forms and every request.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    trainings, facts = trainings or {}, run_facts or {}
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": lambda share: together(percent(share)),
        "together": together,
        "points": points,
        "p_value": p_value,
        "count": count,
        "counted": counted,
        "clip": clip,
        "duration": duration,
        "size": share_points,
        "needed": needed,
        "training_of": lambda arm: _trainings_of(arm, trainings),
        "outcome_word": OUTCOMES.__getitem__,
    }
    style = (_FOLDER / "report.css").read_text()
    shown, total = disagreements(comparison, scores)
    page = environment.get_template("report.html.j2").render(
        title=comparison.title or facts.get("recipe") or "Comparison",
        style=Markup(style),
        style_hash=_hash(style),
        comparison=comparison,
        verdicts=_verdicts(comparison),
        caveat=caveat(comparison),
        dagger=f" {DAGGER}" if comparison.marks else "",
        outcomes=OUTCOMES,
        outcomes_seen=(seen := _outcomes_seen(comparison)),
        outcome_rows=_outcome_rows(comparison, seen),
        loss_rows=_loss_rows(trainings),
        charts={
            "accuracy": accuracy_chart(comparison),
            "forest": forest_chart(comparison),
            "outcomes": outcome_chart(comparison),
            "losses": loss_chart({arm: t.losses for arm, t in trainings.items()}),
        },
        trainings=trainings,
        curves=[arm for arm, training in trainings.items() if training.losses],
        examples=worked_examples(critiques),
        disagreements=shown,
        disagreements_total=total,
        facts=facts,
        stages=_stages(facts),
    )
    return page


def together(text: str) -> str:
    """`text` with its percent signs kept on their numbers' line."""
    return text.replace(" %", "\u00a0%")


def _hash(style: str) -> str:
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


def _verdicts(comparison: Comparison) -> list[Verdict]:
    kinds = {"Yes": "won", "No, it lost": "lost"}
    verdicts = []
    for sentence in conclusions(comparison):
        question, _, answer = sentence.partition("? ")
        verdicts.append(Verdict(f"{question}?", answer, kinds.get(answer.split(":")[0], "open")))
    return verdicts


def _trainings_of(arm: str, trainings: Mapping[str, Training]) -> Training | None:
    """An arm's training: what one of its seeds read, since all read the same."""
    found = (training for name, training in trainings.items() if arm_of(name) == arm)
    return next(found, None)


def _outcomes_seen(comparison: Comparison) -> list[Outcome]:
    return [key for key in OUTCOMES if any(key in row.outcomes for row in comparison.metrics)]


def _outcome_rows(comparison: Comparison, seen: list[Outcome]) -> list[list[object]]:
    rows = comparison.rows(comparison.headline)
    return [[row.model, *(row.outcomes.get(key, 0) for key in seen)] for row in rows]


def _loss_rows(trainings: Mapping[str, Training]) -> list[list[object]]:
    return [
        [arm, t.losses[-1][0], f"{t.losses[0][1]:.3f}", f"{t.losses[-1][1]:.3f}", _seconds(t)]
        for arm, t in trainings.items()
        if t.losses
    ]


def _seconds(training: Training) -> str:
    return "–" if training.seconds is None else f"{training.seconds:.0f}"


def _stages(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The run's stages with every optional figure present, and each one's share of the time."""
    stages = [dict(stage) for stage in facts.get("stages") or ()]
    slowest = max((stage.get("seconds") or 0.0 for stage in stages), default=0.0) or 1.0
    blank: dict[str, Any] = {"seconds": None, "rows": None, "tokens": None}
    return [
        blank
        | stage
        | {
            "dropped": dict(stage.get("dropped") or {}),
            "share": (stage.get("seconds") or 0.0) / slowest,
        }
        for stage in stages
    ]
