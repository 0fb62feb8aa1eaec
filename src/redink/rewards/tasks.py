"""Critique tasks: problems whose answer is a verdict on a given response.

Critique-Coder (arXiv 2509.22824) turns 20 % of its reinforcement data into them: the model judges
a response that was graded before, and is rewarded where its verdict is the grader's. In its table
a share of 20 % is best (47.2 on average, 45.7 without), 100 % worse than no training (44.5, 44.8).
"""

import random
from collections.abc import Iterable, Sequence

from redink.errors import DataError, UsageError
from redink.grading import Grade
from redink.problems.overlap import ASKED, asked
from redink.records import Outcome, Problem, Response, Verdict, problem_id
from redink.rewards.rollout import Rollout
from redink.teachers.verdict import read_verdict
from redink.training.rendering import critique_messages

REQUEST = "End with 'Conclusion: right' or 'Conclusion: wrong'."
"""Stands below the prompt of Critique Fine-Tuning; a model trained on critiques does without it.
Critique-Coder's own mark is `\\conclusion{T/F}`."""
TASK = "critique"
_VERDICTS: dict[str, Verdict] = {"correct": "right", "wrong": "wrong"}


def is_critique_task(problem: Problem) -> bool:
    """Whether a problem asks for a critique of a given response."""
    return problem.meta.get("task") == TASK


def critique_task(problem: Problem, response: Response, request: str = REQUEST) -> Problem:
    """The task to judge a response: its answer is `right` or `wrong`.

    Args:
        problem: that of the response.
        response: with the outcome `correct` or `wrong`.
        request: stands below the prompt that asks for a critique; empty leaves that prompt as
            Critique Fine-Tuning trains on it.

    Raises DataError for a response that no grader decided.
    """
    verdict = _VERDICTS.get(response.outcome)
    if verdict is None:
        raise DataError(
            f"response {response.id}: its outcome is {response.outcome}, so no verdict on it is "
            "known to be right; grade responses, and leave such ones out"
        )
    (message,) = critique_messages(problem, response)
    question = f"{message.content}\n\n{request}" if request else message.content
    return Problem(
        id=problem_id(question, verdict),
        question=question,
        answer=verdict,
        source=problem.source,
        subject=problem.subject,
        level=problem.level,
        meta={
            "task": TASK,
            "problem_id": problem.id,
            "response_id": response.id,
            ASKED: asked(problem),
        },
    )


def with_critique_tasks(
    problems: Sequence[Problem],
    responses: Iterable[Response],
    *,
    share: float = 0.2,
    wrong: float = 0.5,
    seed: int = 0,
    request: str = REQUEST,
) -> list[Problem]:
    """Puts critique tasks in the places of a share of the problems.

    Args:
        problems: what a policy is trained on.
        responses: graded ones to these problems; other ones and undecided ones are passed over.
        share: of the problems that become tasks to judge a response of theirs.
        wrong: share of the tasks whose response is wrong, as near as the responses allow: with
            half of them a policy that always says the same earns nothing.
        seed: of the choice of problems and responses.
        request: see `critique_task`.

    Returns as many problems, in their order. Raises UsageError for a share that is none,
    DataError where too few problems have a decided response.
    """
    for name, value in (("share", share), ("wrong", wrong)):
        if not 0 <= value <= 1:
            raise UsageError(f"critique tasks: {name} {value}; give a share from 0 to 1")
    count = round(share * len(problems))
    decided = _decided(problems, responses)
    if len(decided) < count:
        raise DataError(
            f"critique tasks: {count} of {len(problems)} problems are to become tasks, but "
            f"{len(decided)} have a response graded correct or wrong; give more responses, or a "
            f"share of {len(decided) / max(1, len(problems)):.2f} at most"
        )
    chosen = _chosen(decided, count, round(wrong * count), random.Random(seed))
    return [
        critique_task(problem, chosen[problem.id], request) if problem.id in chosen else problem
        for problem in problems
    ]


def verdict_grade(rollout: Rollout) -> Grade:
    """How a critique's verdict compares with the true one; `extracted` is the verdict."""
    reading = read_verdict(rollout.text, rollout.finish)
    if reading.verdict is None:
        outcome: Outcome = "truncated" if reading.why == "truncated" else "no_answer"
        return Grade(outcome, None, "none", reading.why)
    outcome = "correct" if reading.verdict == rollout.problem.answer else "wrong"
    return Grade(outcome, reading.verdict, "literal", "the critique's conclusion")


_Decided = dict[str, dict[Verdict, list[Response]]]


def _decided(problems: Sequence[Problem], responses: Iterable[Response]) -> _Decided:
    """Responses with a known verdict, by problem and verdict."""
    known = {problem.id for problem in problems}
    found: _Decided = {}
    for response in responses:
        verdict = _VERDICTS.get(response.outcome)
        if verdict is not None and response.problem_id in known:
            found.setdefault(response.problem_id, {}).setdefault(verdict, []).append(response)
    return found


def _chosen(decided: _Decided, count: int, wrong: int, draw: random.Random) -> dict[str, Response]:
    """The responses to be judged, by problem: the rarer verdict is served first."""
    order = sorted(decided)
    draw.shuffle(order)
    wanted: dict[Verdict, int] = {"wrong": wrong, "right": count - wrong}
    rarer: list[Verdict] = ["right", "wrong"]
    rarer.sort(key=lambda verdict: sum(verdict in kinds for kinds in decided.values()))
    chosen: dict[str, Response] = {}
    for verdict in rarer:
        offering = [key for key in order if verdict in decided[key] and key not in chosen]
        for key in offering[: wanted[verdict]]:
            chosen[key] = draw.choice(decided[key][verdict])
    for key in order:
        if len(chosen) < count and key not in chosen:
            verdict = draw.choice(sorted(decided[key]))
            chosen[key] = draw.choice(decided[key][verdict])
    return chosen
