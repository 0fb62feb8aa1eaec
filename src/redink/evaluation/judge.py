"""A language model as judge of what rules cannot tell; off unless asked for, counted apart."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from redink.engines.engine import Completion, Conversation, Engine, Sampling
from redink.grading import Grade
from redink.progress import progress
from redink.records import Message, Problem, Score
from redink.tables import Table

QUESTION = """\
Question:
{question}

Reference answer:
{reference}

Given answer:
{answer}

Does the given answer state the same final answer as the reference answer? Do not solve the \
question. Reply with one word: yes or no."""
LONGEST = 2000
"""Characters of the question and of each answer that the judge is shown."""
SAMPLING = Sampling(temperature=0.0, max_tokens=16)

_WORD = re.compile(r"\b(yes|no)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Case:
    """One answer that rules could not decide."""

    problem: Problem
    grade: Grade

    @property
    def is_open(self) -> bool:
        """Whether a judge has something to say: an answer and a reference are there."""
        return self.grade.unsure and bool(self.grade.extracted and self.problem.answer.strip())


def judge_cases(engine: Engine, cases: Sequence[Case]) -> list[Grade]:
    """Grades in the order of `cases`; those that rules decided stay as they are.

    The judge sees question, reference and extracted answer, never the whole response, which
    could talk it into a verdict. A reply that is not plainly yes or no changes nothing. What the
    judge decided has `compared_by` `judge` or `judge-fallback`.
    """
    asked = {
        str(number): Conversation(str(number), (Message("user", _question(case)),))
        for number, case in enumerate(cases)
        if case.is_open
    }
    replies: dict[str, str] = {}
    if asked:
        with progress(f"judge {engine.name}", len(asked), "answers") as bar:
            for done in engine.complete(list(asked.values()), SAMPLING):
                if isinstance(done, Completion):
                    replies[done.id] = done.text
                bar.advance()
    return [_judged(case.grade, replies.get(str(number), "")) for number, case in enumerate(cases)]


def _question(case: Case) -> str:
    return QUESTION.format(
        question=case.problem.question[:LONGEST],
        reference=case.problem.answer[:LONGEST],
        answer=(case.grade.extracted or "")[:LONGEST],
    )


def _judged(grade: Grade, reply: str) -> Grade:
    words = {word.lower() for word in _WORD.findall(reply)}
    if len(words) != 1:
        return grade
    by = "judge-fallback" if grade.compared_by.endswith("-fallback") else "judge"
    said = words.pop()
    return replace(
        grade,
        outcome="correct" if said == "yes" else "wrong",
        compared_by=by,
        why=f"judge: {said}; rules: {grade.why}",
    )


def judge_scores(model: str, scores: Table[Score], grades: Sequence[Grade]) -> list[Grade]:
    """`judge_cases` by a model's name, for grades in the order of a table of scores."""
    from redink.engines.opening import open_engine

    cases = [
        Case(scores.problems[score.problem_id], grade)
        for score, grade in zip(scores, grades, strict=True)
    ]
    return judge_cases(open_engine(model), cases)
