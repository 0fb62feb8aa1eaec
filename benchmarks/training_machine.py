"""What a machine can multiply, and what a training needs, for `benchmarks.training`."""

import time
from collections.abc import Iterable
from typing import Any

PROBE_TOKENS = 1024
"""Rows of the matrices whose products bound the training on a processor."""
SQUARE = 8192
"""Of the matrices whose product tells a card's rate."""
REPEATS = 12


def probe(folder: str, rows: Iterable[Any]) -> dict[str, Any]:
    """Gflop/s of matrix products, and the Gflop that training on `rows` needs.

    On a processor the products have the shapes of the model's layers; on a card one large square
    product tells what it can do at best.

    Args:
        folder: of the model.
        rows: token ids and the first and last place with loss, of each document.
    """
    from redink.models.memory import prepare_process

    prepare_process()
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder))
    layers = model.model.layers
    shapes = {tuple(m.weight.shape) for m in layers[0].modules() if isinstance(m, torch.nn.Linear)}
    card = torch.cuda.is_available()
    products: list[tuple[int, ...]] = [(PROBE_TOKENS, *shape) for shape in sorted(shapes)]
    if card:
        products = [(SQUARE, SQUARE, SQUARE)]
    rates = {
        str(dtype).removeprefix("torch."): round(_rate(products, dtype), 1)
        for dtype in (torch.bfloat16, torch.float32)
    }
    inner = sum(parameter.numel() for parameter in layers.parameters())
    head = model.get_output_embeddings().weight.numel()
    config = model.config
    width = config.num_attention_heads * layers[0].self_attn.head_dim
    spans = [(len(ids), stop - start) for ids, start, stop in rows]
    needed = operations(spans, inner, head, config.num_hidden_layers * width)
    return {
        "gflops": rates,
        "gflop_needed": round(needed / 1e9),
        "tokens": sum(tokens for tokens, _ in spans),
        "device": torch.cuda.get_device_name() if card else "cpu",
    }


def operations(spans: Iterable[tuple[int, int]], inner: int, head: int, attended: int) -> float:
    """Floating-point operations that training on documents needs, whatever a system does besides.

    Forward and backward together 6 for each weight and token, the output head's only where there
    is loss; attention 6 for each pair of a token and one before it in its document and each
    channel, twice over (scores and weighted sum).

    Args:
        spans: tokens and loss-bearing tokens of each document.
        inner: weights of the layers.
        head: weights of the output head.
        attended: channels of the attention of all layers together.
    """
    return sum(
        6.0 * (inner * tokens + head * loss) + 12.0 * attended * tokens * (tokens + 1) / 2
        for tokens, loss in spans
    )


def _rate(products: list[tuple[int, ...]], dtype: Any) -> float:
    """Gflop/s of products of shape (rows, out, in), the best of several each."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    flop = seconds = 0.0
    for rows, out, inside in products:
        left = torch.randn(rows, inside, dtype=dtype, device=device)
        right = torch.randn(out, inside, dtype=dtype, device=device)
        flop += 2.0 * rows * out * inside
        seconds += min(_seconds(left, right) for _ in range(REPEATS))
    return flop / seconds / 1e9


def _seconds(left: Any, right: Any) -> float:
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()
    started = time.perf_counter()
    left @ right.T
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - started
