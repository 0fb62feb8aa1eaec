"""Scripts and common words of languages: enough to see that a text left its own."""

import re
import unicodedata
from collections.abc import Collection, Iterator
from functools import lru_cache

from redink.errors import UsageError


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LATIN = "af ca cs da de en es et fi fr hr hu id it lt lv ms nl no pl pt ro sk sl sq sv sw tl tr vi"
SCRIPTS: dict[str, frozenset[str]] = {
    **dict.fromkeys(_words(_LATIN), frozenset(("LATIN",))),
    **dict.fromkeys(_words("be bg mk ru sr uk"), frozenset(("CYRILLIC",))),
    **dict.fromkeys(_words("ar fa ur"), frozenset(("ARABIC",))),
    **dict.fromkeys(_words("hi mr ne"), frozenset(("DEVANAGARI",))),
    "bn": frozenset(("BENGALI",)),
    "el": frozenset(("GREEK",)),
    "gu": frozenset(("GUJARATI",)),
    "he": frozenset(("HEBREW",)),
    "hy": frozenset(("ARMENIAN",)),
    "ja": frozenset(("CJK", "HIRAGANA", "KATAKANA")),
    "ka": frozenset(("GEORGIAN",)),
    "km": frozenset(("KHMER",)),
    "kn": frozenset(("KANNADA",)),
    "ko": frozenset(("HANGUL", "CJK")),
    "ml": frozenset(("MALAYALAM",)),
    "pa": frozenset(("GURMUKHI",)),
    "ta": frozenset(("TAMIL",)),
    "te": frozenset(("TELUGU",)),
    "th": frozenset(("THAI",)),
    "zh": frozenset(("CJK", "BOPOMOFO")),
}
"""Scripts by language; Latin and Greek letters, those of mathematics, are everybody's."""
EVERYBODY = frozenset(("LATIN", "GREEK"))
_SIGNS = frozenset("ℵℶℷℸ")
"""Letters of Hebrew that are signs of mathematics."""
_EAST = frozenset(("CJK", "HIRAGANA", "KATAKANA", "HANGUL"))

COMMON: dict[str, frozenset[str]] = {
    "de": _words(
        "und nicht ist der das sich mit auf für auch wird sind einen einer eine ein haben wir aber "
        "oder wenn dann dass noch nur wie viele daher"
    ),
    "es": _words(
        "el los las que por una con para del como pero más este esta tiene entonces cuántos "
        "cada también porque sus"
    ),
    "fr": _words(
        "le les une est que pour dans avec sur pas nous donc sont cette mais elle il du au aux "
        "chaque combien alors qui"
    ),
    "it": _words(
        "il gli che di non una sono della con più questo quindi anche nel dei delle ogni ha "
        "quanti perché"
    ),
    "nl": _words("het een niet voor zijn ook maar dat wordt deze zij naar dus elke hij hoeveel"),
    "pt": _words(
        "os que não uma para com são dos das mais então ele ela cada também porque seu sua tem em "
        "um quantos"
    ),
}
"""Words that most sentences of a language have and English has not."""
_WORD = re.compile(r"[^\W\d_]{2,}")
WINDOW = 30
"""Words in a row among which common words of another language are counted."""


def check_languages(codes: Collection[str]) -> None:
    """Raises UsageError where a language's script is not known."""
    for code in codes:
        if code not in SCRIPTS:
            known = ", ".join(sorted(SCRIPTS))
            raise UsageError(f"degenerate.languages: {code!r} is unknown; use codes out of {known}")


@lru_cache(maxsize=65_536)
def script_of(character: str) -> str | None:
    """The script of a letter, as Unicode names it; None for everything else."""
    if character.isascii() or character in _SIGNS:
        return None
    plain = unicodedata.normalize("NFKC", character)[:1]
    if unicodedata.category(plain) in ("Lu", "Ll", "Lt", "Lo"):
        return unicodedata.name(plain, "UNKNOWN").split()[0].partition("-")[0]
    is_wide = unicodedata.east_asian_width(character) in "WF"
    return "CJK" if is_wide and unicodedata.category(character).startswith("P") else None


def scripts_of(text: str) -> Iterator[str]:
    """The scripts of a text's letters outside ASCII, one for each letter."""
    if text.isascii():
        return
    for character in text:
        script = script_of(character)
        if script is not None:
            yield script


def allowed_scripts(languages: Collection[str], question: str) -> frozenset[str]:
    """The scripts of some languages, of the question, and those of mathematics."""
    own = frozenset(scripts_of(question))
    scripts = EVERYBODY.union(own, *(SCRIPTS[code] for code in languages))
    return scripts | {"CJK"} if scripts & _EAST else scripts


def foreign_words(text: str, question: str, languages: Collection[str]) -> bool:
    """Whether some sentence of `text` is in another language with Latin letters.

    That is so where four words out of 30 in a row, three of them different, are common ones of a
    language that is not allowed. The question's words do not count, nor does its language: one of
    which it has two common words.
    """
    words = _WORD.findall(text.lower())
    own = frozenset(_WORD.findall(question.lower()))
    for language, common in COMMON.items():
        if language in languages or len(common & own) >= 2:
            continue
        telling = common - own
        hits = [(place, word) for place, word in enumerate(words) if word in telling]
        for first in range(len(hits) - 3):
            near = [word for place, word in hits[first:] if place < hits[first][0] + WINDOW]
            if len(near) >= 4 and len(set(near)) >= 3:
                return True
    return False
