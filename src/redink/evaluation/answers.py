"""One arm's graded answers to one benchmark."""

from collections.abc import Sequence
from dataclasses import dataclass

from redink.engines.engine import Completion, Conversation, Engine, Sampling
from redink.errors import ModelError
from redink.grading import Grade, grade_many
from redink.progress import progress
from redink.records import Problem, Response, Score, response_id
from redink.training.rendering import question_messages


@dataclass(frozen=True)
class Answers:
    """Scores and the responses that they are of, in the order of the problems."""

    scores: tuple[Score, ...]
    responses: tuple[Response, ...]


def answer_benchmark(
    engine: Engine, arm: str, benchmark: str, problems: Sequence[Problem], sampling: Sampling
) -> Answers:
    """Lets an engine answer every problem and grades what it says.

    The prompt is the one of training (`question_messages`). Raises ModelError where the engine
    fails or leaves a problem unanswered.
    """
    completions = _complete(engine, arm, benchmark, problems, sampling)
    pairs = [
        (problem, completions[problem.id, sample])
        for problem in problems
        for sample in range(sampling.samples)
    ]
    grades = grade_many([(c.text, problem, c.finish) for problem, c in pairs])
    responses, scores = [], []
    for (problem, completion), grade in zip(pairs, grades, strict=True):
        response = _response(arm, problem, completion, sampling, grade)
        responses.append(response)
        scores.append(_score(arm, benchmark, completion, response, grade))
    return Answers(tuple(scores), tuple(responses))


def _complete(
    engine: Engine, arm: str, benchmark: str, problems: Sequence[Problem], sampling: Sampling
) -> dict[tuple[str, int], Completion]:
    conversations = [Conversation(p.id, tuple(question_messages(p))) for p in problems]
    expected = len(conversations) * sampling.samples
    completions: dict[tuple[str, int], Completion] = {}
    tokens = 0
    with progress(f"{arm} on {benchmark}", expected, "answers") as bar:
        for completion in engine.complete(conversations, sampling):
            completions[completion.id, completion.sample] = completion
            tokens += completion.completion_tokens
            bar.advance(tokens=f"{tokens / len(completions):.0f} on average")
    if len(completions) != expected:
        raise ModelError(
            f"engine {engine.name!r} answered {len(completions)} of {expected} problems of "
            f"{benchmark!r} for arm {arm!r}; run the same command again to go on"
        )
    return completions


def _response(
    arm: str, problem: Problem, completion: Completion, sampling: Sampling, grade: Grade
) -> Response:
    return Response(
        id=response_id(problem.id, completion.text, "evaluate", arm, completion.sample),
        problem_id=problem.id,
        text=completion.text,
        origin="evaluate",
        model=arm,
        sampling={
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
            "seed": sampling.seed,
            "sample": completion.sample,
        },
        answer=grade.extracted,
        outcome=grade.outcome,
        n_tokens=completion.completion_tokens,
        finish=completion.finish,
    )


def _score(
    arm: str, benchmark: str, completion: Completion, response: Response, grade: Grade
) -> Score:
    return Score(
        model=arm,
        benchmark=benchmark,
        problem_id=response.problem_id,
        sample=completion.sample,
        response_id=response.id,
        outcome=grade.outcome,
        extracted=grade.extracted,
        compared_by=grade.compared_by,
        n_tokens=completion.completion_tokens,
    )
