"""Answers that are words: true or false, a name, a number written out."""

import re
from dataclasses import dataclass

from redink.grading.notation import canonical, is_words, plain

_TRUE = frozenset(("true", "yes", "correct", "right"))
_FALSE = frozenset(("false", "no", "incorrect", "wrong"))
_TRUTH = re.compile(
    r"\b(?P<negation>not\s+|isn['’]t\s+)?(?P<word>true|false|yes|no|incorrect|correct)\b",
    re.IGNORECASE,
)
_MARKED = re.compile(r"^\s*\$?\s*\\(?:text|mathrm|mbox|textbf|operatorname)\s*\{")
_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_COUNTS = {
    **{word: value for value, word in enumerate(_ONES)},
    **{word: 10 * value for value, word in enumerate(_TENS, 2)},
    **{
        f"{ten} {one}": 10 * tens + ones
        for tens, ten in enumerate(_TENS, 2)
        for ones, one in enumerate(_ONES[1:10], 1)
    },
}


@dataclass(frozen=True)
class WordVerdict:
    """What the comparison of words found."""

    equal: bool
    why: str
    unsure: bool = False


def compare_words(gold: str, answer: str, kind: str) -> WordVerdict | None:
    """Compares where the reference is words; None where it is mathematics."""
    truth = read_truth(gold) if _asks_for_truth(gold, kind) else None
    if truth is not None:
        said = find_truth(answer)
        if said is None:
            unsure = re.search(r"[A-Za-z]{3}", plain(answer)) is not None
            return WordVerdict(False, "neither true nor false", unsure)
        return WordVerdict(said == truth, "same truth" if said == truth else "the opposite")
    count = _COUNTS.get(plain(answer).casefold().replace("-", " "))
    if count is not None and re.fullmatch(r"\d+", canonical(gold)):
        return WordVerdict(canonical(gold) == str(count), "a number in words")
    if not _is_text(gold, kind):
        return None
    if canonical(gold) == canonical(answer) or _says(answer, gold):
        return WordVerdict(True, "same word")
    return WordVerdict(False, "words that differ", unsure=True)


def _asks_for_truth(gold: str, kind: str) -> bool:
    plainly = plain(gold).casefold() in ("true", "false", "yes", "no")
    return kind == "boolean" or (plainly and kind == "")


def read_truth(text: str) -> bool | None:
    """True or False where the whole text is one word of truth."""
    word = plain(text).casefold()
    return True if word in _TRUE else False if word in _FALSE else None


def find_truth(text: str) -> bool | None:
    """The truth that a phrase states (`the claim is not true`); None where it states both."""
    whole = read_truth(text)
    if whole is not None:
        return whole
    found = {
        (match["word"].casefold() in _TRUE) != bool(match["negation"])
        for match in _TRUTH.finditer(plain(text))
    }
    return found.pop() if len(found) == 1 else None


def _is_text(gold: str, kind: str) -> bool:
    """Whether a reference is words, not a product of variables such as `mgh`."""
    if kind == "text":
        return True
    if not is_words(gold):
        return False
    letters = canonical(gold)
    return len(letters) > 1 and (
        _MARKED.match(gold) is not None or len(letters) > 3 or letters == "odd"
    )


def _says(answer: str, gold: str) -> bool:
    """Whether a short phrase holds the reference as one of its words (`Evelyn, at 4.5 mph`)."""
    words = [canonical(word) for word in plain(answer).split()]
    if re.search(r"\b(?:not|or|nor|neither)\b", plain(answer), re.IGNORECASE):
        return False
    wanted = [canonical(word) for word in plain(gold).split()]
    spans = range(len(words) - len(wanted) + 1)
    return len(words) <= 12 and any(words[i : i + len(wanted)] == wanted for i in spans)
