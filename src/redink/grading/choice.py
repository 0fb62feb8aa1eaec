"""Multiple choice: which option a text chooses."""

import re
from dataclasses import dataclass

from redink.grading.extraction import LONGEST_ANSWER, WINDOW, extract_answer, last_line
from redink.grading.notation import canonical, plain
from redink.grading.number import read_number
from redink.grading.passage import answering_part

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_OPTION = r"(?:option|choice|answer|alternative)"
_ALONE = re.compile(r"[\s*_$({\[]*([A-Za-z])[\s*_$)}\]]*[.:,]?[\s*_$]*")
_BRACKETED = re.compile(rf"[\s*_$]*(?:{_OPTION}\s*)?[({{\[]\s*([A-Za-z])\s*[)}}\]]", re.IGNORECASE)
_LED = re.compile(r"[\s*_$(\[]*([A-Z])[\s*_$]*(?:[).:,]|\]|\*\*)(?=\s|$|\*|\$)")
_NAMED = re.compile(rf"[\s*_$]*{_OPTION}\s*:?\s*[\s*_$(\[]*([A-Za-z])\b", re.IGNORECASE)
_FOLLOWED = re.compile(
    r"[\s*_$]*([A-Z])[\s*_$]*\s(?:because|since|as|for|which|is (?:correct|right|the)|[-–—]\s)",
)
_PHRASE = re.compile(
    rf"\b(?:(?:correct |right |best |final )*{_OPTION}[*_]*(?:\s*[:=]|\s+(?:is|would be|must be|"
    r"should be))|(?:i|we) (?:choose|pick|select)|(?:select|choose|pick))[*_]*\s*:?\s*(?=(\S.*))",
    re.IGNORECASE,
)
_CORRECT = re.compile(
    rf"(?:\b{_OPTION}\s+[(*_]*([A-Za-z])[)*_]*|\(([A-Za-z])\))[*_]*\s+is\s+(?:the\s+)?"
    r"(?:correct|right|best|answer)",
    re.IGNORECASE,
)
_BOLD = re.compile(r"\*\*\s*\(?([A-Z])\)?(?:[.):]\s*[^*\n]*)?\s*\*\*")
_BOXED_WORD = re.compile(r"\\(?:text|textbf|mathrm|mathbf|mbox|bf|rm)(?![A-Za-z])\s*")
_SEVERAL = re.compile(r"\(?\b([A-Z])\)?\s*(?:,|and|or|&)\s*\(?([A-Z])\b\)?(?![a-z])")


@dataclass(frozen=True)
class Choice:
    """The option that a text chooses."""

    letter: str | None
    """None where it names several options or one that there is not."""
    extracted: str
    """What in the text names it."""
    is_guess: bool = False
    """Whether nothing marked it as the answer."""


def find_choice(text: str, options: list[str], question: str | None = None) -> Choice | None:
    """The option that a text chooses; None where it names none.

    Args:
        options: the options' texts in the order shown; empty where they are not known (then any
            letter counts).

    A letter counts where it stands as an option: boxed, bracketed, alone, before `)` or `.`, or
    named (`option c`). The article "a" and the pronoun "I" are none. Failing a letter, the text
    of exactly one option counts.
    """
    text = answering_part(text, question)[-WINDOW:]
    for found, guess in _candidates(text):
        letter = _read(found, options)
        if letter is not None:
            known = letter in _LETTERS[: len(options) or 26]
            return Choice(letter if known else None, found.strip()[:LONGEST_ANSWER], guess)
    return None


def _candidates(text: str) -> "list[tuple[str, bool]]":
    """(words that may name the option, whether nothing marks them as the answer), best first."""
    found: list[tuple[str, bool]] = []
    marked = extract_answer(text)
    boxed = marked is not None and marked.marker in ("boxed", "open box")
    # What was said before a box is taken back by it, what follows explains it.
    box = text.rfind("box") if boxed else -1
    if marked and boxed:
        found.append((f"({plain(_BOXED_WORD.sub('', marked.answer))})", False))
        found.append((marked.answer, False))
    phrases = [match for match in _PHRASE.finditer(text) if match.start() > box]
    found += [(match[1], False) for match in reversed(phrases)]
    named = [match for match in _CORRECT.finditer(text) if match.start() > box]
    found += [(f"({match[1] or match[2]})", False) for match in reversed(named)]
    if marked and marked.marker == "hashes":
        found.append((marked.answer, False))
    found.append((last_line(text), True))
    found += [(f"({match[1]})", True) for match in list(_BOLD.finditer(text))[-1:]]
    return found


def _read(found: str, options: list[str]) -> str | None:
    """The letter that a candidate names, `?` where it names several; None where none."""
    found = _BOXED_WORD.sub("", found).replace("{", "(").replace("}", ")")
    found = re.sub(r"\)(?:\s*\))+", ")", re.sub(r"\((?:\s*\()+", "(", found))
    if _SEVERAL.match(found.strip(" *_$")):
        return "?"
    by_text = _by_text(found, options)
    if by_text:
        return by_text
    bracketed = _BRACKETED.match(found) or _NAMED.match(found)
    if bracketed:
        return bracketed[1].upper()
    alone = _ALONE.fullmatch(found.strip())
    if alone and alone[1].isupper():
        return alone[1]
    led = _LED.match(found) or _FOLLOWED.match(found)
    return led[1] if led else None


def _by_text(found: str, options: list[str]) -> str | None:
    """The letter of the only option whose text `found` is."""
    said = canonical(found)
    number = read_number(found)
    same = []
    for letter, option in zip(_LETTERS, options, strict=False):
        value = read_number(option)
        equal = number is not None and value is not None and value.equals(number)
        if said and (said == canonical(option) or equal):
            same.append(letter)
    return same[0] if len(same) == 1 else None
