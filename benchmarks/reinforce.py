"""Reinforcement: rollouts per second and step time, against TRL's GRPOTrainer.

    python -m benchmarks.reinforce [--model smollm2-135m] [--problems 4] [--samples 8]
        [--max-tokens 128] [--steps 4] [--systems redink redink-rloo trl trl-tuned]

Every system trains in a fresh process from the same model on the same problems (sums), with as
many problems and samples a step, the same temperature, the same limit of new tokens and the same
reward (the right answer). `redink` is `algorithm: grpo` without a reference, `redink-rloo` T1's
objective with its moving reference, whose extra forward passes TRL's default does not make. `trl`
is GRPOTrainer as it comes: float32, gradient checkpointing, 8 rows a device, so accumulating over
the rest, transformers' `generate`; `trl-tuned` computes in bfloat16 autocast without
checkpointing and takes redink's allocator settings. Models write texts of different lengths from
different draws: tokens per second, sampled ones, are given beside rollouts per second. Loading and
the first step are not timed; memory is the greatest resident size of the process, on a card its
own.

The last line is one JSON object: each system's figures, and `speedup_over_trl` for every other.
"""

import argparse
import itertools
import json
import math
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from redink.records import Problem, problem_id

TEMPERATURE, LEARNING_RATE = 1.0, 1e-6
TRL_ROWS = 8
"""Rows a device, TRL's default."""


def main() -> None:
    """Measures every system and prints the table and the JSON line."""
    options = parsed()
    if options.child:
        print(json.dumps(SYSTEMS[options.child](options)))
        return
    found = {system: run_child(options, system) for system in options.systems}
    report(found)


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="smollm2-135m", help="a model's name or folder")
    parser.add_argument("--problems", type=int, default=4, help="in a step")
    parser.add_argument("--samples", type=int, default=8, help="of each problem")
    parser.add_argument("--max-tokens", type=int, default=128, help="of a rollout")
    parser.add_argument("--steps", type=int, default=4, help="the first is not timed")
    parser.add_argument("--systems", nargs="+", default=list(SYSTEMS), choices=list(SYSTEMS))
    parser.add_argument("--child", choices=list(SYSTEMS), help=argparse.SUPPRESS)
    return parser.parse_args()


def run_child(options: argparse.Namespace, system: str) -> dict[str, Any]:
    """One system's figures, from a process of its own."""
    words = [f"--{name.replace('_', '-')}" for name in ("model", "problems", "samples")]
    words += ["--max-tokens", "--steps"]
    values = [options.model, options.problems, options.samples, options.max_tokens, options.steps]
    pairs = [str(part) for pair in zip(words, values, strict=True) for part in pair]
    command = [sys.executable, "-m", "benchmarks.reinforce", *pairs, "--child", system]
    environment = os.environ | ({"REDINK_MALLOC": "default"} if system == "trl" else {})
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{system} failed with status {done.returncode}; its words are above")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    print(f"{system}: {found['rollouts_per_second']:.2f} rollouts/s", file=sys.stderr, flush=True)
    return found


def problems(count: int) -> list[Problem]:
    """Sums of two and three terms."""
    draw = random.Random(0)
    rows = []
    for _ in range(count):
        terms = [draw.randint(2, 99) for _ in range(draw.randint(2, 3))]
        question, answer = f"What is {' + '.join(map(str, terms))}?", str(sum(terms))
        rows.append(Problem(problem_id(question, answer), question, answer))
    return rows


def figures(times: list[float], tokens: list[float], rollouts: int) -> dict[str, Any]:
    """From each timed step's seconds and sampled tokens to a system's figures."""
    seconds = sum(times)
    return {
        "step_seconds": seconds / len(times),
        "rollouts_per_second": rollouts * len(times) / seconds,
        "sampled_tokens_per_second": sum(tokens) / seconds,
        "tokens_per_rollout": sum(tokens) / (rollouts * len(times)),
        "memory_gib": _memory() / 2**30,
        "device": _device(),
    }


def _memory() -> float:
    import torch

    if torch.cuda.is_available():
        return float(torch.cuda.max_memory_allocated())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


def _device() -> str:
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"


