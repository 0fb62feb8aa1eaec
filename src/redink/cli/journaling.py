"""`redink journal`: what a journal of completions holds, and what to do about a damaged one."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from redink.errors import UsageError

if TYPE_CHECKING:
    from redink.engines.batch.ledger import Entry
    from redink.engines.journal import Journal

EPILOG = """\b
Examples:
  redink journal runs/cft-1a2b3c4d/completions.sqlite
  redink journal completions.sqlite --rescue
  redink journal completions.sqlite --cancel-batches
"""


def journal(
    path: Annotated[Path, typer.Argument(help="The journal, a SQLite file.")],
    rescue: Annotated[
        bool, typer.Option("--rescue", help="Copy what a damaged one still holds into a new one.")
    ] = False,
    cancel_batches: Annotated[
        bool, typer.Option("--cancel-batches", help="Cancel the batches that are under way.")
    ] = False,
    forget_batches: Annotated[
        bool,
        typer.Option(
            "--forget-batches",
            help="Forget batches under way; their requests may be submitted, and paid, again.",
        ),
    ] = False,
    key_env: Annotated[
        str | None, typer.Option(help="Environment variable with the key, for --cancel-batches.")
    ] = None,
) -> None:
    """Count what a journal of completions holds; rescue a damaged one; cancel its batches."""
    from redink.engines.journal import Journal

    if not path.is_file():
        raise UsageError(f"{path}: no such file; name a journal (completions.sqlite in a run)")
    if rescue:
        _rescue(path)
        return
    with Journal(path) as opened:
        if cancel_batches:
            _cancel(opened, key_env)
        elif forget_batches:
            _forget(opened)
        else:
            _show(opened)


def _rescue(path: Path) -> None:
    from redink.engines.journal import rescue

    rescued = rescue(path)
    print(f"{rescued.completions} completions are in {rescued.path}; {path} is as it was")
    if "batches" in rescued.unread or "batch_requests" in rescued.unread:
        print("its list of submitted batches could not be read: look at them at the provider")
    print(f"to use it, move it over the damaged one: mv {rescued.path} {path}")
    print(f"(and remove {path}-wal and {path}-shm, if they are there)")


def _show(opened: "Journal") -> None:
    models = opened.read(
        "SELECT model, count(*), sum(prompt_tokens), sum(completion_tokens) FROM completions "
        "GROUP BY model ORDER BY count(*) DESC"
    )
    for model, count, prompt, completion in models:
        tokens = f"{prompt} prompt and {completion} completion tokens"
        print(f"{count} completions of {model or 'a local model'}: {tokens}")
    print(f"{opened.usage().completions} completions in all")
    failures = opened.read(
        "SELECT reason, count(*) FROM failures GROUP BY reason ORDER BY count(*) DESC LIMIT 10"
    )
    for reason, count in failures:
        print(f"{count} failed: {reason}")
    for entry in _entries(opened):
        age = (time.time() - entry.changed_at) / 3600
        name = entry.batch_id or "a batch without a name yet"
        print(f"{name}: {entry.requests} requests, {entry.state} {age:.1f} h ago at {entry.url}")


def _cancel(opened: "Journal", key_env: str | None) -> None:
    from redink.engines.batch.engine import BatchEngine

    entries = _entries(opened)
    names = sorted({f"batch:{entry.model}@{entry.url}" for entry in entries})
    for name in names:
        engine = BatchEngine(name, journal=opened.path, key_env=key_env)
        try:
            print(f"{name}: {engine.cancel()} batches cancelled")
        finally:
            engine.close()
    if not names:
        print("no batches are under way")


def _forget(opened: "Journal") -> None:
    from redink.engines.batch.ledger import BatchLedger

    entries = _entries(opened)
    for entry in entries:
        BatchLedger(opened).forget(entry.token)
    print(f"{len(entries)} batches forgotten; cancel them at the provider if they still run")


def _entries(opened: "Journal") -> "list[Entry]":
    from redink.engines.batch.ledger import BatchLedger

    return BatchLedger(opened).open_entries()
