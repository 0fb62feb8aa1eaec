"""A report as a file's bytes, in one of its formats."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from redink.errors import UsageError
from redink.files import write_atomically
from redink.reports.blocks import Report
from redink.reports.markdown import render_markdown
from redink.reports.material import Material
from redink.reports.page import render_html
from redink.reports.report import build_report

Format = Literal["html", "md", "json"]
FORMATS: Mapping[str, Format] = {"html": "html", "md": "md", "json": "json", "markdown": "md"}
LARGEST = 3_000_000
"""Bytes that an HTML report stays under."""
FEWER_ITEMS = (24, 12, 6, 2, 0)
"""Items shown in full: fewer of them, where more would make the page too large."""


def format_of(name: str | None, out: Path | None) -> Format:
    """The format asked for, else that of the file's ending, else HTML.

    Raises UsageError for an unknown one.
    """
    asked = name or (out.suffix.removeprefix(".") if out and out.suffix else "html")
    found = FORMATS.get(asked.lower())
    if found is None:
        raise UsageError(f"--format {asked}: a report is html, md or json; choose one of them")
    return found


def render(report: Report, form: Format) -> bytes:
    """The report as bytes of UTF-8; JSON in ASCII, so that no terminal obeys what is in it."""
    if form == "html":
        return render_html(report).encode()
    if form == "md":
        return render_markdown(report).encode()
    text = json.dumps(report.facts, indent=2, allow_nan=False)
    return f"{text}\n".encode()


def write_report(material: Material, out: Path, form: Format) -> int:
    """Writes the report, with fewer worked items where it would be too large.

    Returns its size in bytes. Raises StorageError where the file cannot be written.
    """
    data = b""
    for most in FEWER_ITEMS:
        data = render(build_report(material, most), form)
        if form != "html" or len(data) < LARGEST:
            break
    write_atomically(out, data)
    return len(data)
