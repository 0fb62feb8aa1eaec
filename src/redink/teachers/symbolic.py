"""The symbolic teacher: marks arithmetic solutions by calculation, without a language model.

It sees the problem with its reference solution and the response's text, never how a response
was made. The final answer decides the verdict. A response whose final answer is right is right,
also where a calculation in it is broken: the slip is pointed out, and the verdict is the one
that a grader of final answers gives. Where the final answer is wrong, the first wrong step is
looked for (`diagnosis`) and explained (`explanation`).
"""

from redink.arithmetic import WorkedSolution, same_answer
from redink.records import Critique, Problem, Response, Verdict, critique_id
from redink.teachers import phrases
from redink.teachers.case import Case
from redink.teachers.composition import Composer, Style
from redink.teachers.diagnosis import diagnose
from redink.teachers.explanation import explain
from redink.teachers.phrases import Voice


class SymbolicTeacher:
    """Marks responses by aligning their arithmetic with the reference solution's.

    Args:
        style: `full` remarks on each step, `brief` goes straight to the first mistake.
        seed: of the wording.
    """

    name = "symbolic"

    def __init__(self, style: Style = "full", seed: int = 0) -> None:
        self.style = style
        self.seed = seed

    def critique(self, problem: Problem, response: Response) -> Critique:
        """The critique of one response; its verdict is None where it cannot tell."""
        case = Case(
            problem, WorkedSolution.read(problem.solution or ""), WorkedSolution.read(response.text)
        )
        text, verdict, first_error = self._mark(case, response.id)
        return Critique(
            id=critique_id(response.id, text, self.name),
            response_id=response.id,
            text=text,
            verdict=verdict,
            first_error=first_error,
            agrees=_agrees(verdict, response),
            teacher=self.name,
            cost=0.0,
            finish="stop",
            why="" if verdict else "cannot tell",
        )

    def _mark(self, case: Case, response_id: str) -> tuple[str, Verdict | None, int | None]:
        composer = Composer(case, Voice(f"{self.seed}:{response_id}"), self.style)
        answer = case.answer
        if answer is None:
            return phrases.CANNOT_TELL_NO_ANSWER, None, None
        same = same_answer(answer.text, case.problem.answer)
        if same is None:
            return phrases.CANNOT_TELL_TEXT.format(answer=answer.text), None, None
        if same:
            return composer.right(), "right", None
        diagnosis = diagnose(case)
        if diagnosis is None:
            return composer.unplaced(), "wrong", None
        return composer.wrong(explain(case, diagnosis)), "wrong", diagnosis.step


def _agrees(verdict: Verdict | None, response: Response) -> bool | None:
    if verdict is None or response.outcome not in ("correct", "wrong"):
        return None
    return (verdict == "right") == (response.outcome == "correct")
