"""`redink view`: a local page to look at a run and to mend verdicts."""

from pathlib import Path
from typing import Annotated

import typer

EPILOG = """\b
Examples:
  redink view runs/quickstart-1a2b3c4d
  redink view runs/quickstart-1a2b3c4d --author ada --port 9000 --no-browser
  redink view RUN --bundle out.html --stage critiques --filter agrees=false
  redink view RUN --host 0.0.0.0 --token auto
"""


def view(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="A run, or one stage's folder.")],
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Else 8642, or a free one.")
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; with a token others than loopback.")
    ] = "127.0.0.1",
    token: Annotated[
        str | None,
        typer.Option(envvar="REDINK_VIEW_TOKEN", help="Callers must know it; `auto` makes one."),
    ] = None,
    author: Annotated[
        str | None, typer.Option(help="Your name beside your verdicts; else your login.")
    ] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="Write a copy to read in one HTML file; serve nothing.")
    ] = None,
    stage: Annotated[
        list[str] | None, typer.Option(help="With --bundle: only this stage; may be repeated.")
    ] = None,
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", metavar="FIELD=VALUE", help="With --bundle: only such rows."),
    ] = None,
    search: Annotated[str, typer.Option(help="With --bundle: only rows with these words.")] = "",
    limit: Annotated[
        int, typer.Option(min=1, help="With --bundle: rows per stage, suspicious ones first.")
    ] = 200,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")
    ] = True,
) -> None:
    """Look at a run in the browser: its rows, two arms side by side; mend verdicts."""
    if bundle is not None:
        from redink.view.bundle import write_bundle
        from redink.view.run import ViewedRun

        wanted = _pairs(filters or [])
        written = write_bundle(
            ViewedRun(folder), bundle, stages=stage, filters=wanted, text=search, limit=limit
        )
        print(f"{bundle}: {written}")
        return
    import secrets

    from redink.view.serving import open_port, serve

    if stage or filters or search:
        from redink.errors import UsageError

        raise UsageError("--stage, --filter and --search choose what a bundle holds; add --bundle")
    opened = open_port(host, port, secrets.token_urlsafe(16) if token == "auto" else token)
    serve(folder, opened, author=author or _login(), browser=browser, say=_say)


def _say(line: str) -> None:
    print(line, flush=True)


def _login() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "reviewer"


def _pairs(filters: list[str]) -> dict[str, list[str]]:
    from redink.errors import UsageError
    from redink.view.query import FILTERS

    found: dict[str, list[str]] = {}
    for text in filters:
        name, mark, value = text.partition("=")
        if not mark or name not in FILTERS:
            raise UsageError(f"--filter {text}: give FIELD=VALUE with one of {', '.join(FILTERS)}")
        found.setdefault(name, []).append(value)
    return found
