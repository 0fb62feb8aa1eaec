"""Grading: does a text's final answer equal the reference answer, and how was that decided?"""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from redink.grading.choice import find_choice
from redink.grading.equality import compare_forms, quick_leaf
from redink.grading.extraction import Extraction, extract_answer, last_line
from redink.grading.notation import canonical
from redink.grading.number import read_number
from redink.grading.passage import answering_part
from redink.grading.pool import ComparisonPool, PoolAnswer, shared_pool
from redink.grading.rules import Rules, rules_of
from redink.grading.verdict import Verdict
from redink.grading.words import find_truth, read_truth
from redink.progress import progress
from redink.records import Outcome, Problem

LONGEST_SYMBOLIC = 400
"""Characters; a longer answer or reference answer is compared as text only."""
DEEPEST_SYMBOLIC = 12
"""Nested braces; likewise. The parser takes 0.3 to 1 s over 30 nested fractions."""
PROGRESS_FROM = 50
"""Texts from which on progress is shown."""

Item = tuple[str, Problem, str | None]

_LETTER = re.compile(r"\s*\$?\s*(?:\\(?:text|textbf|mathrm)\s*\{)?\s*\(([A-Za-z])\)\s*\}?\s*\$?\s*")


@dataclass(frozen=True)
class Grade:
    """An outcome, what it rests on and why."""

    outcome: Outcome
    extracted: str | None
    """The final answer as it stands in the text."""
    compared_by: str
    """`literal`, `choice`, `number`, `symbolic` or `none`; with `-fallback` where nothing marked
    the answer and the last line or number was taken."""
    why: str
    unsure: bool = False
    """Whether rules cannot tell (prose, unreadable, too long, out of time): a judge could."""


def grade(text: str, problem: Problem, finish: str | None = None) -> Grade:
    """Grades one text; see `grade_many`."""
    return grade_many([(text, problem, finish)])[0]


def grade_many(items: Sequence[Item], pool: ComparisonPool | None = None) -> list[Grade]:
    """Grades (text, problem, finish) items, in order.

    Args:
        items: `finish` is `stop`, `length` (cut off at the token limit) or None (unknown).
        pool: the workers for symbolic comparison; the process's own where None.

    Each text's answer is extracted (bounded), compared as text, then as an exact number, and only
    then symbolically in a worker that is killed after 5 s. A text that was cut off before it
    marked a final answer is `truncated`; a reference answer that nothing can read is
    `gold_unparsable`, which says nothing about the model. The rules that a problem's `meta` sets
    are described in `redink.grading.rules`.

    Raises MissingExtraError where a symbolic comparison is needed and math-verify cannot start.
    """
    grades: list[Grade | None] = []
    undecided: dict[tuple[str, str], list[tuple[int, Extraction]]] = {}

    def pairs() -> Iterator[tuple[str, str]]:
        # Texts are read while the workers compare what earlier ones asked for.
        for index, (text, problem, finish) in enumerate(items):
            quick, found, gold = _grade_quickly(text, problem, finish)
            grades.append(quick)
            if quick is None and found is not None:
                same = undecided.setdefault((gold, found.answer), [])
                same.append((index, found))
                if len(same) == 1:
                    yield gold, found.answer

    answers = dict(_with_progress((pool or shared_pool()).compare(pairs()), len(items)))
    for number, asked in enumerate(undecided.values()):
        for index, found in asked:
            grades[index] = _symbolic_grade(found, items[index][1].answer, answers[number])
    return [item for item in grades if item is not None]


def _with_progress(
    answers: Iterator[tuple[int, PoolAnswer]], texts: int
) -> Iterator[tuple[int, PoolAnswer]]:
    if texts < PROGRESS_FROM:
        yield from answers
        return
    with progress("grading", unit="symbolic comparisons") as bar:
        for answer in answers:
            bar.advance()
            yield answer


