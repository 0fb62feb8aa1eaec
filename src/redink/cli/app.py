"""The commands of `redink`."""

from pathlib import Path
from typing import Annotated

import typer

from redink.cli import (
    auditing,
    comparing,
    converting,
    critiquing,
    dropped,
    evaluating,
    evaluating_critics,
    grading,
    handing_over,
    journaling,
    preflighting,
    reporting,
    viewing,
)

app = typer.Typer(
    name="redink",
    help="Teach language models to reason by having their work marked.",
    epilog="Start with: redink run quickstart",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

RUN_EPILOG = """\b
Examples:
  redink run quickstart
  redink run my-recipe.yaml --set stages.problems.n=100 --runs results
  redink run quickstart --dry-run
  redink run quickstart --until drafts
"""


@app.callback()
def root() -> None:
    """Teach language models to reason by having their work marked."""


@app.command(epilog=RUN_EPILOG)
def run(
    recipe: Annotated[str, typer.Argument(help="A built-in recipe's name or a YAML file.")],
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change a setting: stages.STAGE.SETTING=VALUE.", metavar="K=V"),
    ] = None,
    runs: Annotated[Path, typer.Option(help="Folder that holds the runs.")] = Path("runs"),
    until: Annotated[str | None, typer.Option(help="Stop after this stage.")] = None,
    force: Annotated[
        list[str] | None, typer.Option(help="Do this stage, and what rests on it, again.")
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show stages, tokens, time and cost; run none."),
    ] = False,
    journal: Annotated[
        Path | None,
        typer.Option(help="Journal of completions, shared with other runs; else the run's own."),
    ] = None,
) -> None:
    """Run a recipe; finished stages are kept, an interrupted one goes on where it stopped."""
    from redink.cli.running import run_command

    run_command(recipe, tuple(overrides or ()), runs, until, tuple(force or ()), dry_run, journal)


app.command(epilog=evaluating.EPILOG)(evaluating.evaluate)
app.command("evaluate-critic", epilog=evaluating_critics.EPILOG)(evaluating_critics.evaluate_critic)
app.command(epilog=grading.EPILOG)(grading.grade)
app.command(epilog=comparing.EPILOG)(comparing.compare)
app.command(epilog=reporting.EPILOG)(reporting.report)
app.command(epilog=viewing.EPILOG)(viewing.view)
app.command(epilog=preflighting.EPILOG)(preflighting.preflight)
app.command(epilog=dropped.EPILOG)(dropped.dropped)
app.command(epilog=critiquing.EPILOG)(critiquing.critique)
app.add_typer(auditing.app, name="audit")
app.command("import", epilog=converting.IMPORT_EPILOG)(converting.import_file)
app.command(epilog=converting.EXPORT_EPILOG)(converting.export)
app.command("hand-over", epilog=handing_over.EPILOG)(handing_over.hand_over)
app.command(epilog=journaling.EPILOG)(journaling.journal)


@app.command()
def benchmarks(
    show: Annotated[str | None, typer.Option(help="Show this benchmark in full.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of benchmark files; else $REDINK_DATA.")
    ] = None,
) -> None:
    """List the benchmarks: size, answers, prompt, licence, source, and where the data is."""
    from redink.cli.benchmarks import list_benchmarks, show_benchmark

    if show:
        show_benchmark(show, str(data) if data else None)
    else:
        list_benchmarks(str(data) if data else None)


@app.command()
def recipes(
    verbs: Annotated[
        bool, typer.Option("--verbs", help="List the verbs and their settings.")
    ] = False,
    show: Annotated[str | None, typer.Option(help="Print this recipe's YAML.")] = None,
) -> None:
    """List the built-in recipes, or the verbs that a recipe can use."""
    from redink.cli.listing import list_recipes, list_verbs, show_recipe

    if show:
        show_recipe(show)
    elif verbs:
        list_verbs()
    else:
        list_recipes()


@app.command()
def doctor() -> None:
    """Say what works on this machine, and how to get what is missing."""
    from redink.cli.doctor import doctor_command

    raise typer.Exit(doctor_command())


@app.command()
def version() -> None:
    """Print the version."""
    from redink.machine import version_of

    print(version_of("redink"))
