"""Reading a teacher's verdict: right, wrong, or none with the reason. Nothing is guessed.

A teacher ends its critique with `Conclusion: right [END]` or `Conclusion: wrong [END]` (CFT,
arXiv 2501.17703, A.1). The authors' own parser counts whatever it cannot read as wrong; here such
a critique has no verdict, and says why.
"""

import re
from dataclasses import dataclass
from typing import Literal

from redink.records import Verdict

Why = Literal["", "no conclusion", "both", "truncated", "refused"]

END_MARK = "[END]"
"""What CFT's teacher writes behind its conclusion."""

_THINKING = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_OPEN_THINKING = re.compile(r"<think(?:ing)?>", re.IGNORECASE)
_CLOSED_THINKING = re.compile(r"\A.*</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_MARK = re.compile(
    r"(?<![A-Za-z])conclusion[*_`'\"’)\s]*[:：]"
    r"|^[ \t>]*(?:#{1,6}[ \t]*|[*_]{2})conclusion[*_ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_END = re.compile(r"\[\s*end\s*\]", re.IGNORECASE)
_PARAGRAPH = re.compile(r"\n[ \t]*\n")
_MARKUP = re.compile(r"\\(?:boxed|text|textbf|mathbf|mathrm|fbox)\b|[*_`$\"“”]")
_ASIDE = re.compile(
    r"\bright[\s-]+(?:angled?|triangles?|hand|side|now|away)\b"
    r"|\bwould\s+(?:not\s+)?(?:be|have\s+been)\s+(?:right|wrong|correct|incorrect)\b"
    r"|\bthe\s+(?:right|correct)\s+(?:final\s+)?"
    r"(?:answers?|values?|results?|solutions?|choices?|options?|statements?)\s*"
    r"(?:(?:is|are|was|would|should|must)\b|[:=])",
    re.IGNORECASE,
)
_WORD = r"(?:right|correct|wrong|incorrect)"
_NOT = (
    r"(?:\bnot|n['’]t|\bcannot|\bnever|\bneither|\bnor|\bnothing|\bfar from|\bno longer"
    r"|\bnowhere near|\bhardly|\bfails? to|\bfailed to)"
)
_JUDGEMENT = re.compile(
    rf"(?P<negated>{_NOT}(?:\s+(?!(?:but|and|because|only|just|merely)\b)[\w’']+){{0,4}}?\s+)?"
    r"(?P<part>\b(?:partly|partially|mostly|almost|nearly|half|somewhat)[\s-]+)?"
    rf"\b(?P<word>{_WORD})\b",
    re.IGNORECASE,
)
_UNDECIDED = re.compile(
    rf"\b{_WORD}\b\W{{0,6}}(?:/|\||\bor\b)\W{{0,6}}(?:not\b|{_WORD}\b)"
    r"|\b(?:whether|neither|undetermined|unclear|unsure|not sure)\b"
    r"|\bcan(?:not|['’]t| not)\s+(?:be\s+)?(?:tell|told|say|said|decided?|determined?|judged?)\b",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"\b(?:can(?:no|['’])t|can not|unable to|not able to|won['’]t|will not|must decline to)\s+"
    r"(?:\w+\s+){0,2}?(?:help|assist|comply|continue|provide|discuss|fulfil|fulfill|complete|answer"
    r"|critique|do that)\b|\bI (?:must |have to )?(?:decline|refuse)\b",
    re.IGNORECASE,
)
_REFUSAL_WINDOW = 300
"""Characters from the start in which a refusal shows."""
_FIRST_ERROR = re.compile(
    r"first\s+(?:wrong|incorrect|erroneous|mistaken)\s+(?:solution\s+)?(?:step|line)[*_`\s]*[:：]"
    r"[*_`\s]*(?:step|line)?[*_`\s#]*(?P<number>\d{1,4})\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Reading:
    """What a critique concludes."""

    verdict: Verdict | None
    why: Why = ""
    """Why there is no verdict; empty where there is one."""


def read_verdict(text: str, finish: str | None = None) -> Reading:
    """Reads the conclusion of a critique.

    What follows the last `Conclusion:` (or a heading of that word) counts, up to `[END]` or to the
    end of the first paragraph that judges. Its judgements must all say the same: `right`,
    `correct`, `not wrong` against `wrong`, `incorrect`, `not right`. Thinking between `<think>`
    marks is passed over.

    Args:
        text: the critique.
        finish: how it ended: `stop`, `length` (cut at the token limit), `filter` (withheld or
            cut by the provider), or None where that is not known.

    Returns a verdict, or None with the reason: `both` (contradictory, hedged, or the echo of
    `right/wrong`), `truncated` (cut off before the verdict was complete), `refused`, or
    `no conclusion`.
    """
    if finish == "filter":
        return Reading(None, "refused")
    spoken = _spoken(text)
    marks = list(_MARK.finditer(spoken))
    said = spoken[marks[-1].end() :] if marks else ""
    verdict, why = _judgement(said, cut=finish == "length") if marks else (None, "no conclusion")
    if verdict is None and finish == "length":
        return Reading(None, "truncated")
    if why == "no conclusion" and _REFUSAL.search(spoken[:_REFUSAL_WINDOW]):
        return Reading(None, "refused")
    return Reading(verdict, why)


def read_first_error(text: str, steps: int) -> int | None:
    """The 0-based solution step that a critique names as the first wrong one.

    Reads the last `First wrong step: K` (counted from 1); None where there is none, it says
    `none`, or a response of that many `steps` has no such step.
    """
    named = [int(match["number"]) for match in _FIRST_ERROR.finditer(_spoken(text))]
    return named[-1] - 1 if named and 1 <= named[-1] <= steps else None


def without_end_mark(text: str) -> str:
    """A critique without the `[END]` behind its conclusion: what a student is trained on.

    The mark told the teacher where to stop; a student has its own end of turn for that.
    """
    found = list(_END.finditer(text))
    if not found or text[found[-1].end() :].strip(" \n\t.*'\"`"):
        return text
    return (text[: found[-1].start()].rstrip(" ") + text[found[-1].end() :]).rstrip()


def _spoken(text: str) -> str:
    """The text without the thinking before it; nothing where thinking never ended."""
    text = _THINKING.sub("", text)
    text = _CLOSED_THINKING.sub("", text)
    opened = _OPEN_THINKING.search(text)
    return text[: opened.start()] if opened else text


def _judgement(said: str, cut: bool) -> tuple[Verdict | None, Why]:
    end = _END.search(said)
    ended = end is not None
    said = said[: end.start()] if end else said
    paragraphs = _PARAGRAPH.split(said.strip())
    for number, paragraph in enumerate(paragraphs):
        verdict, why = _judged(paragraph)
        if why == "no conclusion":
            continue
        # Cut right behind the word: `right` may have been on its way to `right/wrong`.
        if cut and not ended and number == len(paragraphs) - 1 and not _is_closed(said):
            return None, "truncated"
        return verdict, why
    return None, "no conclusion"


def _is_closed(said: str) -> bool:
    return said.rstrip(" ")[-1:] in (".", "!", "\n", "*", "}", "$")


def _judged(paragraph: str) -> tuple[Verdict | None, Why]:
    bare = " ".join(_ASIDE.sub(" ", _MARKUP.sub("", paragraph)).split())
    found = list(_JUDGEMENT.finditer(bare))
    if not found:
        return None, "no conclusion"
    said = {(match["word"].lower() in ("right", "correct")) != bool(match["negated"])
            for match in found}  # fmt: skip
    if len(said) > 1 or any(match["part"] for match in found) or _UNDECIDED.search(bare):
        return None, "both"
    return ("right" if said.pop() else "wrong"), ""
