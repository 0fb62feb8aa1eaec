"""respond: a model samples solutions to problems."""

from dataclasses import replace
from pathlib import Path

from redink.engines.engine import Completion, Conversation, Engine, Sampling
from redink.engines.opening import open_engine
from redink.errors import DataError
from redink.grading import grade_many
from redink.progress import progress
from redink.records import Problem, Response, response_id
from redink.tables import Table, response_table
from redink.training.rendering import question_messages


def respond(
    problems: Table[Problem],
    *,
    model: str | Path = "smollm2-135m",
    samples: int = 1,
    temperature: float = 0.7,
    top_p: float = 0.95,
    max_tokens: int = 512,
    batch_size: int = 64,
    seed: int = 0,
    out: Path | None = None,
) -> Table[Response]:
    """Samples solutions to every problem and grades them.

    Args:
        problems: what is asked, with the training prompt (`question_messages`).
        model: `smollm2-135m`, a model folder or `hf:ORG/NAME`.
        samples: responses to each problem.
        temperature: 0 is greedy.
        top_p: nucleus of the draws.
        max_tokens: new tokens per response at most; `finish` says `length` where they ran out.
        batch_size: responses generated at once.
        seed: of the draws.
        out: folder of the journal, so that an interrupted call goes on where it stopped.

    Returns graded responses, origin `respond`, by problem and sample. Raises DataError without
    problems, ModelError where the model cannot be opened or fails.
    """
    if not len(problems):
        raise DataError("respond: no problems to answer; load some into the table")
    journal = out / "responses.sqlite" if out else None
    engine = open_engine(model, batch_size=batch_size, journal=journal)
    sampling = Sampling(temperature, top_p, max_tokens, samples, seed)
    distinct = {problem.id: problem for problem in problems}
    completions = _complete(engine, distinct, sampling)
    responses = [
        _response(problem, completions[problem.id, sample], _name(model), sampling)
        for problem in distinct.values()
        for sample in range(samples)
    ]
    return response_table(_graded(responses, distinct), distinct)


def _complete(
    engine: Engine, problems: dict[str, Problem], sampling: Sampling
) -> dict[tuple[str, int], Completion]:
    conversations = [Conversation(p.id, question_messages(p)) for p in problems.values()]
    completions: dict[tuple[str, int], Completion] = {}
    total = len(conversations) * sampling.samples
    tokens = 0
    with progress("respond", total, "responses") as bar:
        for completion in engine.complete(conversations, sampling):
            completions[completion.id, completion.sample] = completion
            tokens += completion.completion_tokens
            bar.advance(1, tokens=f"{tokens:,}")
    return completions


def _name(model: str | Path) -> str:
    """A model's name, wherever the run lies: `warmup-1a2b` for `runs/r/warmup-1a2b/model`."""
    path = Path(model)
    return path.parent.name if path.name == "model" else str(model)


def _response(problem: Problem, done: Completion, model: str, sampling: Sampling) -> Response:
    return Response(
        id=response_id(problem.id, done.text, "respond", model, done.sample),
        problem_id=problem.id,
        text=done.text,
        origin="respond",
        model=model,
        sampling={
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
            "seed": sampling.seed,
            "sample": done.sample,
        },
        n_tokens=done.completion_tokens,
        finish=done.finish,
    )


def _graded(responses: list[Response], problems: dict[str, Problem]) -> list[Response]:
    grades = grade_many([(r.text, problems[r.problem_id], r.finish) for r in responses])
    return [
        replace(response, answer=grade.extracted, outcome=grade.outcome)
        for response, grade in zip(responses, grades, strict=True)
    ]
