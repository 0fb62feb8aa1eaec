"""The symbolic teacher's chains: attempts and what is wrong with them, told by one person.

Nothing is asked of a model. What is wrong is found anew, by calculation against the reference
solution, so that it can be said in the first person.
"""

from dataclasses import dataclass
from random import Random

from redink.arithmetic import WorkedSolution, holds, same_answer
from redink.chains import phrases
from redink.chains.checking import check_of
from redink.chains.lines import Lines, form_of, lines_of, stated, why_untold
from redink.chains.plan import Attempt, Draft
from redink.records import Critique, Json, Problem, Response
from redink.teachers.case import Case
from redink.teachers.composition import reason_of
from redink.teachers.diagnosis import diagnose
from redink.teachers.explanation import explain
from redink.teachers.phrases import Voice


@dataclass(frozen=True)
class Told:
    """A chain's text, and how it came about."""

    text: str
    notes: Json


@dataclass(frozen=True)
class Thinker:
    """Writes chains.

    Args:
        check: whether the answer is checked before it is stated.
        resume: share of the chains that go on from a mistake where the lines before it stand, in
            place of starting over.
        seed: of wording and draws.
    """

    check: bool = True
    resume: float = 0.5
    seed: int = 0

    def place(self, problem: Problem, response: Response, critique: Critique) -> int | str:
        """The first wrong step of a wrong response, or why it cannot be told."""
        if not (problem.solution or "").strip():
            return "no reference solution"
        if untold := why_untold(response.text):
            return untold
        case = _case(problem, response)
        if case.answer is None:
            return "it states no answer"
        if same_answer(case.answer.text, problem.answer) is not False:
            return "numbers cannot tell its answer from the right one"
        found = diagnose(case)
        return "no wrong step can be named" if found is None else found.step

    def fit(self, problem: Problem, response: Response) -> bool:
        """Whether a right response can be told: it states one answer, and its sums hold."""
        if why_untold(response.text) is not None:
            return False
        worked = WorkedSolution.read(response.text)
        return all(holds(equation) is not False for equation in worked.equations)

    def ends(self, problem: Problem) -> bool:
        """Whether a problem's reference solution can be told as the right attempt."""
        solution = problem.solution or ""
        return bool(solution.strip()) and why_untold(solution) is None

    def write(self, draft: Draft) -> Told:
        """The chain of a draft."""
        random = Random(f"{self.seed}:{draft.problem.id}:{draft.number}:chain")
        voice = Voice(f"{self.seed}:{draft.problem.id}:{draft.number}")
        right = lines_of(draft.solution)
        told = [lines_of(attempt.response.text) for attempt in draft.wrong]
        parts: list[str] = []
        shown = 0
        resumed = 0
        for attempt, mine, after in zip(draft.wrong, told, [*told, right][1:], strict=True):
            step = attempt.step or 0
            goes_on = _same_start(mine, after, step) and random.random() < self.resume
            parts += mine.texts[shown:]
            parts += self._doubted(draft.problem, attempt, mine, voice, shown)
            shown = step if goes_on else 0
            resumed += goes_on
            if after.texts[shown:]:
                parts.append(voice.say(phrases.FROM_THERE if goes_on else phrases.ANEW))
        parts += right.texts[shown:]
        answer = draft.problem.answer.strip()
        check = check_of(draft.solution, voice, backwards=random.random() < 0.5)
        parts += [check] if self.check and check else []
        parts.append(voice.say(phrases.SETTLED, answer=answer))
        parts.append(stated(answer, form_of(draft.solution)))
        return Told("\n".join(parts), {"check": bool(self.check and check), "resumed": resumed})

    def _doubted(
        self, problem: Problem, attempt: Attempt, mine: Lines, voice: Voice, shown: int
    ) -> list[str]:
        """What it comes to, what is wrong there, and that it is none."""
        case = _case(problem, attempt.response)
        found = diagnose(case)
        if found is None or case.answer is None:
            raise ValueError(f"{attempt.response.id}: no attempt that `place` has passed")
        answer = case.answer.text
        key, fills = reason_of(case, explain(case, found))
        sentences = [voice.say(phrases.DOUBT)]
        if found.step >= len(mine.texts):
            sentences.append(voice.say(phrases.AT_THE_END))
        elif shown:
            line = mine.texts[found.step].rstrip(".")
            sentences.append(voice.say(phrases.QUOTED, line=line))
        else:
            sentences.append(voice.say(phrases.IN_LINE, place=phrases.place_of(found.step)))
        fills["did"] = phrases.DID[fills["does"]]
        sentences.append(voice.say(phrases.REASONS[key], **fills))
        sentences.append(voice.say(phrases.RULED_OUT, answer=answer))
        claim = [voice.say(phrases.CLAIM, answer=answer)] if mine.states else []
        return [*claim, " ".join(sentences)]


def _case(problem: Problem, response: Response) -> Case:
    return Case(
        problem, WorkedSolution.read(problem.solution or ""), WorkedSolution.read(response.text)
    )


def _same_start(mine: Lines, after: Lines, step: int) -> bool:
    """Whether the lines before a wrong step stand word for word in the next attempt."""
    return step > 0 and mine.texts[:step] == after.texts[:step]
