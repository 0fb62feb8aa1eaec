"""A model's graded answers to problems: generated, and graded while others are generated."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from redink.engines.engine import Completion, Conversation, Engine, Failure, Sampling
from redink.engines.prices import Price
from redink.errors import BudgetError, ModelError
from redink.evaluation.marking import Marker
from redink.grading import Grade
from redink.progress import progress
from redink.prompts import Prompt
from redink.records import Problem, Response, Score, response_id


@dataclass(frozen=True)
class Answer:
    """One response and how it was graded."""

    response: Response
    grade: Grade
    sample: int


def answer_problems(
    engine: Engine,
    problems: Sequence[Problem],
    sampling: Sampling,
    prompt: Prompt,
    *,
    origin: str,
    model: str,
    label: str,
) -> list[Answer]:
    """Lets an engine answer every problem `sampling.samples` times, and grades the answers.

    Args:
        engine: what answers.
        problems: distinct problems.
        sampling: how answers are drawn; the prompt's stop texts are added to its own.
        prompt: how a problem is put.
        origin: the verb, kept in each response.
        model: the model's name there.
        label: what the progress line says.

    Returns answers by problem, then sample. Raises ModelError where the engine fails or leaves a
    problem unanswered.
    """
    gathered = gather_answers(
        engine, problems, sampling, prompt, origin=origin, model=model, label=label
    )
    if gathered.missing:
        reason = next((missing.reason for missing in gathered.missing), "")
        expected = len(gathered.answers) + len(gathered.missing)
        raise ModelError(
            f"{label}: engine {engine.name!r} gave {len(gathered.answers)} of {expected} answers"
            f"{f' ({reason})' if reason else ''}; run the same command again to go on"
        )
    return list(gathered.answers)


@dataclass(frozen=True)
class Gathered:
    """Answers by problem, then sample, and those that could not be had."""

    answers: tuple[Answer, ...]
    missing: tuple[Failure, ...]
    """Ids are the problems'."""


def gather_answers(
    engine: Engine,
    problems: Sequence[Problem],
    sampling: Sampling,
    prompt: Prompt,
    *,
    origin: str,
    model: str,
    label: str,
    price: Price | None = None,
    max_tokens_total: int | None = None,
) -> Gathered:
    """As `answer_problems`, with what could not be had beside the answers.

    Args:
        price: of the model, for the cost in the progress line.
        max_tokens_total: prompt and completion tokens at most, where the engine has no budget of
            its own.

    Raises ModelError where the engine fails as a whole, BudgetError at a limit.
    """
    stops = tuple(dict.fromkeys((*sampling.stop, *prompt.stop)))
    sampling = replace(sampling, stop=stops)
    asked = {problem.id: problem for problem in problems}
    marker: Marker[tuple[str, int]] = Marker()
    completions: dict[tuple[str, int], Completion] = {}
    failures: dict[tuple[str, int], Failure] = {}
    expected, tokens, spent, cost = len(asked) * sampling.samples, 0, 0, 0.0
    with progress(label, expected, "answers") as bar:
        for done in engine.complete(conversations(problems, prompt), sampling):
            if isinstance(done, Failure):
                failures[done.id, done.sample] = done
                bar.advance(failed=str(len(failures)))
                continue
            completions[done.id, done.sample] = done
            marker.submit((done.id, done.sample), done.text, asked[done.id], done.finish)
            tokens += done.completion_tokens
            spent += done.prompt_tokens + done.completion_tokens
            figures = {"tokens": f"{tokens / len(completions):.0f} on average"}
            if price is not None:
                cost += price.cost(done.prompt_tokens, done.completion_tokens)
                figures["cost"] = f"${cost:.2f}"
            bar.figures.update(figures)
            bar.advance()
            if max_tokens_total and spent >= max_tokens_total and len(completions) < expected:
                raise BudgetError(
                    f"{label}: stopped at max_tokens_total {max_tokens_total}: {spent} tokens so "
                    "far; what is done is kept, raise the limit to go on"
                )
    grades = marker.grades()
    settings = {
        "prompt": prompt.name,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
        "stop": list(sampling.stop),
        "seed": sampling.seed,
        "engine": engine.name.partition(":")[0],
    }
    answers: list[Answer] = []
    missing: list[Failure] = []
    for problem in asked.values():
        for sample in range(sampling.samples):
            if (problem.id, sample) not in completions:
                silent = Failure(problem.id, sample, "")
                missing.append(failures.get((problem.id, sample), silent))
                continue
            done, grade = completions[problem.id, sample], grades[problem.id, sample]
            response = Response(
                id=response_id(problem.id, done.text, origin, model, sample),
                problem_id=problem.id,
                text=done.text,
                origin=origin,
                model=model,
                sampling={**settings, "sample": sample},
                answer=grade.extracted,
                outcome=grade.outcome,
                n_tokens=done.completion_tokens,
                finish=done.finish,
            )
            answers.append(Answer(response, grade, sample))
    return Gathered(tuple(answers), tuple(missing))


def conversations(problems: Sequence[Problem], prompt: Prompt) -> list[Conversation]:
    """What is put to the engine: messages for the chat template, or a text to be continued."""
    if prompt.is_raw:
        return [Conversation(p.id, (), raw=prompt.text(p)) for p in problems]
    return [Conversation(p.id, prompt.messages(p)) for p in problems]


def score_of(answer: Answer, arm: str, benchmark: str) -> Score:
    """The score of an arm's answer to a problem of a benchmark."""
    return Score(
        model=arm,
        benchmark=benchmark,
        problem_id=answer.response.problem_id,
        sample=answer.sample,
        response_id=answer.response.id,
        outcome=answer.grade.outcome,
        extracted=answer.grade.extracted,
        compared_by=answer.grade.compared_by,
        n_tokens=answer.response.n_tokens,
        why=answer.grade.why,
    )