def _grade_quickly(
    text: str, problem: Problem, finish: str | None
) -> tuple[Grade | None, Extraction | None, str]:
    """The grade where text and exact numbers suffice, else None with what symbols must decide."""
    gold = problem.answer
    if not canonical(gold):
        found = extract_answer(text, problem.question)
        return (
            Grade(
                "gold_unparsable", found.answer if found else None, "none", "no reference answer"
            ),
            None,
            "",
        )
    letter = _LETTER.fullmatch(gold)
    if problem.meta.get("answer_type") == "choice" or letter:
        return _grade_choice(text, problem, letter[1] if letter else gold, finish), None, ""
    rules = rules_of(problem)
    found = _extract(text, problem, rules)
    if finish == "length" and (found is None or not found.is_complete):
        why = "cut off before a final answer was marked"
        return Grade("truncated", None, "none", why), None, ""
    if found is None:
        return (
            Grade("no_answer", None, "none", "no final answer and no number in the text"),
            None,
            "",
        )
    if any(map(_is_too_much, (found.answer, gold))):
        same = canonical(found.answer) == canonical(gold)
        why = "same text" if same else "too long or too deep to compare but as text"
        return _decided(found, Verdict(same, "literal", why, not same)), None, ""
    gold = _with_unit(gold, problem)
    verdict = compare_forms(gold, found.answer, rules, quick_leaf)
    if verdict.equal is not None:
        return _decided(found, verdict), found, ""
    return None, found, rules.attached_to(gold)


def _is_too_much(answer: str) -> bool:
    if len(answer) > LONGEST_SYMBOLIC:
        return True
    depths = itertools.accumulate((char == "{") - (char == "}") for char in answer)
    return max(depths, default=0) > DEEPEST_SYMBOLIC


def _with_unit(gold: str, problem: Problem) -> str:
    """The reference number with the unit that `meta.unit` gives it."""
    unit = str(problem.meta.get("unit") or "").strip(" $")
    number = read_number(gold) if unit else None
    if number is None or number.unit or number.other:
        return gold
    degrees = "circ" in unit or unit == "°"
    return f"{gold}^\\circ" if degrees else f"{gold} {unit}"


def _extract(text: str, problem: Problem, rules: Rules) -> Extraction | None:
    """The answer that the rules call for: several boxes, or a word of truth."""
    found = extract_answer(text, problem.question)
    if found and rules.multiple and len(found.boxes) > 1:
        return Extraction(", ".join(found.boxes), "boxed", found.boxes)
    truth = rules.kind == "boolean" or read_truth(problem.answer) is not None
    if truth and (found is None or found.is_guess):
        line = last_line(answering_part(text, problem.question))
        if find_truth(line) is not None:
            return Extraction(line, "last expression")
    return found


def _grade_choice(text: str, problem: Problem, gold: str, finish: str | None) -> Grade:
    options = [str(option) for option in problem.meta.get("choices") or []]
    found = find_choice(text, options, problem.question)
    if finish == "length" and (found is None or found.is_guess):
        return Grade("truncated", None, "none", "cut off before an option was chosen")
    if found is None:
        other = extract_answer(text, problem.question)
        if other and other.marker in ("boxed", "hashes"):
            return Grade("wrong", other.answer, "choice", "none of the options", unsure=True)
        said = other is not None and not other.is_guess
        return Grade("no_answer", None, "none", "no option is named", unsure=said)
    by = "choice-fallback" if found.is_guess else "choice"
    if found.letter is None:
        return Grade("wrong", found.extracted, by, "not one of the options", unsure=True)
    right = found.letter == canonical(gold).strip("().").upper()
    return Grade("correct" if right else "wrong", found.extracted, by, f"option {found.letter}")


def _symbolic_grade(found: Extraction, gold: str, answer: PoolAnswer) -> Grade:
    by = "symbolic" + ("-fallback" if found.is_guess else "")
    if answer in ("equal", "different"):
        return _decided(found, Verdict(answer == "equal", "symbolic", f"symbols: {answer}"))
    if answer == "answer_unparsable":
        why = "the answer cannot be read as mathematics"
        return Grade("wrong", found.answer, by, why, unsure=True)
    if answer == "gold_unparsable":
        why = f"reference answer {gold!r} cannot be read"
        return Grade("gold_unparsable", found.answer, "none", why, unsure=True)
    reasons = {"timeout": "time", "memory": "memory", "crash": "the worker's life"}
    why = f"comparison ran out of {reasons[answer]}"
    return Grade("grader_timeout", found.answer, by, why, unsure=True)


def _decided(found: Extraction, verdict: Verdict) -> Grade:
    by, why = verdict.by, verdict.why
    if found.is_guess:
        by, why = (
            f"{by}-fallback",
            f"{why}; the last {found.marker.removeprefix('last ')} was taken",
        )
    outcome: Outcome = "correct" if verdict.equal else "wrong"
    return Grade(outcome, found.answer, by, why, verdict.unsure)
