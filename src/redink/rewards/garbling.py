"""Text that is broken: wrong bytes, wrong scripts, strings of signs."""

import re
import unicodedata

from redink.rewards.rules import FaultRules
from redink.rewards.scripts import allowed_scripts, foreign_words, scripts_of

REPLACEMENT = "\ufffd"
_MOJIBAKE = re.compile(r"â€.|Ã[\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|Â[\xa0-\xbf]|ï¿½|ðŸ")
"""UTF-8 that was read as Windows-1252: `â€™` for an apostrophe."""
_MARKUP = re.compile(
    r"<\|(?:im_|begin|end|start|eot|eom|pad|unk|fim|system|user|assistant)\w*\|>"
    r"|<(?:unk|pad|eos|bos)>|\[(?:UNK|PAD|CLS|SEP)\]",
    re.IGNORECASE,
)
"""Texts of control tokens: where a model spells them out they are no part of an answer."""
_LONG_WORD = re.compile(r"[^\W\d_]{40,}")
_SIGNS = re.compile(r"[^\w\s]{12,}")
SIGN_KINDS = 6
"""Different signs that a run of twelve of them must have; `|:---:|:---:|` has three."""
MOJIBAKES = 3
"""From so many on; web data has single ones in sound texts."""


def is_garbled(text: str, question: str, rules: FaultRules, *, cut: bool = False) -> bool:
    """Whether a text is broken: any of the rules below; what the question has too is no fault.

    Args:
        text: the answer.
        question: what it answers.
        rules: which languages, how many letters.
        cut: whether it was cut off, perhaps in the middle of a character.
    """
    return (
        has_broken_characters(text, question, cut=cut)
        or has_foreign_letters(text, question, rules)
        or has_broken_words(text, question)
        or foreign_words(text, question, rules.languages)
    )


def has_broken_characters(text: str, question: str, *, cut: bool = False) -> bool:
    """Whether there are replacement, control, private, unassigned or half characters.

    A replacement character at the very end of a text that was cut off is the rest of one whose
    other bytes were to come.
    """
    if cut:
        text = text.rstrip(REPLACEMENT)
    if text.isascii() and text.isprintable():
        return False
    odd = {one for one in set(text) if one == REPLACEMENT or _is_broken(one)}
    return bool(odd - set(question))


def _is_broken(character: str) -> bool:
    return character not in "\n\r\t" and unicodedata.category(character) in ("Cc", "Co", "Cs", "Cn")


def has_foreign_letters(text: str, question: str, rules: FaultRules) -> bool:
    """Whether letters stand there that neither the languages nor the question have."""
    if text.isascii():
        return False
    allowed = allowed_scripts(rules.languages, question)
    foreign = sum(script not in allowed for script in scripts_of(text))
    return foreign >= rules.foreign_letters


def has_broken_words(text: str, question: str) -> bool:
    """Whether there are texts of control tokens, wrongly decoded ones, endless words or strings
    of signs."""
    if any(found[0] not in question for found in _MARKUP.finditer(text)):
        return True
    if len(_MOJIBAKE.findall(text)) >= MOJIBAKES and not _MOJIBAKE.search(question):
        return True
    if any(word[0] not in question for word in _LONG_WORD.finditer(text)):
        return True
    return any(
        len(set(run[0])) >= SIGN_KINDS and run[0] not in question for run in _SIGNS.finditer(text)
    )
