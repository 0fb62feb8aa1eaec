"""Chat templates: rendering messages, and what of them must not drift between two renderings.

A prompt is rendered when a student is trained, when it is validated and whenever it is asked. A
template may read the clock, or write thinking into some prompts; `settle_template` fixes both in
the template itself, so that a trained model's saved folder says everywhere what it was trained on.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from redink.errors import DataError, ModelError
from redink.records import Message

PLAIN = (
    "{% for message in messages %}"
    "{% if message['role'] == 'assistant' %}"
    "{{ 'Answer:\\n' + message['content'] + eos_token }}"
    "{% else %}"
    "{{ message['content'] + '\\n\\n' }}"
    "{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ 'Answer:\\n' }}{% endif %}"
)
"""redink's own template, for models that come without one: no word that a tokenizer must know."""
_WITH_BOS = "{{ bos_token }}" + PLAIN

DATE = "26 Jul 2024"
"""What a template that writes today's date is given: Llama 3's own default where there is no clock.
"""
_DATE_PARTS = {
    "%d": "26",
    "%-d": "26",
    "%b": "Jul",
    "%B": "July",
    "%m": "07",
    "%Y": "2024",
    "%y": "24",
    "%a": "Fri",
    "%A": "Friday",
    "%H": "00",
    "%M": "00",
    "%S": "00",
}
_NO_CLOCK = (
    "{%- macro strftime_now(format) %}{{ format"
    + "".join(f" | replace('{code}', '{text}')" for code, text in _DATE_PARTS.items())
    + " }}{% endmacro %}\n"
)
_NO_THINKING = (
    "{%- if enable_thinking is not defined %}{% set enable_thinking = false %}{% endif %}\n"
)


def settle_template(tokenizer: Any) -> None:
    """Fixes in the tokenizer's chat template what would differ between two renderings.

    A template that asks for the time is given `DATE`; one that can think is told not to, unless
    its caller says `enable_thinking=True`. Other templates stay as they are, byte for byte.
    """
    template = tokenizer.chat_template
    if isinstance(template, dict):
        tokenizer.chat_template = {name: _settled(text) for name, text in template.items()}
    elif template:
        tokenizer.chat_template = _settled(template)


def _settled(template: str) -> str:
    for name, fixed in (("strftime_now", _NO_CLOCK), ("enable_thinking", _NO_THINKING)):
        if name in template and fixed not in template:
            template = fixed + template
    return template


def give_plain_template(tokenizer: Any, name: str) -> None:
    """Gives the tokenizer of the model called `name` redink's own plain template.

    It begins with the token that begins a sequence where the tokenizer itself writes one. Raises
    ModelError where no token ends a sequence: the model could not learn to stop.
    """
    if tokenizer.eos_token is None:
        raise ModelError(
            f"{name}: neither a chat template nor an end-of-sequence token, so it cannot learn to "
            "stop; set eos_token in its tokenizer_config.json"
        )
    first = tokenizer("x")["input_ids"][:1]
    begins = tokenizer.bos_token is not None and first == [tokenizer.bos_token_id]
    tokenizer.chat_template = _WITH_BOS if begins else PLAIN


def template_note(tokenizer: Any) -> str | None:
    """What redink has put into the tokenizer's chat template, in words; None where nothing."""
    template = tokenizer.chat_template
    texts = list(template.values()) if isinstance(template, dict) else [template or ""]
    notes = []
    if any(text in (PLAIN, _WITH_BOS) for text in texts):
        notes.append(
            "the student has no chat template: redink's plain one is used and saved with the "
            f"result (the question, a line 'Answer:', the answer, {tokenizer.eos_token})"
        )
    if any(_NO_THINKING in text for text in texts):
        notes.append("thinking is switched off in the chat template, in training as in evaluation")
    if any(_NO_CLOCK in text for text in texts):
        notes.append(f"the chat template's date is fixed to {DATE}")
    return "; ".join(notes) or None


def prompt_text(messages: Sequence[Message], tokenizer: Any) -> str:
    """The messages as generation is given them: the chat template's, the answer's header included.

    Raises ModelError where the template refuses them.
    """
    return _rendered(messages, tokenizer, add_generation_prompt=True)


def conversation_text(messages: Sequence[Message], tokenizer: Any) -> str:
    """A whole conversation, its last answer included, as the chat template renders it.

    Raises ModelError where the template refuses it.
    """
    return _rendered(messages, tokenizer, add_generation_prompt=False)


_MARK = "8642097531"
"""What no chat template writes by itself, to find where an answer stands."""


def continued_text(messages: Sequence[Message], tokenizer: Any) -> str:
    """The messages, of which the last is the beginning of an answer, as far as it goes.

    It ends with the answer's own last character, white space included: what a model writes behind
    it is what it would have written there, and no end of turn stands between. Behind an answer
    that has not begun it would open one, as `prompt_text` does.

    Raises ModelError where the template refuses the messages or renders them otherwise once they
    are answered, DataError where it writes an answer's beginning otherwise than it is given:
    strips its white space, takes thinking out of it.
    """
    *asked, answer = messages
    if not answer.content:
        return prompt_text(asked, tokenizer)
    start = prompt_text(asked, tokenizer)
    header = _before_mark([*asked, replace(answer, content=_MARK)], tokenizer)
    marked = [*asked, replace(answer, content=answer.content + _MARK)]
    text = _before_mark(marked, tokenizer)
    if header is None or text is None or not header.startswith(start):
        raise ModelError(
            "the chat template renders a prompt otherwise once it is answered, so no answer can "
            "be gone on with; choose another model, or one whose template's generation prompt is "
            "a prefix"
        )
    if text != header + answer.content:
        written = text[len(header) :] if text.startswith(header) else text
        raise DataError(
            "the beginning of an answer: the chat template writes it otherwise than it is given "
            f"({written[:40]!r} in place of {answer.content[:40]!r}), so the model would go on "
            "with another text; strip the answer, or leave thinking out of it"
        )
    return text


def _before_mark(messages: Sequence[Message], tokenizer: Any) -> str | None:
    before, found, _ = conversation_text(messages, tokenizer).rpartition(_MARK)
    return before if found else None


def _rendered(messages: Sequence[Message], tokenizer: Any, *, add_generation_prompt: bool) -> str:
    from jinja2 import TemplateError

    try:
        text: str = tokenizer.apply_chat_template(
            [asdict(message) for message in messages],
            tokenize=False,
            add_generation_prompt=add_generation_prompt,
        )
    except TemplateError as error:
        roles = ", ".join(message.role for message in messages)
        raise ModelError(
            f"the chat template refuses a conversation of {roles} ({error}); use a prompt without "
            "the role that it does not know, or another chat_template.jinja in the model's folder"
        ) from None
    return text
