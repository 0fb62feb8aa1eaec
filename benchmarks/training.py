"""Training on critiques, against TRL's SFTTrainer and LLaMA-Factory: speed, memory, losses.

    python -m benchmarks.training [--examples 512] [--batch-size 16] [--model smollm2-135m]
        [--systems redink trl trl-tuned llamafactory] [--llamafactory-python PATH]
    python -m benchmarks.training --random-config 1.5b [--examples 256] [--row-tokens 2048]

The rows are Critique Fine-Tuning examples: problems of reasoning-gym's gsm_symbolic, half of
their solutions with one injected error, marked by the symbolic teacher. Every system trains in a
fresh process on the same token ids and loss masks, in the same order, with the same examples in a
step, learning rate, cosine schedule and clipping. `trl` is SFTTrainer as it comes (bfloat16
autocast, gradient checkpointing, 8 rows a device, so accumulating over two); `trl-tuned` drops
checkpointing and takes redink's allocator settings. `llamafactory` is set as in its own examples
(bfloat16 autocast, its own gradient checkpointing, here with 8 rows a device) and runs in the
Python that is named, for its pins and redink's exclude each other. Loading is not timed; memory is
the greatest resident size of the whole process.

`--random-config` is for a GPU: a model of random weights, rows of `--row-tokens` tokens, each
packed full of documents, full training in bfloat16 autocast over float32 weights. `trl-packed` is
SFTTrainer on the same packed rows, padding-free, without checkpointing, with flash attention and
Liger's kernels where they are installed. The first two steps are not timed and memory is the
card's. **It has run with the configuration `tiny` on a processor alone; no figure of a card exists
yet.**

How fast the machine multiplies matrices is measured first: it bounds every system. The share of
it (on a card the MFU) counts what the model needs: 6 operations for each weight and token, the
output head only where there is loss, and attention within documents, whatever a system computes
besides.

The last line is one JSON object: `speedup_over_trl`, `memory_ratio_to_trl` and
`largest_loss_difference` (over all steps), the same for every other system by name, and each
system's figures.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.training_machine import probe
from benchmarks.training_random import CONFIGURATIONS, DOCUMENTS, packed_rows, write_model
from benchmarks.training_systems import (
    LEARNING_RATE,
    MAX_TOKENS,
    TRAINERS,
    TRL_ROWS,
    WARM_UP,
    Work,
    timed_rows,
)

PEER = "llamafactory"
SKIPPED = 2
"""Steps that are not timed with random weights: a card's first ones choose and compile kernels."""


def main() -> None:
    """Measures every system and prints the table and the JSON line."""
    options = parsed()
    if options.child:
        work = json.loads(Path(options.work).read_text())
        print(json.dumps(child(options.child, work)))
        return
    with tempfile.TemporaryDirectory() as folder:
        work = random_work(options, Path(folder)) if options.random_config else real_work(options)
        path = Path(folder, "work.json")
        path.write_text(json.dumps(work))
        machine = run_child(options, "probe", path)
        found = {system: run_child(options, system, path) for system in options.systems}
    report(machine, found)


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", type=int, default=512, help="examples, or packed rows")
    parser.add_argument("--batch-size", type=int, default=16, help="examples or rows in a step")
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--systems", nargs="+", choices=(*TRAINERS, PEER))
    parser.add_argument("--llamafactory-python", type=Path, help="a Python with llamafactory")
    parser.add_argument("--random-config", choices=tuple(CONFIGURATIONS), help="for a GPU")
    parser.add_argument("--row-tokens", type=int, default=2048, help="of a packed row")
    parser.add_argument("--micro-batch-tokens", type=int, default=16384, help="packed ones at once")
    parser.add_argument("--data", help="not used")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    options = parser.parse_args()
    usual = ["redink", "trl-packed" if options.random_config else "trl"]
    usual += [PEER] if options.llamafactory_python else []
    options.systems = options.systems or usual
    if options.batch_size % min(options.batch_size, TRL_ROWS):
        parser.error(f"--batch-size must be below {TRL_ROWS} or a multiple of it")
    if PEER in options.systems and not options.llamafactory_python:
        parser.error(f"{PEER} needs --llamafactory-python, a Python in which it is installed")
    if options.random_config:
        check_packing(parser, options)
    elif "trl-packed" in options.systems:
        parser.error("trl-packed is for packed rows: give --random-config")
    return options


