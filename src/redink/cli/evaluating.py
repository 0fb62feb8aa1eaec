"""`redink evaluate`: models on benchmarks, without a recipe."""

from pathlib import Path
from typing import Annotated, Any

import typer

EPILOG = """\b
Examples:
  redink evaluate smollm2-135m -b gym:chain_sum --n 100
  redink evaluate runs/q-1a2b/cft-3c4d/model smollm2-135m -b gsm8k -b math-500 --data DIR
  redink evaluate hf:ORG/NAME -b aime24 --samples 16 --temperature 0.7
  redink evaluate my-model -b mine=problems.jsonl --question q --answer a
  redink evaluate my-model -b math-500 --preset paper --show-prompt
"""
GYM_PROBLEMS = 200
"""Problems drawn from a generator where --n is not given."""


def evaluate(
    models: Annotated[
        list[str], typer.Argument(help="Model names, folders or hf:ORG/NAME; several are compared.")
    ],
    benchmarks: Annotated[
        list[str],
        typer.Option("--benchmark", "-b", help="A benchmark, gym:NAME, or NAME=FILE.", metavar="B"),
    ],
    n: Annotated[int | None, typer.Option(help="Problems of each benchmark at most.")] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of benchmark files; else $REDINK_DATA, else the hub."),
    ] = None,
    question: Annotated[
        str | None, typer.Option(help="Column of the question in a NAME=FILE benchmark.")
    ] = None,
    answer: Annotated[
        str | None, typer.Option(help="Column of the answer in a NAME=FILE benchmark.")
    ] = None,
    prompt: Annotated[
        str, typer.Option(help="plain, boxed-cot, qwen25-math-cot, few-shot, ...; auto: its own.")
    ] = "auto",
    preset: Annotated[
        str | None, typer.Option(help="paper: prompt and sampling of the CFT paper.")
    ] = None,
    samples: Annotated[int, typer.Option(help="Answers to each problem.")] = 1,
    temperature: Annotated[
        float | None, typer.Option(help="0 is greedy; default 0, or 0.7 for several samples.")
    ] = None,
    top_p: Annotated[float, typer.Option(help="Nucleus of the draws.")] = 1.0,
    max_tokens: Annotated[int, typer.Option(help="New tokens per answer at most.")] = 512,
    seed: Annotated[int, typer.Option(help="Of the draws and of the order of options.")] = 0,
    engine: Annotated[str, typer.Option(help="auto, transformers or vllm.")] = "auto",
    dtype: Annotated[str, typer.Option(help="bfloat16 or float32.")] = "bfloat16",
    batch_size: Annotated[
        int | None, typer.Option(help="Answers generated at once; else the engine's choice.")
    ] = None,
    judge: Annotated[
        str | None, typer.Option(help="A model asked where rules cannot tell; counted apart.")
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(help="The model that others are compared with; else the first.")
    ] = None,
    runs: Annotated[Path, typer.Option(help="Folder that holds the runs.")] = Path("runs"),
    show_prompt: Annotated[
        bool, typer.Option("--show-prompt", help="Show a prompt of each benchmark; run nothing.")
    ] = False,
) -> None:
    """Let models answer benchmarks, grade the answers, show accuracy with intervals.

    Every answer is kept: run it again, with more samples or more benchmarks, and only what is
    missing is generated.
    """
    from redink.models.resolve import short_name

    columns = {"question": question, "answer": answer}
    loads = {
        name: _load(source, n, seed, data, {k: v for k, v in columns.items() if v})
        for name, source in map(_named, benchmarks)
    }
    settings: dict[str, Any] = {
        "prompt": prompt,
        "preset": preset,
        "samples": samples,
        "temperature": temperature,
        "top_p": top_p,
        "max_tokens": max_tokens,
        "seed": seed,
        "engine": engine,
        "dtype": dtype,
        "batch_size": batch_size,
        "judge": judge,
    }
    scores = {"do": "evaluate", "models": models, "benchmarks": list(loads), **settings}
    stages: dict[str, Any] = {**loads, "scores": scores}
    if len(models) > 1:
        against = short_name(baseline or models[0])
        stages["report"] = {"do": "compare", "scores": "scores", "baseline": against}
    raw = {"student": models[0], "stages": stages}
    if show_prompt:
        from redink.cli.prompting import show_prompts

        show_prompts(raw)
        return
    from redink.cli.running import run_recipe
    from redink.recipe import check_recipe

    recipe = check_recipe(raw, "evaluate", f"evaluate:{' '.join(sorted(models))}")
    run_recipe(recipe, runs)


def _named(benchmark: str) -> tuple[str, str]:
    """`mine=path.jsonl` has its name; another is called after itself."""
    name, equals, source = benchmark.partition("=")
    return (name, source) if equals else (name.replace(":", "-"), name)


def _load(
    source: str, n: int | None, seed: int, data: Path | None, columns: dict[str, str]
) -> dict[str, Any]:
    from redink.evaluation.benchmarks import is_benchmark

    stage: dict[str, Any] = {"do": "load", "source": source, "seed": seed}
    if source.startswith("gym:"):
        return {**stage, "n": n or GYM_PROBLEMS, "split": "test"}
    if n is not None:
        stage["n"] = n
    if not is_benchmark(source):
        return {**stage, "columns": columns}
    return {**stage, "data": str(data)} if data is not None else stage
