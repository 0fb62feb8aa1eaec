"""Small tokenizers and two-layer models for the families."""

import json
from pathlib import Path

from tests.training.families import Family

TEXT = [
    "Is number 12 + 34 = 46 right? State what is wrong in the solution, then answer OK.",
    "Critique: step 1 is fine. It should be 78, not 90. Conclusion: right wrong system user model",
    "the answer of the question and the solution of the problem are the same in each line\n",
]
LINES = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
"""Pieces among which line breaks stay together, and apart from the word that follows."""


def make_tokenizer(family: Family):
    """The family's small tokenizer, of some 400 tokens."""
    from tokenizers import AddedToken, processors
    from transformers import PreTrainedTokenizerFast

    lines, prefixed = family.pieces == "lines", family.pieces == "metaspace"
    raw = _bytes(lines) if lines or family.pieces == "bytes" else _spaces(prefixed)
    raw.add_special_tokens(
        [AddedToken(text, special=True, rstrip=family.swallows) for text in family.special]
    )
    raw.add_tokens([AddedToken(text, special=False) for text in family.words])
    if family.begins:
        raw.post_processor = processors.TemplateProcessing(
            single=f"{family.bos} $A", special_tokens=[(family.bos, raw.token_to_id(family.bos))]
        )
    roles = {"bos_token": family.bos, "eos_token": family.eos, "pad_token": family.pad}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw,
        add_prefix_space=prefixed,
        **{role: text for role, text in roles.items() if text},
    )
    tokenizer.chat_template = family.template
    return tokenizer


def _bytes(lines: bool):
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    if lines:
        raw.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(LINES), "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
    raw.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    raw.train_from_iterator(
        [*TEXT, "\n\n\n\n", "  \n"],
        trainers.BpeTrainer(vocab_size=340, initial_alphabet=alphabet, show_progress=False),
    )
    return raw


def _spaces(prefixed: bool):
    """BPE as sentencepiece does it: `▁` for a space, bytes where a letter is unknown."""
    from tokenizers import Tokenizer, decoders, models, normalizers, trainers

    raw = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    raw.train_from_iterator(
        [text.replace(" ", "▁").replace("\n", "") for text in TEXT],
        trainers.BpeTrainer(
            vocab_size=140, special_tokens=["<unk>"], show_progress=False, initial_alphabet=["▁"]
        ),
    )
    content = json.loads(raw.to_str())
    for byte in range(256):
        content["model"]["vocab"][f"<0x{byte:02X}>"] = len(content["model"]["vocab"])
    raw = Tokenizer.from_str(json.dumps(content))
    spaces = normalizers.Replace(" ", "▁")
    text = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    if prefixed:
        raw.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), spaces])
        raw.decoder = decoders.Sequence([*text, decoders.Strip(content=" ", left=1)])
    else:
        raw.normalizer, raw.decoder = spaces, decoders.Sequence(text)
    return raw


def make_model(family: Family, folder: Path) -> Path:
    """Writes a two-layer model with the family's tokenizer as a transformers folder."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = make_tokenizer(family)
    torch.manual_seed(0)
    config = LlamaConfig(
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
        bos_token_id=tokenizer.bos_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
