"""Critique Fine-Tuning in one file: what `redink finetune` does, without its abstractions.

    python examples/flat_twin.py MODEL_FOLDER EXAMPLES.jsonl OUT_FOLDER [--epochs 1] ...

MODEL_FOLDER is a chat model as transformers saves it. A line of EXAMPLES.jsonl is an example in
TRL's prompt-completion format, as `redink export --format trl` writes it:

    {"prompt": [{"role": "user", "content": "..."}], "completion": [{"role": "assistant", ...}]}

It needs torch and transformers alone. What redink adds is left out on purpose: checkpoints and
resume, counts before the start, validation, micro-batches, packing, several processes. The losses
are the same; a test keeps them so.
"""

import argparse
import json
import math
import random
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, AutoTokenizer

NO_LOSS = -100


def parse_arguments() -> argparse.Namespace:
    """The command line; the defaults are redink's."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("examples", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--learning-rate", type=float, default=5e-6)
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--batch-size", type=int, default=16, help="examples in a step")
    parser.add_argument("--max-tokens", type=int, default=1024, help="longer examples are dropped")
    parser.add_argument("--warmup-ratio", type=float, default=0.1)
    parser.add_argument("--weight-decay", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--precision", choices=("bf16", "fp32"), default="bf16")
    return parser.parse_args()


def encode(example: dict[str, Any], tokenizer: Any) -> tuple[list[int], list[int]]:
    """Token ids and labels of one example: loss on the answer and its end of turn, no more."""
    prompt, completion = example["prompt"], example["completion"]
    start = tokenizer.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)
    whole = tokenizer.apply_chat_template(prompt + completion, tokenize=False)
    assert whole.startswith(start), "this chat template changes a prompt once it is answered"
    prompt_ids = tokenizer(start, add_special_tokens=False)["input_ids"]
    answer_ids = tokenizer(whole[len(start) :], add_special_tokens=False)["input_ids"]
    special = {number for number, t in tokenizer.added_tokens_decoder.items() if t.special}
    end = next(place for place, token in enumerate(answer_ids) if token in special) + 1
    after = len(answer_ids) - end
    labels = [NO_LOSS] * len(prompt_ids) + answer_ids[:end] + [NO_LOSS] * after
    return prompt_ids + answer_ids, labels


def training_order(rows: int, epochs: float, seed: int) -> list[int]:
    """Row numbers: a new permutation for each epoch, the first part of one for a fraction."""
    order: list[int] = []
    total = max(1, round(rows * epochs))
    for epoch in range(math.ceil(total / rows)):
        permutation = list(range(rows))
        random.Random(f"{seed}-{epoch}").shuffle(permutation)
        order += permutation
    return order[:total]


def pad(rows: list[tuple[list[int], list[int]]]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Token ids, labels and attention mask of a step, each (rows, longest row)."""
    longest = max(len(ids) for ids, _ in rows)
    ids = torch.tensor([ids + [0] * (longest - len(ids)) for ids, _ in rows])
    labels = torch.tensor([labels + [NO_LOSS] * (longest - len(labels)) for _, labels in rows])
    mask = torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids, _ in rows])
    return ids, labels, mask


def rate_at(step: int, steps: int, warmup: int, peak: float) -> float:
    """Learning rate of step 0, 1, …: up to the peak in a line, down to zero in half a cosine."""
    if step < warmup:
        return peak * step / max(1, warmup)
    done = (step - warmup) / max(1, steps - warmup)
    return peak * 0.5 * (1 + math.cos(math.pi * done))


def train(
    model: Any,
    rows: list[tuple[list[int], list[int]]],
    *,
    learning_rate: float,
    epochs: float,
    batch_size: int,
    warmup_ratio: float,
    weight_decay: float,
    seed: int,
    precision: str,
) -> list[float]:
    """Trains `model` (float32) in place; returns the loss of every step before its update."""
    order = training_order(len(rows), epochs, seed)
    steps = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    warmup = math.ceil(len(steps) * warmup_ratio)
    # Norms and biases are not decayed.
    decayed = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    groups = [
        {"params": decayed, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9, 0.999), eps=1e-8)
    model.train()
    losses = []
    for number, step in enumerate(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate_at(number, len(steps), warmup, learning_rate)
        ids, labels, mask = (tensor.to(model.device) for tensor in pad([rows[r] for r in step]))
        with torch.autocast(model.device.type, torch.bfloat16, enabled=precision == "bf16"):
            logits = model(input_ids=ids, attention_mask=mask).logits
        # The token at t predicts the one at t + 1; the mean is over the step's completion tokens.
        loss = F.cross_entropy(
            logits[:, :-1].flatten(0, 1).float(), labels[:, 1:].flatten(), ignore_index=NO_LOSS
        )
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        print(f"step {number + 1}/{len(steps)}  loss {losses[-1]:.4f}", flush=True)
    return losses


def main() -> None:
    """Reads, trains, saves."""
    arguments = vars(parse_arguments())
    folder, examples, out = (arguments.pop(name) for name in ("model", "examples", "out"))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    model.to("cuda" if torch.cuda.is_available() else "cpu")
    encoded = [encode(json.loads(line), tokenizer) for line in examples.open()]
    longest = arguments.pop("max_tokens")
    train(model, [row for row in encoded if len(row[0]) <= longest], **arguments)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)


if __name__ == "__main__":
    main()
