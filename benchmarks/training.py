"""Training on critiques, against TRL's SFTTrainer with its defaults: speed, memory, losses.

    python -m benchmarks.training [--examples 512] [--batch-size 16] [--model smollm2-135m]
        [--systems redink trl trl-tuned]

The rows are Critique Fine-Tuning examples: problems of reasoning-gym's gsm_symbolic, half of
their solutions with one injected error, marked by the symbolic teacher. Every system trains in a
fresh process on the same token ids and loss masks, in the same order, with the same examples in a
step, learning rate, cosine schedule and clipping. `trl` is SFTTrainer as it comes (bfloat16
autocast, gradient checkpointing, 8 rows a device, so accumulating over two); `trl-tuned` drops
checkpointing and takes redink's allocator settings. Loading is not timed; memory is the greatest
resident size of the whole process.

How fast the machine multiplies matrices of the model's own shapes is measured first: it bounds
every system. The share of it counts what the model needs (6 operations for each weight and token,
the output head only where there is loss), whatever a system computes besides.

The last line is one JSON object: `speedup_over_trl`, `memory_ratio_to_trl`,
`largest_loss_difference` (to `trl`, over all steps), and each system's figures.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SYSTEMS = ("redink", "trl", "trl-tuned")
LEARNING_RATE, WARM_UP, MAX_TOKENS = 5e-6, 0.1, 1024
TRL_ROWS = 8
"""SFTTrainer's rows on one device, unless told otherwise."""
PROBE_TOKENS = 1024
"""Rows of the matrices whose products bound the training."""


def main() -> None:
    """Measures every system and prints the table and the JSON line."""
    options = parsed()
    if options.child:
        work = json.loads(Path(options.work).read_text())
        print(json.dumps(CHILDREN[options.child](options, work)))
        return
    with tempfile.TemporaryDirectory() as folder:
        options.work = str(Path(folder, "rows.json"))
        Path(options.work).write_text(json.dumps(critique_rows(options.model, options.examples)))
        probe = run_child(options, "probe")
        found = {system: run_child(options, system) for system in options.systems}
    report(probe, found)


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", type=int, default=512)
    parser.add_argument("--batch-size", type=int, default=16, help="examples in a step")
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=["redink", "trl"])
    parser.add_argument("--data", help="not used")
    parser.add_argument("--child", choices=tuple(CHILDREN), help=argparse.SUPPRESS)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.batch_size % min(options.batch_size, TRL_ROWS):
        parser.error(f"--batch-size must be below {TRL_ROWS} or a multiple of it")
    return options


