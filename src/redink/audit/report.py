"""The report of an audit as a file: JSON for programs, Markdown for people."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from redink.audit.findings import Findings
from redink.audit.judged import Judged
from redink.audit.printable import one_line
from redink.audit.row import AuditedRow
from redink.audit.sections import judged_section, sections_of
from redink.audit.terminal import full_text
from redink.errors import UsageError
from redink.files import write_atomically

FORMATS = (".json", ".md")
ROWS_SHOWN = 5
"""Disagreeing rows that the Markdown report shows in full."""


def check_report_path(path: Path) -> None:
    """Raises UsageError for a file that is neither JSON nor Markdown."""
    if path.suffix not in FORMATS:
        raise UsageError(f"-o {path}: a report is {' or '.join(FORMATS)}; name such a file")


def write_report(path: Path, audit: Findings, judged: Judged | None = None) -> None:
    """Writes the report in the format that the file's name asks for.

    Raises UsageError for another format, StorageError where the file cannot be written.
    """
    check_report_path(path)
    text = _json(audit, judged) if path.suffix == ".json" else _markdown(audit, judged)
    write_atomically(path, text.encode("utf-8", "replace"))


def write_rows(path: Path, rows: Sequence[AuditedRow]) -> None:
    """Writes rows as JSONL: ids, verdict, outcome and all texts, one object a line."""
    lines = [json.dumps(_row(row), ensure_ascii=False) for row in rows]
    write_atomically(path, "".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))


def _row(row: AuditedRow) -> dict[str, object]:
    return {
        "critique_id": row.critique.id,
        "response_id": row.response.id,
        "problem_id": row.problem.id,
        "teacher": row.critique.teacher,
        "preset": row.critique.preset,
        "verdict": row.critique.verdict,
        "outcome": row.outcome,
        "question": row.problem.question,
        "reference_answer": row.problem.answer,
        "final_answer": row.response.answer,
        "response": row.response.text,
        "critique": row.critique.text,
    }


def _json(audit: Findings, judged: Judged | None) -> str:
    figures = audit.to_json()
    if judged is not None:
        figures["judged"] = asdict(judged)
    return json.dumps(figures, indent=2, ensure_ascii=False, default=str) + "\n"


def _markdown(audit: Findings, judged: Judged | None) -> str:
    sections = sections_of(audit) + ([judged_section(judged)] if judged else [])
    lines = ["# Audit of critiques", ""]
    for section in sections:
        lines += section.markdown()
    shown = audit.disagreements[:ROWS_SHOWN]
    if shown:
        lines += [f"## The first {len(shown)} disagreements in full", ""]
    for row in shown:
        lines += [f"### {one_line(row.critique.id)}", ""]
        for name, text in full_text(row):
            # Indented text is a code block: nothing in it is read as Markdown or HTML.
            lines += [f"{name}:", "", *(f"    {line}" for line in text.split("\n")), ""]
    return "\n".join(lines)
