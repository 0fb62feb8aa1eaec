"""Small models in the style of each family: their chat templates and ways of tokenizing.

The templates are written here after what the families' own do: the same order of control tokens,
line breaks, default system prompts, thinking blocks and refusals.
"""

from dataclasses import dataclass
from typing import Literal

CHATML = """\
{% for message in messages %}
{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}
{%- endfor %}
{% if add_generation_prompt %}
{{ '<|im_start|>assistant\\n' }}
{%- endif %}
"""
QWEN25 = """\
{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- else %}
    {{- '<|im_start|>system\\nYou answer well and in few words.<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if not (loop.first and message.role == 'system') %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""
QWEN3 = """\
{%- set seen = namespace(question=0) %}
{%- for message in messages %}
    {%- if message.role == 'user' %}{% set seen.question = loop.index0 %}{% endif %}
{%- endfor %}
{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' }}
    {%- set thought, said = '', message.content %}
    {%- if message.role == 'assistant' and '</think>' in said %}
        {%- set thought = said.split('</think>')[0].split('<think>')[-1].strip('\\n') %}
        {%- set said = said.split('</think>')[-1].lstrip('\\n') %}
    {%- endif %}
    {%- if message.role == 'assistant' and loop.index0 > seen.question %}
        {{- '<think>\\n' + thought + '\\n</think>\\n\\n' }}
    {%- endif %}
    {{- said + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}
"""
LLAMA3 = """\
{{- bos_token }}
{%- if not date_string is defined %}{% set date_string = strftime_now('%d %b %Y') %}{% endif %}
{{- '<|start_header_id|>system<|end_header_id|>\\n\\nToday Date: ' + date_string + '\\n\\n' }}
{%- if messages[0].role == 'system' %}
    {{- messages[0].content | trim }}
    {%- set messages = messages[1:] %}
{%- endif %}
{{- '<|eot_id|>' }}
{%- for message in messages %}
    {{- '<|start_header_id|>' + message.role + '<|end_header_id|>\\n\\n' }}
    {{- message.content | trim + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
"""
GEMMA = """\
{{ bos_token }}
{%- if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}
{%- for message in messages %}
    {%- set role = 'model' if message['role'] == 'assistant' else message['role'] %}
    {{- '<start_of_turn>' + role + '\\n' + message['content'] | trim + '<end_of_turn>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}
"""
MISTRAL = """\
{{- bos_token }}
{%- for message in messages %}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{- raise_exception('roles must alternate') }}
    {%- endif %}
    {%- if message['role'] == 'user' %}
        {{- '[INST] ' + message['content'] + ' [/INST]' }}
    {%- else %}
        {{- ' ' + message['content'] + eos_token }}
    {%- endif %}
{%- endfor %}
"""
PHI3 = """\
{% for message in messages %}
{{ '<|' + message['role'] + '|>\\n' + message['content'] + '<|end|>\\n' }}
{%- endfor %}
{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% else %}{{ eos_token }}{% endif %}
"""
DEEPSEEK = """\
{{- bos_token }}
{%- for message in messages %}
    {%- if message['role'] == 'system' %}{{ message['content'] }}{% endif %}
    {%- if message['role'] == 'user' %}{{ '<｜User｜>' + message['content'] }}{% endif %}
    {%- if message['role'] == 'assistant' %}
        {{- '<｜Assistant｜>' + message['content'] + '<｜end▁of▁sentence｜>' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<｜Assistant｜>' }}{% endif %}
"""
ZEPHYR = """\
{% for message in messages %}
{{ '<|' + message['role'] + '|>\\n' + message['content'] + eos_token + '\\n' }}
{%- endfor %}
{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}
"""
HARMONY = """\
{{- '<|start|>system<|message|>Current date: ' + strftime_now('%Y-%m-%d') + '<|end|>' }}
{%- for message in messages %}
    {%- if message.role == 'assistant' %}
        {{- '<|start|>assistant<|channel|>final<|message|>' + message.content }}
        {{- '<|return|>' if loop.last else '<|end|>' }}
    {%- else %}
        {{- '<|start|>' + message.role + '<|message|>' + message.content + '<|end|>' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|start|>assistant' }}{% endif %}
"""

Pieces = Literal["bytes", "lines", "metaspace", "spaces"]
"""`bytes` is byte-level BPE that parts the last white space from what follows (GPT-2), `lines`
byte-level BPE that keeps line breaks together (Llama 3), `metaspace` BPE in which `▁` is a space
and every text begins with one (sentencepiece), `spaces` the same without that first one (Gemma)."""


@dataclass(frozen=True)
class Family:
    """A family's template and how its models tokenize."""

    name: str
    template: str | None
    special: tuple[str, ...]
    """Its control tokens."""
    eos: str
    end_of_turn: str
    bos: str | None = None
    pad: str | None = None
    pieces: Pieces = "bytes"
    begins: bool = False
    """Whether the tokenizer itself writes `bos` before a text."""
    words: tuple[str, ...] = ()
    """Added tokens that are no control tokens."""
    swallows: bool = False
    """Whether control tokens take the white space after them."""
    system: bool = True
    """Whether the template takes a system message."""
    extends: bool = True
    """Whether an answered turn stays as it was once another follows."""


_IM = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_HEADERS = ("<|start_header_id|>", "<|end_header_id|>")
_SENTENCE = ("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>")
_PHI = ("<unk>", "<s>", "<|endoftext|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>")
_HARMONY = ("<|endoftext|>", "<|start|>", "<|message|>", "<|channel|>", "<|end|>", "<|return|>")
_LLAMA2 = ("<unk>", "<s>", "</s>")

FAMILIES = (
    Family("smollm2", CHATML, _IM, "<|im_end|>", "<|im_end|>", pad="<|im_end|>"),
    Family("qwen2.5", QWEN25, _IM, "<|im_end|>", "<|im_end|>", pad="<|endoftext|>", pieces="lines"),
    Family("qwen2.5-base", QWEN25, _IM, "<|endoftext|>", "<|im_end|>", pieces="lines"),
    Family(
        "qwen3",
        QWEN3,
        _IM,
        "<|im_end|>",
        "<|im_end|>",
        pad="<|endoftext|>",
        pieces="lines",
        words=("<think>", "</think>"),
        extends=False,
    ),
    Family("qwen3-parted", QWEN3, _IM, "<|im_end|>", "<|im_end|>", extends=False),
    Family(
        "llama3",
        LLAMA3,
        ("<|begin_of_text|>", "<|end_of_text|>", *_HEADERS, "<|eot_id|>"),
        "<|end_of_text|>",
        "<|eot_id|>",
        bos="<|begin_of_text|>",
        pieces="lines",
        begins=True,
    ),
    Family(
        "gemma",
        GEMMA,
        ("<pad>", "<eos>", "<bos>", "<start_of_turn>", "<end_of_turn>"),
        "<eos>",
        "<end_of_turn>",
        bos="<bos>",
        pad="<pad>",
        pieces="spaces",
        begins=True,
        system=False,
    ),
    Family(
        "mistral",
        MISTRAL,
        _LLAMA2,
        "</s>",
        "</s>",
        bos="<s>",
        pieces="metaspace",
        begins=True,
        system=False,
    ),
    Family(
        "mistral-control",
        MISTRAL,
        (*_LLAMA2, "[INST]", "[/INST]"),
        "</s>",
        "</s>",
        bos="<s>",
        pieces="spaces",
        begins=True,
        system=False,
    ),
    Family(
        "phi3",
        PHI3,
        _PHI,
        "<|endoftext|>",
        "<|end|>",
        bos="<s>",
        pieces="metaspace",
        swallows=True,
        extends=False,
    ),
    Family(
        "deepseek",
        DEEPSEEK,
        (*_SENTENCE, "<｜User｜>", "<｜Assistant｜>"),
        _SENTENCE[1],
        _SENTENCE[1],
        bos=_SENTENCE[0],
        pieces="lines",
        begins=True,
    ),
    Family(
        "zephyr",
        ZEPHYR,
        _LLAMA2,
        "</s>",
        "</s>",
        bos="<s>",
        pad="</s>",
        pieces="metaspace",
        begins=True,
    ),
    Family("harmony", HARMONY, _HARMONY, "<|return|>", "<|return|>", extends=False),
    Family("base", None, ("<|endoftext|>",), "<|endoftext|>", "<|endoftext|>"),
    Family("base-llama", None, _LLAMA2, "</s>", "</s>", bos="<s>", pieces="metaspace", begins=True),
)
