"""A model of random weights and rows packed full of random documents, for `benchmarks.training`.

Speed and memory do not depend on what the weights are, so that a model of any size can be measured
without a download. Documents are of random tokens; a fixed number of them fills each row exactly,
so that every system has the same tokens and no padding.
"""

import random
from pathlib import Path
from typing import Any

DOCUMENTS = 6
"""Documents in a packed row."""
LOSS_SHARE = 0.4
"""Of a document's tokens, at its end: in Critique Fine-Tuning the prompt is more than half."""
SHARED: dict[str, Any] = {"vocab_size": 151936, "tie_word_embeddings": True, "rms_norm_eps": 1e-6}
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "tiny": {
        "vocab_size": 512,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "tie_word_embeddings": True,
    },
    "1.5b": {
        **SHARED,
        "hidden_size": 1536,
        "intermediate_size": 8960,
        "num_hidden_layers": 28,
        "num_attention_heads": 12,
        "num_key_value_heads": 2,
    },
    "3b": {
        **SHARED,
        "hidden_size": 2048,
        "intermediate_size": 11008,
        "num_hidden_layers": 36,
        "num_attention_heads": 16,
        "num_key_value_heads": 2,
    },
}
"""Settings of transformers' Qwen2Config. `1.5b` and `3b` have Qwen2.5's shapes; `tiny` is to see
that everything runs."""


def write_model(name: str, row_tokens: int, folder: Path) -> Path:
    """Writes float32 weights, 4 bytes for each, and a tokenizer of the ids' own names."""
    import torch
    from tokenizers import Tokenizer, models
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast, Qwen2Config

    device = "cuda" if torch.cuda.is_available() else "cpu"
    config = Qwen2Config(**CONFIGURATIONS[name], max_position_embeddings=max(row_tokens, 4096))
    torch.manual_seed(0)
    with torch.device(device):
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.save_pretrained(folder)
    words = {"<pad>": 0, "<eos>": 1} | {str(n): n for n in range(2, config.vocab_size)}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel(words, unk_token="<pad>")),
        pad_token="<pad>",
        eos_token="<eos>",
    )
    tokenizer.save_pretrained(folder)
    return folder


def packed_rows(count: int, row_tokens: int, vocabulary: int) -> list[tuple[list[int], int, int]]:
    """Documents that fill `count` rows, `DOCUMENTS` to a row, in order.

    Args:
        count: rows.
        row_tokens: tokens of a row, at least 8 for each of its documents.
        vocabulary: tokens that the model knows.

    Returns each document's token ids and the first and last place that carries loss.
    """
    draw = random.Random(0)
    rows = []
    for _ in range(count):
        for length in _lengths(draw, row_tokens):
            ids = [draw.randrange(2, vocabulary) for _ in range(length)]
            rows.append((ids, length - round(LOSS_SHARE * length), length))
    return rows


def _lengths(draw: random.Random, total: int) -> list[int]:
    """`DOCUMENTS` lengths, none below half of the mean, that add up to `total`."""
    least = total // (2 * DOCUMENTS)
    spare = total - least * DOCUMENTS
    cuts = sorted(draw.randrange(spare + 1) for _ in range(DOCUMENTS - 1))
    return [least + b - a for a, b in zip([0, *cuts], [*cuts, spare], strict=True)]
