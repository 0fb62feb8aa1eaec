"""`redink audit`: what critiques are worth, before anything is trained on them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from redink.audit import Audit
    from redink.audit.judged import Judged

app = typer.Typer(
    help="Look over what a teacher wrote.", no_args_is_help=True, rich_markup_mode=None
)

EPILOG = """\b
Examples:
  redink audit critiques runs/cft-1a2b3c4d
  redink audit critiques runs/cft-1a2b3c4d/critiques-5e6f7a8b9c -o report.md --show 3
  redink audit critiques TABLE --sample 100 --sample-out check.jsonl
  redink audit critiques TABLE --judged check.jsonl
  redink audit critiques TABLE --repair -o MENDED
  redink audit critiques TABLE --fail-under 0.8
"""


@app.callback()
def root() -> None:
    """Look over what a teacher wrote."""


@app.command(epilog=EPILOG)
def critiques(
    path: Annotated[Path, typer.Argument(help="A stage folder of critiques, or a run with one.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Report to write (.json, .md); with --repair the folder."),
    ] = None,
    grade: Annotated[
        bool, typer.Option("--grade", help="Grade ungraded responses, for this audit only.")
    ] = False,
    show: Annotated[int, typer.Option(help="Print this many disagreements in full.")] = 0,
    disagreements: Annotated[
        Path | None, typer.Option(help="JSONL file of all disagreements with their texts.")
    ] = None,
    sample: Annotated[
        int | None, typer.Option(help="Draw this many critiques to check by hand.")
    ] = None,
    sample_out: Annotated[
        Path, typer.Option(help="JSONL file for the sample; never overwritten.")
    ] = Path("sample.jsonl"),
    seed: Annotated[int, typer.Option(help="Of the sample.")] = 0,
    judged: Annotated[
        Path | None, typer.Option(help="A sample with its judgements filled in: good, bad, unsure.")
    ] = None,
    fail_under: Annotated[
        float | None,
        typer.Option(help="Exit with 1 if agreement's lower bound is below this share (0 to 1)."),
    ] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Ask again for what failed; write a mended copy to -o.")
    ] = False,
    repair_disagreements: Annotated[
        bool,
        typer.Option(
            "--repair-disagreements",
            help="Repair, and ask again where verdict and grade differ: selects on the grader.",
        ),
    ] = False,
    max_tokens: Annotated[
        int | None, typer.Option(help="Repair: limit for cut-off critiques; else twice as before.")
    ] = None,
    max_cost: Annotated[float | None, typer.Option(help="Repair: US dollars at most.")] = None,
    journal: Annotated[
        Path | None, typer.Option(help="Repair: finished completions; else the run's.")
    ] = None,
) -> None:
    """Verdicts against the grader, unreadable ones, lengths, copies, leaks; a sample to check."""
    is_repair = repair or repair_disagreements
    _check(None if is_repair else out, sample, sample_out, fail_under)
    from redink.audit import audit
    from redink.audit.finding import find_critiques
    from redink.audit.judged import read_judged
    from redink.audit.report import write_report, write_rows
    from redink.audit.sample import draw_sample, write_sample
    from redink.edits import read_edited

    folder = find_critiques(path)
    if is_repair:
        from redink.cli.repairing import repair_folder, told

        done = repair_folder(
            folder,
            out,
            disagreements=repair_disagreements,
            grade=grade,
            journal=journal,
            max_cost=max_cost,
            max_tokens=max_tokens,
        )
        print(*told(done), f"mended table: {out}", "", sep="\n")
    table = done.table if is_repair else read_edited(folder)
    found = audit(table, grade=grade)
    checked = read_judged(judged, found.rows) if judged else None
    _print(found, checked, show)
    if out and not is_repair:
        write_report(out, found, checked)
        print(f"report: {out}")
    if disagreements:
        write_rows(disagreements, found.disagreements)
        print(f"disagreements: {disagreements}")
    if sample is not None:
        write_sample(sample_out, draw_sample(found.rows, sample, seed))
        print(f"sample: {sample_out}; write good, bad or unsure into each judgement, then --judged")
    if fail_under is not None and found.agreement.agrees.low < fail_under:
        low = found.agreement.agrees.low
        print(f"agreement may be as low as {low:.1%}, below {fail_under:.1%}")
        raise typer.Exit(1)


def _check(
    out: Path | None, sample: int | None, sample_out: Path, fail_under: float | None
) -> None:
    """Refuses what would fail after the work is done."""
    from redink.audit.report import check_report_path
    from redink.errors import UsageError

    if out:
        check_report_path(out)
    if sample is not None and sample < 1:
        raise UsageError(f"--sample {sample}: give the number of critiques to check, 1 or more")
    if sample is not None and sample_out.exists():
        raise UsageError(
            f"{sample_out} is there already and may hold judgements; name another --sample-out"
        )
    if fail_under is not None and not 0 <= fail_under <= 1:
        raise UsageError(f"--fail-under {fail_under}: give a share between 0 and 1, such as 0.8")


def _print(found: "Audit", checked: "Judged | None", show: int) -> None:
    from redink.audit.sections import judged_section, sections_of
    from redink.audit.terminal import print_rows, print_sections

    print_sections(sections_of(found) + ([judged_section(checked)] if checked else []))
    if show > 0:
        print_rows(found.disagreements[:show])
