"""Grading: does a text's final answer equal the reference answer, and how was that decided?"""

from collections.abc import Sequence
from dataclasses import dataclass

from redink.grading.extraction import Extraction, extract_answer
from redink.grading.notation import canonical, is_words, outer_brackets
from redink.grading.number import read_number
from redink.grading.pool import ComparisonPool, PoolAnswer, shared_pool
from redink.progress import progress
from redink.records import Outcome, Problem

LONGEST_SYMBOLIC = 400
"""Characters; a longer answer or reference answer is compared as text only."""
PROGRESS_FROM = 50
"""Symbolic comparisons from which on progress is shown."""

Item = tuple[str, Problem, str | None]


@dataclass(frozen=True)
class Grade:
    """An outcome, what it rests on and why."""

    outcome: Outcome
    extracted: str | None
    """The final answer as it stands in the text."""
    compared_by: str
    """`literal`, `number`, `symbolic` or `none`; with `-fallback` where nothing marked the
    answer and the last number was taken."""
    why: str


def grade(text: str, problem: Problem, finish: str | None = None) -> Grade:
    """Grades one text; see `grade_many`."""
    return grade_many([(text, problem, finish)])[0]


def grade_many(items: Sequence[Item], pool: ComparisonPool | None = None) -> list[Grade]:
    """Grades (text, problem, finish) items, in order.

    Args:
        items: `finish` is `stop`, `length` (cut off at the token limit) or None (unknown).
        pool: the workers for symbolic comparison; the process's own where None.

    Each text's answer is extracted (bounded), compared as text, then as an exact number, and only
    then symbolically by math-verify in a worker that is killed after 5 s. A text that was cut off
    before it marked a final answer is `truncated`; a reference answer that nothing can read is
    `gold_unparsable`, which says nothing about the model.

    Raises MissingExtraError where a symbolic comparison is needed and math-verify cannot start.
    """
    grades: list[Grade | None] = []
    undecided: dict[tuple[str, str], list[tuple[int, Extraction]]] = {}
    for index, (text, problem, finish) in enumerate(items):
        found = extract_answer(text)
        quick = _grade_quickly(found, problem.answer, finish)
        grades.append(quick)
        if quick is None and found is not None:
            undecided.setdefault((problem.answer, found.answer), []).append((index, found))
    pairs = list(undecided)
    for number, answer in _compare(pairs, pool):
        for index, found in undecided[pairs[number]]:
            grades[index] = _symbolic_grade(found, pairs[number][0], answer)
    return [item for item in grades if item is not None]


def _compare(
    pairs: list[tuple[str, str]], pool: ComparisonPool | None
) -> list[tuple[int, PoolAnswer]]:
    if not pairs:
        return []
    answers = (pool or shared_pool()).compare(pairs)
    if len(pairs) < PROGRESS_FROM:
        return list(answers)
    found = []
    with progress("grading", len(pairs), "answers") as bar:
        for answer in answers:
            found.append(answer)
            bar.advance()
    return found


def _grade_quickly(found: Extraction | None, gold: str, finish: str | None) -> Grade | None:
    """The grade where text and exact numbers suffice; None where symbols must be compared."""
    if not canonical(gold):
        answer = found.answer if found else None
        return Grade("gold_unparsable", answer, "none", "no reference answer")
    if finish == "length" and (found is None or found.is_guess):
        return Grade("truncated", None, "none", "cut off before a final answer was marked")
    if found is None:
        return Grade("no_answer", None, "none", "no final answer and no number in the text")
    return _compare_text(found, gold) or _compare_numbers(found, gold)


def _compare_text(found: Extraction, gold: str) -> Grade | None:
    if canonical(found.answer) == canonical(gold):
        return _decided(found, True, "literal", "same text")
    if is_words(gold) and len(canonical(gold)) > 1:
        said = found.marker == "phrase" and canonical(gold) in _words(found.answer)
        return _decided(found, said, "literal", "same word" if said else "words that differ")
    brackets = outer_brackets(found.answer), outer_brackets(gold)
    if None not in brackets and brackets[0] != brackets[1]:
        return _decided(found, False, "literal", f"brackets {brackets[0]} are not {brackets[1]}")
    if max(len(found.answer), len(gold)) > LONGEST_SYMBOLIC:
        return _decided(found, False, "literal", "too long to compare but as text")
    return None


def _words(answer: str) -> set[str]:
    return {canonical(word) for word in answer.split()}


def _compare_numbers(found: Extraction, gold: str) -> Grade | None:
    reference, answer = read_number(gold), read_number(found.answer)
    if reference is None or answer is None:
        return None
    if reference.equals(answer):
        return _decided(found, True, "number", f"{answer.value} = {reference.value}")
    if reference.is_close(answer):
        return None
    return _decided(found, False, "number", "numbers that differ")


def _symbolic_grade(found: Extraction, gold: str, answer: PoolAnswer) -> Grade:
    by = "symbolic" + ("-fallback" if found.is_guess else "")
    if answer in ("equal", "different"):
        return _decided(found, answer == "equal", "symbolic", f"math-verify: {answer}")
    if answer == "answer_unparsable":
        return Grade("wrong", found.answer, by, "the answer cannot be read as mathematics")
    if answer == "gold_unparsable":
        return Grade(
            "gold_unparsable", found.answer, "none", f"reference answer {gold!r} cannot be read"
        )
    reasons = {"timeout": "time", "memory": "memory", "crash": "the worker's life"}
    return Grade("grader_timeout", found.answer, by, f"comparison ran out of {reasons[answer]}")


def _decided(found: Extraction, equal: bool, by: str, why: str) -> Grade:
    if found.is_guess:
        by, why = f"{by}-fallback", f"{why}; the last number of the text was taken"
    return Grade("correct" if equal else "wrong", found.answer, by, why)
