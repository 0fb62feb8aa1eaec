"""A language model over whole lines whose next line depends on the last one with known chances.

A Llama of one layer that adds nothing to its residual stream, so that the newest token alone says
what comes next: its embedding is one of a few unit vectors, the head holds logarithms of chances.
"""

import math
from pathlib import Path

from redink.records import InjectedError, Problem, Response, problem_id, response_id
from redink.tables import response_table

RIGHT, SLIP = "12 + 3 = 15", "12 + 3 = 16"
DOUBLED, SLIPPED = "15 * 2 = 30", "16 * 2 = 32"
AGAIN = "12 + 3 is 15 after all"
GOOD, BAD = "#### 30", "#### 32"
LINES = (RIGHT, SLIP, DOUBLED, SLIPPED, AGAIN, GOOD, BAD)
END, ROLE = "<|end|>", "<|answer|>"
TEMPLATE = (
    "{% for message in messages %}{% if message.role == 'assistant' %}"
    "{{ '<|answer|>' + message.content + '<|end|>' }}{% else %}{{ message.content + '\\n' }}"
    "{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|answer|>' }}{% endif %}"
)


def question(number):
    return f"Question {number}?"


def make_chain(folder: Path, chances, questions: int) -> Path:
    """Writes the model. `chances` maps a line, or ROLE for the beginning of an answer, to the
    lines that may follow it and their chances; a final answer ends the turn."""
    import torch
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    breaking = [f"{line}\n" for line in LINES if line not in (GOOD, BAD)]
    asked = [f"{question(number)}\n" for number in range(questions)]
    names = ["<unk>", END, ROLE, *breaking, GOOD, BAD, *asked]
    ids = {name: place for place, name in enumerate(names)}
    raw = Tokenizer(models.WordLevel(ids, unk_token="<unk>"))
    raw.pre_tokenizer = pre_tokenizers.Split(Regex("[^\n]*\n"), "isolated")
    raw.decoder = decoders.Fuse()
    raw.add_special_tokens([END, ROLE])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, eos_token=END, unk_token="<unk>", pad_token=END
    )
    tokenizer.chat_template = TEMPLATE
    states = 16
    config = LlamaConfig(
        vocab_size=len(names), hidden_size=states, intermediate_size=16, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=64,
        tie_word_embeddings=False, eos_token_id=ids[END], pad_token_id=ids[END], bos_token_id=None,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.fill_(1.0 if "norm" in name else 0.0)
        head = model.lm_head.weight.fill_(-60 / math.sqrt(states))
        follows = chances | {GOOD: {END: 1.0}, BAD: {END: 1.0}}
        for place, (line, after) in enumerate(follows.items()):
            model.model.embed_tokens.weight[_id(ids, line), place] = 1.0
            for name, chance in after.items():
                head[_id(ids, name), place] = math.log(chance) / math.sqrt(states)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _id(ids, line):
    return ids.get(line, ids.get(f"{line}\n"))


def problems(count):
    asked = [question(number) for number in range(count)]
    return [Problem(problem_id(q, "30"), q, "30") for q in asked]


def wrong_responses(asked):
    """To each problem a response whose second step holds a known error, in its result."""
    text = "\n".join([RIGHT, SLIPPED, BAD])
    error = InjectedError("wrong_operand", 1, "15", "16")
    rows = [
        Response(
            response_id(problem.id, text, "corrupt"), problem.id, text, "corrupt",
            answer="32", outcome="wrong", finish="stop", error=error,
        )
        for problem in asked
    ]  # fmt: skip
    return response_table(rows, {problem.id: problem for problem in asked})


def right_responses(asked):
    text = "\n".join([RIGHT, DOUBLED, GOOD])
    rows = [
        Response(
            response_id(problem.id, text, "respond"), problem.id, text, "respond",
            answer="30", outcome="correct", finish="stop",
        )
        for problem in asked
    ]  # fmt: skip
    return response_table(rows, {problem.id: problem for problem in asked})


CHANCES = {
    ROLE: {RIGHT: 0.6, SLIP: 0.4},
    RIGHT: {DOUBLED: 0.2, SLIPPED: 0.8},
    SLIP: {SLIPPED: 1.0},
    DOUBLED: {GOOD: 1.0},
    SLIPPED: {AGAIN: 0.1, BAD: 0.9},
    AGAIN: {DOUBLED: 1.0},
}
"""The student succeeds from RIGHT with 0.2 + 0.8 * 0.1, from SLIPPED with 0.1."""
FROM_RIGHT, FROM_SLIPPED = 0.2 + 0.8 * 0.1, 0.1
