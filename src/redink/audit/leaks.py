"""Leaks: critiques that give away that their teacher was shown the reference answer.

A student who learns from them learns to claim knowledge that it will not have. Two kinds are
looked for, each so narrowly that what is found is worth reading; a leak in other words goes
unseen. Documented with examples in docs/how-to/audit.md.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from redink.audit.row import AuditedRow
from redink.records import Problem

_ADJECTIVE = r"(?:correct|right|true|final|actual|expected|known|reference)"
_ANSWER = r"(?:final )?(?:answer|solution)"


@dataclass(frozen=True)
class Pattern:
    """A way to speak of an answer that was shown."""

    expression: re.Pattern[str]
    anchors: tuple[str, ...]
    """One of these stands in every match; only their surroundings are searched."""


MENTIONS: Mapping[str, Pattern] = {
    name: Pattern(re.compile(expression), anchors)
    for name, anchors, expression in (
        (
            "reference answer",
            ("reference ",),
            r"\breference (?:answer|solution|result|value)s?\b",
        ),
        (
            "answer key",
            (" key", "marking scheme"),
            r"\b(?:answer|solution|marking) key\b|\bmarking scheme\b",
        ),
        ("ground truth", ("ground",), r"\bground[- ]truth\b"),
        (
            "official answer",
            ("official ", "model ", "gold", "manual"),
            r"\b(?:official|model|gold|gold[- ]standard) (?:answer|solution)s?\b"
            r"|\bsolution manual\b",
        ),
        ("expected answer", ("expected ",), rf"\bthe expected {_ANSWER}\b"),
        (
            "given correct answer",
            ("given ", "provided ", "supplied "),
            rf"\b(?:given|provided|supplied) {_ADJECTIVE} {_ANSWER}\b",
        ),
        (
            "correct answer given",
            (" given", " provided", " supplied"),
            rf"\b{_ADJECTIVE} {_ANSWER},? (?:that (?:is|was) |(?:is|was|as) )?"
            r"(?:given|provided|supplied)(?:[,.;:)]| (?:as|is|was|here|above|to (?:me|us|be)|"
            r"in the (?:prompt|task))\b)",
        ),
        (
            "knowing the answer",
            ("according to the ", "given that the ", "know", "told "),
            r"\b(?:according to|given that|knowing(?: that)?|(?:we|i) know(?: that)?|"
            rf"(?:we are|i was|i am) told(?: that)?) the {_ADJECTIVE} {_ANSWER}\b",
        ),
        (
            "answer I was given",
            ("i was ", "i am ", "we were ", "we are ", "have been "),
            r"\b(?:answer|solution) (?:that )?(?:i|we) (?:was|were|am|are|have been) "
            r"(?:given|provided|told|shown)\b"
            r"|\bi (?:was|am|have been) (?:given|provided with|told|shown) the "
            rf"(?:{_ADJECTIVE} )?{_ANSWER}\b",
        ),
    )
}
"""Matched in lower case, white space folded."""
REACH = 80
"""Characters around an anchor in which its pattern is looked for."""

_CONCLUSION = re.compile(r"conclusion\s*:|\bverdict\s*:", re.I)
_STATES = re.compile(
    r"answer|should be|should have been|correct (?:result|value)|####|\\boxed", re.I
)
_WORKS = re.compile(
    r"=|≈|\d\s*[-+*/×÷·^−]\s*[\d($\\]|\\(?:d?frac|times|cdot|div|sqrt)|\b(?:times|plus|minus|"
    r"divided by|multiplied by|multiply|subtract|add|sum of|product of|half of|twice)\b",
    re.I,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
BARE_WORDS = 30
"""A critique with as many words beside the bare answer may reason in words; it is let pass."""
BARE_CHARACTERS = 1000
"""So is one that is as long."""


@dataclass(frozen=True)
class Leak:
    """One critique that gives its reference away."""

    id: str
    kind: str
    """A name in `MENTIONS`, or `bare answer`."""
    excerpt: str
    """What was found, with some words around it."""


@dataclass(frozen=True)
class Leaks:
    """Leaks among the critiques whose teacher saw the reference answer."""

    saw_reference: int
    """Critiques that could leak at all."""
    found: tuple[Leak, ...]
    """At most one a critique."""
    invented: tuple[Leak, ...]
    """Mentions by teachers that were shown none: no leaks, but nothing to learn from either."""


def find_leaks(rows: Sequence[AuditedRow]) -> Leaks:
    """Looks for leaks in every critique."""
    found: list[Leak] = []
    invented: list[Leak] = []
    for row in rows:
        leak = _mention(row)
        if leak is not None:
            (found if row.saw_reference else invented).append(leak)
        elif row.saw_reference and (stated := bare_answer(row)):
            found.append(Leak(row.critique.id, "bare answer", stated))
    return Leaks(sum(row.saw_reference for row in rows), tuple(found), tuple(invented))


def _mention(row: AuditedRow) -> Leak | None:
    mention = find_mention(row.critique.text, row.problem.question, row.response.text)
    return Leak(row.critique.id, *mention) if mention else None


def find_mention(critique: str, question: str = "", response: str = "") -> tuple[str, str] | None:
    """The name of the pattern under which a critique speaks of a shown answer, and the passage.

    Words that stand in the question or the response as well are no sign of anything.
    """
    folded = f"{_folded(critique)}."
    for name, pattern in MENTIONS.items():
        for anchor in pattern.anchors:
            at = folded.find(anchor)
            while at >= 0:
                match = pattern.expression.search(folded, max(0, at - REACH), at + REACH)
                if match and not any(match[0] in _folded(text) for text in (question, response)):
                    return name, folded[max(0, match.start() - 40) : match.end() + 40].strip()
                at = folded.find(anchor, at + 1)
    return None


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def bare_answer(row: AuditedRow) -> str:
    """The sentence in which a critique of a wrong response states the reference answer bare.

    Empty unless all of this holds: the response is wrong; the answer stands neither in the
    question nor in the response; the critique states it, and nowhere calculates (no equation, no
    operator between numbers, no word for one); has fewer than 30 words beside it, and fewer than
    1,000 characters in all.
    """
    if row.outcome != "wrong" or len(row.critique.text) >= BARE_CHARACTERS:
        return ""
    answer = _as_token(row.problem)
    if answer is None or answer.search(row.response.text) or answer.search(row.problem.question):
        return ""
    quoted = {line.strip() for line in row.response.text.splitlines()}
    sentences = [s.strip() for s in _SENTENCE.split(row.critique.text)]
    sentences = [s for s in sentences if s and s not in quoted and not _CONCLUSION.search(s)]
    if any(_WORKS.search(sentence) for sentence in sentences):
        return ""
    stating = [s for s in sentences if answer.search(s) and _STATES.search(s)]
    rest = sum(len(s.split()) for s in sentences if not answer.search(s))
    return stating[0] if stating and rest < BARE_WORDS else ""


def _as_token(problem: Problem) -> re.Pattern[str] | None:
    answer = problem.answer.strip().strip("$").strip()
    if not answer:
        return None
    return re.compile(rf"(?<![\w.]){re.escape(answer)}(?!\w|[.,]\d)")
