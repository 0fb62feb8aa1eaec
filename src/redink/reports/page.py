"""The report as one self-contained HTML page: no script, nothing loaded from anywhere."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from markupsafe import Markup

from redink.evaluation.comparison import Comparison
from redink.records import Critique, Score
from redink.reports.blocks import Block, Report
from redink.reports.material import material_of
from redink.reports.report import build_report
from redink.reports.training import Training
from redink.tables import Table
from redink.visible import visible

_FOLDER = Path(__file__).parent


def render_page(
    comparison: Comparison,
    scores: Table[Score],
    critiques: Table[Critique] | None = None,
    trainings: Mapping[str, Training] | None = None,
    run_facts: Mapping[str, Any] | None = None,
) -> str:
    """The page of a comparison. Every argument but the first two may be missing or empty."""
    material = material_of(comparison, scores, critiques, trainings, run_facts)
    return render_html(build_report(material))


def render_html(report: Report) -> str:
    """The page's HTML.

    Model text is hostile: everything is escaped, characters that act are shown as marks, and the
    content security policy forbids scripts, images, forms and every request.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_seen,
    )
    environment.filters |= {"together": together, "batches": _batches}
    style = (_FOLDER / "report.css").read_text()
    return environment.get_template("report.html.j2").render(
        report=report, style=Markup(style), style_hash=_hash(style)
    )


def together(text: str) -> str:
    """`text` with its percent signs kept on their numbers' line."""
    return text.replace(" %", "\u00a0%")


def _batches(blocks: Sequence[Block]) -> list[list[Block]]:
    """Blocks in order, neighbouring charts together."""
    groups = groupby(blocks, key=lambda block: block.kind == "figure")
    return [list(group) for _, group in groups]


def _seen(value: object) -> object:
    """Every text that a template shows, but what is HTML already."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value)
    return value


def _hash(style: str) -> str:
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
