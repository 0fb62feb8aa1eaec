"""A model's answers to problems at every thinking budget, from one answer sampled to the largest.

Each answer is sampled once, up to the largest budget. At a smaller one it is cut off there; where
it had not ended and not stated its answer by then, the model is asked for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from redink.engines.engine import Sampling
from redink.evaluation.answers import Answer, answer_problems
from redink.grading import grade_many
from redink.prompts import Prompt
from redink.records import Problem, Response, response_id
from redink.scaling.budgets import arm_at
from redink.scaling.closing import Closer, Reply, Request
from redink.scaling.cutting import Cut, Cutter, has_stated, without_open_line

ORIGIN = "scale"


@dataclass(frozen=True)
class AtBudget:
    """One answer at one budget."""

    budget: int
    answer: Answer


@dataclass(frozen=True)
class Scaler:
    """Answers problems at budgets.

    Args:
        engine: of a model in this machine, with its tokenizer.
        prompt: how problems are put.
        sampling: of the answers; its `max_tokens` is the largest budget's.
        budgets: in tokens, ascending.
        closing: the words that ask for an answer.
        answer_tokens: new tokens of an answer that is asked for, at most.
    """

    engine: Any
    prompt: Prompt
    sampling: Sampling
    budgets: tuple[int, ...]
    closing: str
    answer_tokens: int

    def answers(self, problems: Sequence[Problem], arm: str, label: str) -> list[AtBudget]:
        """Answers by budget, then problem and sample.

        Raises ModelError where the engine fails or leaves a problem unanswered.
        """
        sampling = replace(self.sampling, max_tokens=self.budgets[-1])
        whole = answer_problems(
            self.engine, problems, sampling, self.prompt, origin=ORIGIN, model=arm, label=label
        )
        by_id = {problem.id: problem for problem in problems}
        cuts = Cutter(self.engine.tokenizer).cuts([one.response for one in whole], self.budgets)
        open_ones = [
            (row, place)
            for row, (one, found) in enumerate(zip(whole, cuts, strict=True))
            for place, cut in enumerate(found)
            if not cut.ended and not has_stated(cut.text, by_id[one.response.problem_id])
        ]
        requests = [
            Request(by_id[whole[row].response.problem_id], without_open_line(cuts[row][place].text))
            for row, place in open_ones
        ]
        closer = Closer(self.engine, self.prompt, self.closing, self.answer_tokens)
        replies = dict(zip(open_ones, closer.ask(requests, label), strict=True))
        texts = [
            self._response(whole[row], cuts[row][place], replies.get((row, place)), arm, budget)
            for place, budget in enumerate(self.budgets)
            for row in range(len(whole))
        ]
        grades = grade_many([(one.text, by_id[one.problem_id], one.finish) for one in texts])
        samples = [one.sample for one in whole] * len(self.budgets)
        return [
            AtBudget(
                response.sampling["budget"],
                Answer(
                    replace(response, answer=grade.extracted, outcome=grade.outcome), grade, sample
                ),
            )
            for response, grade, sample in zip(texts, grades, samples, strict=True)
        ]

    def _response(
        self, whole: Answer, cut: Cut, reply: Reply | None, arm: str, budget: int
    ) -> Response:
        text = reply.text if reply is not None else cut.text
        name = arm_at(arm, budget)
        finish = reply.finish if reply is not None else "stop" if cut.ended else "length"
        return replace(
            whole.response,
            id=response_id(whole.response.problem_id, text, ORIGIN, name, whole.sample),
            text=text,
            model=name,
            sampling={
                **whole.response.sampling,
                "max_tokens": self.budgets[-1],
                "budget": budget,
                "ended": cut.ended,
                "asked": reply is not None and reply.asked,
            },
            n_tokens=cut.tokens + (reply.tokens if reply is not None else 0),
            finish=finish,
        )
