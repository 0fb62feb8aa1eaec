"""`redink import` and `redink export`: tables from and to files of other tools."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

IMPORT_EPILOG = """\b
Examples:
  redink import webinstruct_cft.json -o data/webinstruct --teacher gpt-4o-2024-11-20
  redink import one-shot.jsonl --format one-shot-cft -o data/one-shot --skip-bad
  redink import hf:TIGER-Lab/WebInstruct-CFT:WebInstruct-CFT-4K -o data/cft-4k
  redink import mine.parquet --format parquet -o data/mine --question problem --critique feedback
  redink import sft.json --format alpaca --kind responses -o data/sft
Then, in a recipe: mine: {do: load, source: webinstruct_cft.json, format: cft}
"""
EXPORT_EPILOG = """\b
Examples:
  redink export runs/mine-1a2b3c4d/critiques --format cft -o critiques.json
  redink export runs/mine-1a2b3c4d/critiques-5e6f7a8b9c --format alpaca -o LLaMA-Factory/data/mine
  redink export data/mine --format trl -o train.parquet
  redink export data/mine --format trl --objective critique+solution -o both.jsonl
  redink export data/mine --format hub -o mine-cft --licence apache-2.0
\b
Formats: cft, one-shot-cft, alpaca, sharegpt, trl, openai, parquet (one flat file), hub.
"""
_SHOWN = 20
"""Rows left out that are named at most."""


def import_file(
    file: Annotated[
        str, typer.Argument(help="A file, a folder in hub layout, or hf:ORG/NAME[:CONFIG].")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the table to write.")],
    format: Annotated[
        str, typer.Option("--format", "-f", help="What the file is; see the formats of export.")
    ] = "cft",
    kind: Annotated[
        str | None, typer.Option(help="What it holds: critiques (default), responses, problems.")
    ] = None,
    question: Annotated[str | None, typer.Option(help="Column of the question.")] = None,
    answer: Annotated[str | None, typer.Option(help="Column of the reference answer.")] = None,
    solution: Annotated[str | None, typer.Option(help="Column of the reference solution.")] = None,
    response: Annotated[str | None, typer.Option(help="Column of the response.")] = None,
    critique: Annotated[str | None, typer.Option(help="Column of the critique.")] = None,
    verdict: Annotated[str | None, typer.Option(help="Column of the verdict.")] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="Another column: FIELD=NAME, as in level=difficulty.", metavar="F=N"),
    ] = None,
    teacher: Annotated[str, typer.Option(help="Who wrote the critiques.")] = "",
    keep_marks: Annotated[
        bool, typer.Option("--keep-marks", help="Keep Critique: and [END] in the critiques.")
    ] = False,
    n: Annotated[int | None, typer.Option(help="Rows at most.")] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out rows that cannot be used; list them.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a table that is there already.")
    ] = False,
) -> None:
    """Read a data set of another tool as a table."""
    from redink.formats.importing import import_rows
    from redink.formats.writing import check_free, new_folder

    check_free(out, overwrite, lambda folder: (folder / "table.json").is_file())
    given = {
        "question": question,
        "answer": answer,
        "solution": solution,
        "response": response,
        "critique": critique,
        "verdict": verdict,
    }
    columns = {name: value for name, value in given.items() if value} | _pairs(column or [])
    table = import_rows(
        file,
        format,
        kind=kind,  # type: ignore[arg-type]
        columns=columns,
        teacher=teacher,
        keep_marks=keep_marks,
        skip_bad=skip_bad,
        n=n,
    )
    with new_folder(out) as folder:
        table.write(folder)
    _show_skipped(table.dropped)
    print(f"{out}: {_described(table)}")


def export(
    table: Annotated[Path, typer.Argument(help="A table's folder, a stage's, or RUN/STAGE.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="File, or folder for hub, to write.")],
    format: Annotated[str, typer.Option("--format", "-f", help="See the list below.")] = "cft",
    objective: Annotated[
        str | None,
        typer.Option(
            help="Of the training that it is for: imitate, critique, critique+solution, verdict "
            "or shuffled; else the table decides."
        ),
    ] = None,
    keep: Annotated[
        str,
        typer.Option(
            help="What a further column carries: needed (only what the format would get wrong), "
            "all (every field and id), nothing."
        ),
    ] = "needed",
    marks: Annotated[
        bool | None,
        typer.Option("--marks/--no-marks", help="Put critiques between Critique: and [END]."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="The data set's name in dataset_info.json or the card.")
    ] = None,
    licence: Annotated[
        str | None, typer.Option("--licence", "--license", help="For the card: apache-2.0, ...")
    ] = None,
    language: Annotated[str, typer.Option(help="For the card.")] = "en",
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out rows that the format bars; list them.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what is there already.")
    ] = False,
) -> None:
    """Write a table for another tool; nothing is uploaded."""
    from redink.edits import read_edited
    from redink.formats.card import Card
    from redink.formats.chain import chain_of
    from redink.formats.exporting import export_table

    folder = table_folder(table)
    card = Card(name or out.name, licence, language, chain_of(folder))
    result = export_table(
        read_edited(folder),
        out,
        format,
        objective=objective,  # type: ignore[arg-type]
        keep=keep,  # type: ignore[arg-type]
        marks=marks,
        name=name,
        card=card,
        overwrite=overwrite,
        skip_bad=skip_bad,
    )
    _show_skipped(result.skipped)
    print(f"{result.rows:,} {result.kind} as {result.format}:")
    for path in result.files:
        print(f"  {path}")
    if result.carried:
        print(f"{result.carried:,} rows carry what the plain format would lose (column redink)")
    for remark in result.remarks:
        print(f"note: {remark}")


def table_folder(path: Path) -> Path:
    """The folder of a table: the path itself, or the stage of that name in a run.

    Raises DataError where there is none, or several.
    """
    from redink.errors import DataError

    if (path / "table.json").is_file():
        return path
    stage = re.compile(re.escape(path.name) + r"-[0-9a-f]{6,}")
    found = [
        folder
        for folder in sorted(path.parent.glob(f"{path.name}-*"))
        if stage.fullmatch(folder.name) and (folder / "table.json").is_file()
    ]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(folder.name for folder in found)
        raise DataError(f"{path}: there are several, made with different settings: {names}")
    raise DataError(
        f"{path}: no table there; name a folder that redink import wrote, or a finished stage as "
        "RUN/STAGE"
    )


def _pairs(given: list[str]) -> dict[str, str]:
    from redink.errors import UsageError

    pairs = {}
    for text in given:
        field, found, name = text.partition("=")
        if not (found and field and name):
            raise UsageError(f"--column {text!r}: write FIELD=NAME, as in level=difficulty")
        pairs[field] = name
    return pairs


def _described(table: Any) -> str:
    from redink.records import Critique
    from redink.tables import KINDS

    text = f"{len(table):,} {KINDS[table.kind]}"
    if table.kind is not Critique:
        return text
    counts: dict[str, int] = {}
    for row in table:
        label = row.verdict or f"without verdict ({row.why or 'no reason'})"
        counts[label] = counts.get(label, 0) + 1
    shares = ", ".join(f"{count:,} {label}" for label, count in sorted(counts.items()))
    return f"{text} of {len(table.problems):,} problems: {shares}"


def _show_skipped(dropped: Any) -> None:
    from redink.tables import drop_counts

    if not dropped:
        return
    print(f"{len(dropped):,} rows left out:")
    short = [replace(item, reason=item.reason[:160]) for item in dropped]
    for reason, count in list(drop_counts(short).items())[:_SHOWN]:
        ids = [item.id for item in short if item.reason == reason]
        more = f" and {count - 5:,} more" if count > 5 else ""
        print(f"  {reason}: {', '.join(ids[:5])}{more}")
