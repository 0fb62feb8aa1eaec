"""`redink critique`: critiques of responses from any teacher, without a recipe."""

from pathlib import Path
from typing import Annotated, Any

import typer

EPILOG = """\b
Examples:
  redink critique runs/quickstart-1a2b/drafts-3c4d -o critiques --teacher symbolic
  redink critique noisy.jsonl -o critiques --teacher endpoint:gpt-4o@https://api.openai.com/v1
      --max-cost 5 --dry-run
  redink critique noisy.jsonl -o critiques --teacher endpoint:m@http://127.0.0.1:8000/v1
      --preset steps+reference --agrees --accept 1000
  redink critique noisy.jsonl -o critiques --teacher my-model --batch-file requests.jsonl
  redink critique noisy.jsonl -o critiques --teacher my-model --batch-results results.jsonl
"""


def critique(
    source: Annotated[
        str,
        typer.Argument(
            metavar="IN",
            help="A stage's folder, or a JSONL, CSV or Parquet file with question, response and, "
            "where there is one, answer.",
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the critiques and the journal.")
    ],
    teacher: Annotated[
        list[str],
        typer.Option(
            help="symbolic, endpoint:MODEL@URL, batch:MODEL@URL or a local model; several as "
            "NAME=SHARE."
        ),
    ],
    preset: Annotated[
        str, typer.Option(help="cft, steps or correct, each also with +reference.")
    ] = "cft",
    prompt: Annotated[Path | None, typer.Option(help="A Jinja file of your own.")] = None,
    style: Annotated[str, typer.Option(help="Of the symbolic teacher: full or brief.")] = "full",
    seed: Annotated[int, typer.Option(help="Of draws, wording and shares.")] = 0,
    temperature: Annotated[float, typer.Option(help="0 is greedy.")] = 0.3,
    top_p: Annotated[float, typer.Option(help="Nucleus of the draws.")] = 0.95,
    max_tokens: Annotated[int, typer.Option(help="New tokens per critique at most.")] = 3200,
    accept: Annotated[int | None, typer.Option(help="Stop when so many pass.")] = None,
    agrees: Annotated[
        bool | None,
        typer.Option("--agrees/--disagrees", help="Keep verdicts that match the grader, or not."),
    ] = None,
    verdict: Annotated[
        list[str] | None, typer.Option(help="Keep right, wrong or unreadable ones.")
    ] = None,
    min_chars: Annotated[int | None, typer.Option(help="Keep critiques as long as this.")] = None,
    max_chars: Annotated[int | None, typer.Option(help="Keep critiques no longer.")] = None,
    finish: Annotated[
        list[str] | None, typer.Option(help="Keep those that ended by stop, length or filter.")
    ] = None,
    question: Annotated[str | None, typer.Option(help="Column of the question.")] = None,
    answer: Annotated[str | None, typer.Option(help="Column of the reference answer.")] = None,
    response: Annotated[str, typer.Option(help="Column of the response.")] = "response",
    solution: Annotated[str | None, typer.Option(help="Column of the solution.")] = None,
    n: Annotated[int | None, typer.Option(help="Responses of a file at most.")] = None,
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
        bool, typer.Option("--dry-run", help="Show requests, tokens and cost; ask for nothing.")
    ] = False,
    batch_file: Annotated[
        Path | None, typer.Option(help="Write the requests for a batch runner; send none.")
    ] = None,
    batch_results: Annotated[
        list[Path] | None, typer.Option(help="Take a batch runner's results; send nothing.")
    ] = None,
) -> None:
    """Have a teacher critique responses; run it again and it goes on where it stopped.

    Nothing that the journal holds is asked for again, whatever else is changed. Exit codes: 0
    done, 1 failed, 2 wrong usage or data, 3 stopped at the budget, 130 interrupted.
    """
    from redink.cli.critiques import Job, answer_offline, show_estimate, write_requests

    columns = {"question": question, "answer": answer, "solution": solution}
    keep = {
        "agrees": agrees,
        "verdict": verdict or None,
        "min_chars": min_chars,
        "max_chars": max_chars,
        "finish": finish or None,
    }
    settings: dict[str, Any] = {
        "style": style,
        "seed": seed,
        "preset": preset,
        "prompt": prompt,
        "temperature": temperature,
        "top_p": top_p,
        "max_tokens": max_tokens,
        "accept": accept,
        "keep": {name: value for name, value in keep.items() if value is not None} or None,
        "engine": engine,
        "dtype": dtype,
        "batch_size": batch_size,
        "concurrency": concurrency,
        "rpm": rpm,
        "tpm": tpm,
        "timeout": timeout,
        "prices": prices,
        "max_cost": max_cost,
        "max_tokens_total": max_tokens_total,
    }
    mapped = {name: column for name, column in columns.items() if column} | {"response": response}
    job = Job.of(source, mapped, n, out, teacher, settings)
    if dry_run:
        show_estimate(job)
    elif batch_file is not None:
        write_requests(job, batch_file)
    elif batch_results:
        answer_offline(job, batch_results)
    else:
        job.run()