def redink(options: argparse.Namespace, **settings: Any) -> dict[str, Any]:
    """redink's own training, from its log."""
    from redink.models.resolve import resolve_model
    from redink.reinforcement.rollouts import read_steps
    from redink.reinforcement.training import train_policy
    from redink.rewards import Reward

    given = {
        "algorithm": "grpo", "steps": options.steps, "problems_per_step": options.problems,
        "samples": options.samples, "max_tokens": options.max_tokens, "temperature": TEMPERATURE,
        "learning_rate": LEARNING_RATE, "beta": 0.0, "reference": "fixed", "entropy": 0.0,
        "checkpoint_seconds": 1e9,
    } | settings  # fmt: skip
    rows = problems(options.problems * options.steps)
    with tempfile.TemporaryDirectory() as folder, Reward({"correct": 1.0}) as reward:
        train_policy(resolve_model(options.model), rows, reward, given, Path(folder), "redink")
        steps = read_steps(Path(folder))[1:]
    tokens = [step["tokens"] * step["rollouts"] for step in steps]
    return figures([step["seconds"] for step in steps], tokens, options.problems * options.samples)


def redink_rloo(options: argparse.Namespace) -> dict[str, Any]:
    """T1's objective with its moving reference and entropy bonus."""
    extra = {"algorithm": "rloo", "beta": 2e-4, "reference": "moving", "entropy": 1e-3}
    return redink(options, **extra)


def trl(options: argparse.Namespace, **settings: Any) -> dict[str, Any]:
    """GRPOTrainer, by its own clock between the ends of steps."""
    from datasets import Dataset
    from transformers import TrainerCallback
    from trl import GRPOConfig, GRPOTrainer

    from redink.grading.grader import grade_many
    from redink.models.loading import load_model, load_tokenizer
    from redink.models.resolve import resolve_model

    source = resolve_model(options.model)
    rows = problems(options.problems * options.steps)
    by_question = {row.question: row for row in rows}
    rollouts, ends, tokens = options.problems * options.samples, [], []

    def reward(prompts: Any, completions: Any, completion_ids: Any, **others: Any) -> list[float]:
        tokens.append(float(sum(map(len, completion_ids))))
        asked = [by_question[prompt[-1]["content"]] for prompt in prompts]
        texts = [completion[0]["content"] for completion in completions]
        pairs = [(text, row, None) for text, row in zip(texts, asked, strict=True)]
        return [float(grade.outcome == "correct") for grade in grade_many(pairs)]

    class Clock(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, *args: Any, **kwargs: Any) -> None:
            ends.append(time.monotonic())

    rows_at_once = math.gcd(TRL_ROWS, rollouts)
    with tempfile.TemporaryDirectory() as folder:
        config = GRPOConfig(
            output_dir=folder, num_generations=options.samples, max_steps=options.steps,
            per_device_train_batch_size=rows_at_once,
            gradient_accumulation_steps=rollouts // rows_at_once, temperature=TEMPERATURE,
            max_completion_length=options.max_tokens, learning_rate=LEARNING_RATE,
            report_to="none", save_strategy="no", logging_steps=1, disable_tqdm=True,
            use_cpu=_device() == "cpu", **{"bf16": False} | settings,
        )  # fmt: skip
        trainer = GRPOTrainer(
            model=load_model(source),
            reward_funcs=reward,
            args=config,
            train_dataset=Dataset.from_list(
                [{"prompt": [{"role": "user", "content": row.question}]} for row in rows]
            ),
            processing_class=load_tokenizer(source),
            callbacks=[Clock()],
        )
        trainer.train()
    times = [after - before for before, after in itertools.pairwise(ends)]
    return figures(times, tokens[1:], rollouts)


def trl_tuned(options: argparse.Namespace) -> dict[str, Any]:
    """GRPOTrainer in bfloat16 autocast, without checkpointing."""
    return trl(options, bf16=True, gradient_checkpointing=False)


SYSTEMS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "redink": redink,
    "redink-rloo": redink_rloo,
    "trl": trl,
    "trl-tuned": trl_tuned,
}


def report(found: dict[str, dict[str, Any]]) -> None:
    """Prints the table and the JSON line."""
    columns = {
        "step_seconds": "s/step",
        "rollouts_per_second": "rollouts/s",
        "sampled_tokens_per_second": "tokens/s",
        "tokens_per_rollout": "tokens each",
        "memory_gib": "GiB",
    }
    print(f"{'':14}" + "".join(f"{title:>13}" for title in columns.values()))
    for system, values in found.items():
        print(f"{system:14}" + "".join(f"{values[name]:13.2f}" for name in columns))
    facts: dict[str, Any] = {"systems": found}
    if "trl" in found:
        base = found["trl"]["rollouts_per_second"]
        facts["speedup_over_trl"] = {
            system: values["rollouts_per_second"] / base
            for system, values in found.items()
            if system != "trl"
        }
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
