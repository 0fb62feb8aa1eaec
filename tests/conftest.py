"""A tiny world: a tokenizer and a two-layer model made in a second, in a folder of their own."""

import gc
import os
import signal
import sys
from pathlib import Path

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("REDINK_ENGINE", "transformers")
# Matrices this small gain nothing from a second thread, and waiting for it took most of the time:
# beside other work on two cores a training took 3.0 s with two threads, 0.8 s with one, evaluating
# three models 2.6 s and 0.3 s.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell starts what it puts into the background with Ctrl-C ignored, and all children inherit it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_HEAVY = 400
"""Modules that are imported together at least where torch, transformers or TRL are."""
_modules = 0


def pytest_runtest_teardown() -> None:
    """What imports leave is never garbage: without it a collection takes 0.3 s less."""
    freeze_imports()


def freeze_imports() -> None:
    """Keeps what has been imported lately out of later garbage collections."""
    global _modules
    if len(sys.modules) - _modules > _HEAVY:
        gc.collect()
        gc.freeze()
        _modules = len(sys.modules)


@pytest.fixture(scope="session")
def trainer_loaded() -> None:
    """For many trainings in one fixture: their imports are frozen before the first."""
    import redink.training.trainer  # noqa: F401

    freeze_imports()


TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TEXT = [
    "State the final answer to the following arithmetic problem: 12 + 34 - 56 =",
    "Please critique whether the following solution to the question is correct.",
    "Question: Solution: Step 1 is fine. It should be 78, not 90. Conclusion: right wrong",
]


def make_student(folder: Path, seed: int = 0) -> Path:
    """Writes a two-layer Llama with a byte-level tokenizer as a transformers folder."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    raw.train_from_iterator(
        TEXT,
        trainers.BpeTrainer(
            vocab_size=320,
            special_tokens=special,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    tokenizer.chat_template = TEMPLATE
    torch.manual_seed(seed)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            max_position_embeddings=512,
            tie_word_embeddings=True,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            bos_token_id=None,
        )
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_student(tmp_path_factory) -> Path:
    """Folder of the tiny student."""
    return make_student(tmp_path_factory.mktemp("models") / "tiny")
