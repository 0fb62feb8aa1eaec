"""`redink evaluate-critic`: how good critics are, on first errors and by what follows them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from redink.critics import CriticRow, LoopFigures, MarkedSet
    from redink.tables import Table

EPILOG = """\b
Examples:
  redink evaluate-critic my-cft my-sorm -b gsm8k=processbench:gsm8k.json -o quality
  redink evaluate-critic endpoint:MODEL@URL -b math=processbench:math.json -o quality --max-cost 5
      --dry-run
  redink evaluate-critic symbolic runs/glore-1a2b/sorm-3c4d/model -b runs/glore-1a2b/labels -o q
  redink evaluate-critic verdict:my-cft -b mine=data/labels -o quality --threshold 0.3
  redink evaluate-critic --critiques runs/a-1a2b/critiques --refined runs/a-1a2b/refined -o quality
\b
Critics: symbolic, a scorer's folder (made by fit), verdict:MODEL (how probable its verdict is), or
a model that writes critiques. Benchmarks: a table of step labels, or FORMAT:FILE with a format of
redink import; NAME= before it names it. Killed, the same command goes on where it stopped.
"""
FILE = "critics.json"


def evaluate_critic(
    critics: Annotated[
        list[str] | None,
        typer.Argument(help="symbolic, a scorer's folder, verdict:MODEL, or a model."),
    ] = None,
    benchmarks: Annotated[
        list[str] | None,
        typer.Option("--benchmark", "-b", help="[NAME=]FOLDER or [NAME=]FORMAT:FILE.", metavar="B"),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder of figures, judgements and the journal.")
    ] = Path("critic-quality"),
    critiques: Annotated[
        Path | None, typer.Option(help="Critiques that --refined responses follow.")
    ] = None,
    refined: Annotated[
        Path | None, typer.Option(help="Responses that refine made of these critiques.")
    ] = None,
    n: Annotated[
        int | None, typer.Option(help="Responses of each benchmark at most, drawn by --seed.")
    ] = None,
    split: Annotated[str, typer.Option(help="Of a benchmark on the hub.")] = "test",
    preset: Annotated[
        str,
        typer.Option(
            help="How a model is asked: trained (as critique fine-tuning trains it), cft, steps "
            "or correct, also with +reference; auto: steps for endpoints, else trained."
        ),
    ] = "auto",
    prompt: Annotated[Path | None, typer.Option(help="A Jinja file of your own.")] = None,
    threshold: Annotated[
        float, typer.Option(help="Steps that a scorer finds less probably right are wrong.")
    ] = 0.5,
    temperature: Annotated[float, typer.Option(help="0 is greedy.")] = 0.0,
    top_p: Annotated[float, typer.Option(help="Nucleus of the draws.")] = 1.0,
    max_tokens: Annotated[int, typer.Option(help="New tokens per critique at most.")] = 1024,
    seed: Annotated[int, typer.Option(help="Of draws and wording.")] = 0,
    engine: Annotated[str, typer.Option(help="auto, transformers or vllm.")] = "auto",
    dtype: Annotated[str, typer.Option(help="bfloat16 or float32.")] = "bfloat16",
    batch_size: Annotated[int | None, typer.Option(help="Generated at once.")] = None,
    concurrency: Annotated[int | None, typer.Option(help="Requests in flight at most.")] = None,
    rpm: Annotated[float | None, typer.Option(help="Requests a minute at most.")] = None,
    tpm: Annotated[float | None, typer.Option(help="Tokens a minute at most.")] = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds for one request.")] = None,
    prices: Annotated[
        Path | None, typer.Option(help="YAML or JSON: {MODEL: [prompt, completion]} per million.")
    ] = None,
    max_cost: Annotated[float | None, typer.Option(help="US dollars at most.")] = None,
    max_tokens_total: Annotated[int | None, typer.Option(help="Tokens at most.")] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show responses, tokens, cost and time; ask for nothing."),
    ] = False,
) -> None:
    """Measure critics: the first error found, calibration, and what refinement makes of them."""
    from redink.critics import CriticSettings

    _check(critics or [], benchmarks or [], critiques, refined)
    settings = CriticSettings(
        preset=preset,
        prompt=prompt,
        threshold=threshold,
        temperature=temperature,
        top_p=top_p,
        max_tokens=max_tokens,
        seed=seed,
        engine=engine,
        dtype=dtype,
        batch_size=batch_size,
        remote={"concurrency": concurrency, "rpm": rpm, "tpm": tpm, "timeout": timeout},
        prices=prices,
        max_cost=max_cost,
        max_tokens_total=max_tokens_total,
        journal=out / "completions.sqlite",
    )
    sets = [_benchmark(given, split, n, seed) for given in benchmarks or []]
    loop = _loop(critiques, refined)
    if dry_run:
        _show_estimates(critics or [], sets, settings, loop)
    else:
        _run(critics or [], sets, settings, out, loop)


def _check(
    critics: list[str], benchmarks: list[str], critiques: Path | None, refined: Path | None
) -> None:
    from redink.errors import UsageError

    if bool(critics) != bool(benchmarks):
        missing = "a benchmark (-b)" if critics else "a critic"
        raise UsageError(f"evaluate-critic: {missing} is missing; name both, or neither")
    if (critiques is None) != (refined is None):
        raise UsageError("evaluate-critic: give --critiques and --refined together")
    if not critics and critiques is None:
        raise UsageError(
            "evaluate-critic: nothing to measure; name critics with -b, or --critiques with "
            "--refined"
        )


def _benchmark(given: str, split: str, n: int | None, seed: int) -> "MarkedSet":
    from redink.critics import marked_set

    name, source = _named(given)
    return marked_set(name, _labels(source, split), n, seed)


def _named(given: str) -> tuple[str, str]:
    """`mine=data/labels` has its name; another is called after its file or folder."""
    name, equals, source = given.partition("=")
    if equals and name:
        return name, source
    return Path(given.rpartition(":")[2]).stem, given


def _labels(source: str, split: str) -> "Table[Any]":
    from redink.cli.converting import table_folder
    from redink.errors import UsageError
    from redink.formats import import_rows
    from redink.formats.stepwise.catalogue import STEP_FORMATS
    from redink.tables import Table

    format_, colon, file = source.partition(":")
    if colon and format_ in STEP_FORMATS:
        return import_rows(file, format_, split=split)
    if Path(source).is_file():
        raise UsageError(
            f"benchmark {source}: say the file's format, as in processbench:{source}; there are "
            f"{', '.join(STEP_FORMATS)}"
        )
    return Table.read(table_folder(Path(source)))


def _loop(critiques: Path | None, refined: Path | None) -> "list[LoopFigures]":
    from redink.cli.converting import table_folder
    from redink.critics import closed_loop
    from redink.edits import read_edited
    from redink.tables import Table

    if critiques is None or refined is None:
        return []
    return closed_loop(read_edited(table_folder(critiques)), Table.read(table_folder(refined)))


def _show_estimates(
    critics: list[str], sets: "list[MarkedSet]", settings: Any, loop: "list[LoopFigures]"
) -> None:
    from redink.critics import estimate_critics
    from redink.critics.printing import print_estimates

    if critics:
        print_estimates(estimate_critics(critics, sets, settings), settings.max_cost)
    if loop:
        refinements = sum(one.refinements for one in loop)
        print(f"the closed loop asks for nothing: its {refinements:,} refinements are graded")


def _check_reach(critics: list[str], sets: "list[MarkedSet]", settings: Any) -> None:
    """Raises at once where an endpoint that is still needed does not answer."""
    from redink.critics import estimate_critics
    from redink.reach import check_models
    from redink.teachers.llm import address_of

    remote = [critic for critic in critics if address_of(critic) is not None]
    check_models(
        critic
        for critic in remote
        if any(one.asked for one in estimate_critics([critic], sets, settings))
    )


def _run(
    critics: list[str],
    sets: "list[MarkedSet]",
    settings: Any,
    out: Path,
    loop: "list[LoopFigures]",
) -> None:
    from redink.critics import evaluate_critic as measure
    from redink.critics.printing import print_critics, print_loop
    from redink.run import locked

    _check_reach(critics, sets, settings)
    with locked(out):
        rows = measure(critics, sets, settings, out) if critics else []
        _write(out / FILE, rows, loop, settings)
    if rows:
        print_critics(rows)
    if loop:
        print_loop(loop)
    print(f"figures: {out / FILE}")


def _write(path: Path, rows: "list[CriticRow]", loop: "list[LoopFigures]", settings: Any) -> None:
    import dataclasses
    import json

    from redink.files import write_atomically

    told = dataclasses.asdict(settings)
    found = {
        "settings": {name: value for name, value in told.items() if name != "journal"},
        "critics": [row.to_json() for row in rows],
        "loop": [row.to_json() for row in loop],
    }
    text = json.dumps(found, indent=2, ensure_ascii=False, default=str)
    write_atomically(path, text.encode() + b"\n")