def check_packing(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Ends the program where rows of random documents cannot be made or shared out."""
    rows = options.micro_batch_tokens // options.row_tokens
    if rows < 1 or options.batch_size % min(rows, options.batch_size):
        parser.error("--batch-size must be a multiple of the rows in --micro-batch-tokens")
    if options.row_tokens < 8 * DOCUMENTS:
        parser.error(f"--row-tokens must be {8 * DOCUMENTS} or more")
    if options.examples <= SKIPPED * options.batch_size:
        parser.error(f"--examples must be more than {SKIPPED} steps have, which are not timed")
    if not {"redink", "trl-packed"}.issuperset(options.systems):
        parser.error("--random-config compares redink and trl-packed")


def real_work(options: argparse.Namespace) -> Work:
    """Critiques as token ids and the span that carries loss, shuffled, and the embedded model."""
    import redink
    from redink.models.loading import load_tokenizer
    from redink.models.resolve import resolve_model
    from redink.training.preflight import preflight
    from redink.training.rendering import examples_from

    count = options.examples
    source = resolve_model(options.model)
    problems = redink.load("gym:gsm_symbolic", n=count + count // 4, seed=11)
    critiques = redink.critique(redink.corrupt(problems, wrong=0.5, seed=11))
    flight = preflight(examples_from(critiques, "critique"), load_tokenizer(source), MAX_TOKENS)
    rows = [(list(row.ids), row.loss_from, row.loss_to) for row in flight.rows]
    random.Random(0).shuffle(rows)
    if len(rows) < count:
        raise SystemExit(f"{len(rows)} critiques could be made, not {count}")
    return {
        "folder": str(source.folder),
        "rows": rows[:count],
        "documents": 1,
        "batch_size": options.batch_size,
        "micro_batch_tokens": None,
        "skipped": 0,
    }


def random_work(options: argparse.Namespace, folder: Path) -> Work:
    """A model of random weights and packed rows."""
    name = options.random_config
    vocabulary = CONFIGURATIONS[name]["vocab_size"]
    return {
        "folder": str(write_model(name, options.row_tokens, folder / name)),
        "rows": packed_rows(options.examples, options.row_tokens, vocabulary),
        "documents": DOCUMENTS,
        "batch_size": options.batch_size,
        "micro_batch_tokens": options.micro_batch_tokens,
        "skipped": SKIPPED,
    }


def child(name: str, work: Work) -> dict[str, Any]:
    """What a process of its own finds."""
    return probe(work["folder"], timed_rows(work)) if name == "probe" else TRAINERS[name](work)


def run_child(options: argparse.Namespace, name: str, work: Path) -> dict[str, Any]:
    """One system, or the probe, in a fresh process."""
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "TRL_EXPERIMENTAL_SILENCE": "1"}
    command = [sys.executable, "-m", "benchmarks.training", "--child", name, "--work", str(work)]
    if name == PEER:
        # Its imports must not find this folder's files by their names.
        environment["PYTHONSAFEPATH"] = "1"
        script = Path(__file__).with_name("training_llamafactory.py")
        command = [str(options.llamafactory_python), str(script), str(work)]
        command += [str(options.batch_size), str(LEARNING_RATE), str(WARM_UP)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed; its errors stand above")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"{name}: {_short(found)}", file=sys.stderr, flush=True)
    return found


def report(machine: dict[str, Any], found: dict[str, dict[str, Any]]) -> None:
    """Prints the table and the JSON line."""
    rates = machine["gflops"]
    print(f"matrix products on {machine['device']}: {rates['bfloat16']:,.0f} Gflop/s in bfloat16,")
    print(f"{rates['float32']:,.0f} in float32; {machine['tokens']:,} tokens without padding")
    print(f"{'system':<13} {'tok/s':>8} {'seconds':>8} {'peak GiB':>9} {'of matmul':>10}  losses")
    for name, row in found.items():
        rate = machine["gflop_needed"] / row["seconds"]
        row["share_of_matmul_rate"] = round(rate / rates["bfloat16"], 3)
        ends = f"{row['losses'][0]:.4f} … {row['losses'][-1]:.4f}"
        print(
            f"{name:<13} {row['tokens_per_second']:>8.0f} {row['seconds']:>8.1f} "
            f"{row['peak_gib']:>9.2f} {row['share_of_matmul_rate']:>10.1%}  {ends}"
        )
    known = {"matmul_gflops": rates, "device": machine["device"], "systems": found}
    print(json.dumps(compared(found) | known))


def compared(found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """redink beside every other system; the names of `trl` are the plain ones."""
    summary: dict[str, Any] = {}
    ours = found.get("redink")
    for name, theirs in found.items():
        if ours is None or name == "redink":
            continue
        apart = [abs(a - b) for a, b in zip(ours["losses"], theirs["losses"], strict=True)]
        speedup = ours["tokens_per_second"] / theirs["tokens_per_second"]
        end = name.replace("-", "_")
        summary[f"speedup_over_{end}"] = round(speedup, 2)
        summary[f"memory_ratio_to_{end}"] = round(ours["peak_gib"] / theirs["peak_gib"], 3)
        loss = "largest_loss_difference" if name == "trl" else f"largest_loss_difference_to_{end}"
        summary[loss] = round(max(apart), 5)
    return summary


def _short(found: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in found.items() if key != "losses")


if __name__ == "__main__":
    main()
