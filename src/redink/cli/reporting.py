"""`redink report`: a whole run on one page."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from redink.reports.run_folder import DeclaredStage, RunFolder

STDOUT = Path("-")
EPILOG = """\b
Examples:
  redink report runs/quickstart-d7ca62c2
  redink report runs/quickstart-d7ca62c2 --format md -o report.md
  redink report runs/quickstart-d7ca62c2 --format json -o - | jq .answer
"""


def report(
    run: Annotated[Path, typer.Argument(help="A run's folder, finished or not.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File or folder; - prints; else RUN/report.html."),
    ] = None,
    format_: Annotated[
        str | None, typer.Option("--format", help="html, md or json; else the file's ending.")
    ] = None,
    comparison: Annotated[
        str | None, typer.Option(help="The compare stage to report; else the last one.")
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(help="The arm that others are compared with.")
    ] = None,
) -> None:
    """Write the report of a run: answer, charts, worked items, critiques, data flow, cost."""
    from redink.reports.formats import format_of, render, write_report
    from redink.reports.material import gather
    from redink.reports.report import build_report

    form = format_of(format_, out if out != STDOUT else None)
    material = gather(open_run(run), comparison, baseline)
    if out == STDOUT:
        sys.stdout.buffer.write(render(build_report(material), form))
        return
    target = run if out is None else out
    if target.is_dir():
        target = target / f"report.{form}"
    size = write_report(material, target, form)
    print(f"report: {target} ({size / 1e6:.2f} MB)")


def open_run(folder: Path) -> "RunFolder":
    """A run's folder with the stages of its recipe, as far as the recipe can be read today."""
    from redink.reports.run_folder import read_run

    return read_run(folder, _declared(folder))


def _declared(folder: Path) -> "list[DeclaredStage]":
    """The recipe's stages with their inputs; none where this version cannot read it."""
    import json

    import yaml

    from redink.errors import RedinkError
    from redink.recipe import check_recipe
    from redink.reports.run_folder import RUN_FILE, DeclaredStage

    try:
        facts = json.loads((folder / RUN_FILE).read_text())
        raw = yaml.safe_load(facts["recipe_text"])
        recipe = check_recipe(raw, facts["recipe"], facts["source"])
    except (RedinkError, OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError):
        return []
    return [DeclaredStage(stage.name, stage.verb.name, stage.inputs) for stage in recipe.stages]