def critique_rows(model: str, count: int) -> dict[str, Any]:
    """`count` critiques as token ids and the span that carries loss, shuffled."""
    import redink
    from redink.models.loading import load_tokenizer
    from redink.models.resolve import resolve_model
    from redink.training.preflight import preflight
    from redink.training.rendering import examples_from

    source = resolve_model(model)
    problems = redink.load("gym:gsm_symbolic", n=count + count // 4, seed=11)
    critiques = redink.critique(redink.corrupt(problems, wrong=0.5, seed=11))
    flight = preflight(examples_from(critiques, "critique"), load_tokenizer(source), MAX_TOKENS)
    rows = [(list(row.ids), row.loss_from, row.loss_to) for row in flight.rows]
    random.Random(0).shuffle(rows)
    if len(rows) < count:
        raise SystemExit(f"{len(rows)} critiques could be made, not {count}")
    return {"folder": str(source.folder), "rows": rows[:count]}


def run_child(options: argparse.Namespace, name: str) -> dict[str, Any]:
    """One system, or the probe, in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.training", "--child", name]
    command += ["--work", options.work, "--batch-size", str(options.batch_size)]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "TRL_EXPERIMENTAL_SILENCE": "1"}
    done = subprocess.run(
        [*command, "--model", options.model],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"{name}: {_short(found)}", file=sys.stderr, flush=True)
    return found


def probe_machine(options: argparse.Namespace, work: dict[str, Any]) -> dict[str, Any]:
    """Gflop/s of matrix products with the model's own shapes, and what the training needs."""
    from redink.models.memory import prepare_process

    prepare_process()
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(work["folder"], dtype=torch.float32)
    layer = [m for m in model.model.layers[0].modules() if isinstance(m, torch.nn.Linear)]
    head = model.get_output_embeddings().weight
    inner = sum(p.numel() for p in model.model.layers.parameters())
    tokens = sum(len(ids) for ids, _, _ in work["rows"])
    loss_tokens = sum(stop - start for _, start, stop in work["rows"])
    rates = {}
    for dtype in (torch.bfloat16, torch.float32):
        flop = seconds = 0.0
        for weight in {tuple(linear.weight.shape): linear.weight for linear in layer}.values():
            left = torch.randn(PROBE_TOKENS, weight.shape[1], dtype=dtype)
            right = weight.detach().to(dtype)
            flop += 2.0 * PROBE_TOKENS * weight.numel()
            seconds += min(_seconds(lambda a=left, b=right: a @ b.T) for _ in range(12))
        rates[str(dtype).removeprefix("torch.")] = round(flop / seconds / 1e9, 1)
    needed = 6.0 * (inner * tokens + head.numel() * loss_tokens)
    return {"gflops": rates, "gflop_needed": round(needed / 1e9), "tokens": tokens}


def train_with_redink(options: argparse.Namespace, work: dict[str, Any]) -> dict[str, Any]:
    """redink's own trainer."""
    from redink.models.loading import load_model, load_tokenizer
    from redink.models.quiet import quiet
    from redink.models.resolve import resolve_model

    source = resolve_model(options.model)
    tokenizer, model = load_tokenizer(source), load_model(source, "float32")
    from redink.training.encoding import Encoded
    from redink.training.trainer import build_trainer, ordered_dataset

    rows = [Encoded(tuple(ids), start, stop) for ids, start, stop in work["rows"]]
    watch = stopwatch()
    with quiet(), tempfile.TemporaryDirectory() as folder:
        trainer = build_trainer(
            model,
            tokenizer,
            ordered_dataset(rows, range(len(rows))),
            [watch],
            folder=Path(folder),
            learning_rate=LEARNING_RATE,
            batch_size=options.batch_size,
            warmup_ratio=WARM_UP,
            weight_decay=0.0,
            seed=0,
        )
        trainer.train()
    return figures(watch, trainer, work)


def train_with_trl(
    options: argparse.Namespace, work: dict[str, Any], **changed: Any
) -> dict[str, Any]:
    """SFTTrainer with its defaults, but for the batch, the schedule and the order of rows."""
    import torch
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    def mask(ids: list[int], start: int, stop: int) -> list[int]:
        return [0] * start + [1] * (stop - start) + [0] * (len(ids) - stop)

    dataset = Dataset.from_dict(
        {
            "input_ids": [ids for ids, _, _ in work["rows"]],
            "completion_mask": [mask(*row) for row in work["rows"]],
        }
    )
    rows = min(TRL_ROWS, options.batch_size)
    watch = stopwatch()
    with tempfile.TemporaryDirectory() as folder:
        config = SFTConfig(
            output_dir=folder,
            per_device_train_batch_size=rows,
            gradient_accumulation_steps=options.batch_size // rows,
            num_train_epochs=1,
            learning_rate=LEARNING_RATE,
            lr_scheduler_type="cosine",
            warmup_steps=WARM_UP,
            max_length=MAX_TOKENS,
            completion_only_loss=True,
            train_sampling_strategy="sequential",
            shuffle_dataset=False,
            save_strategy="no",
            logging_steps=1,
            report_to="none",
            use_cpu=not torch.cuda.is_available(),
            **changed,
        )
        trainer = SFTTrainer(
            model=work["folder"], args=config, train_dataset=dataset, callbacks=[watch]
        )
        trainer.train()
    return figures(watch, trainer, work)


def train_with_tuned_trl(options: argparse.Namespace, work: dict[str, Any]) -> dict[str, Any]:
    """SFTTrainer without gradient checkpointing, with redink's allocator settings."""
    from redink.models.memory import prepare_process

    prepare_process()
    return train_with_trl(options, work, gradient_checkpointing=False)


def stopwatch() -> Any:
    """A callback that notes when training begins and when each step ends."""
    from transformers import TrainerCallback

    class Stopwatch(TrainerCallback):
        def __init__(self) -> None:
            self.marks: list[float] = []

        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self.marks = [time.monotonic()]

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self.marks.append(time.monotonic())

    return Stopwatch()


def figures(watch: Any, trainer: Any, work: dict[str, Any]) -> dict[str, Any]:
    """Speed, memory and losses of a finished training."""
    tokens = sum(len(ids) for ids, _, _ in work["rows"])
    seconds = watch.marks[-1] - watch.marks[0]
    return {
        "tokens_per_second": round(tokens / seconds, 1),
        "seconds": round(seconds, 2),
        "peak_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
        "losses": [round(x["loss"], 5) for x in trainer.state.log_history if "loss" in x],
    }


def report(probe: dict[str, Any], found: dict[str, dict[str, Any]]) -> None:
    """Prints the table and the JSON line."""
    rates = probe["gflops"]
    print(f"matrix products of the model's shapes: {rates['bfloat16']:,.0f} Gflop/s in bfloat16,")
    print(f"{rates['float32']:,.0f} in float32; {probe['tokens']:,} tokens without padding")
    print(f"{'system':<10} {'tok/s':>7} {'seconds':>8} {'peak GiB':>9} {'of matmul':>10}  losses")
    for name, row in found.items():
        rate = probe["gflop_needed"] / row["seconds"]
        row["share_of_matmul_rate"] = round(rate / rates["bfloat16"], 3)
        ends = f"{row['losses'][0]:.4f} … {row['losses'][-1]:.4f}"
        print(
            f"{name:<10} {row['tokens_per_second']:>7.0f} {row['seconds']:>8.1f} "
            f"{row['peak_gib']:>9.2f} {row['share_of_matmul_rate']:>10.1%}  {ends}"
        )
    summary: dict[str, Any] = {}
    if {"redink", "trl"} <= set(found):
        ours, theirs = found["redink"], found["trl"]
        apart = [abs(a - b) for a, b in zip(ours["losses"], theirs["losses"], strict=True)]
        speedup = ours["tokens_per_second"] / theirs["tokens_per_second"]
        summary = {
            "speedup_over_trl": round(speedup, 2),
            "memory_ratio_to_trl": round(ours["peak_gib"] / theirs["peak_gib"], 3),
            "largest_loss_difference": round(max(apart), 5),
        }
    print(json.dumps({**summary, "matmul_gflops": rates, "systems": found}))


def _short(found: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in found.items() if key != "losses")


def _seconds(product: Any) -> float:
    started = time.perf_counter()
    product()
    return time.perf_counter() - started


CHILDREN = {
    "probe": probe_machine,
    "redink": train_with_redink,
    "trl": train_with_trl,
    "trl-tuned": train_with_tuned_trl,
}

if __name__ == "__main__":
    main()
