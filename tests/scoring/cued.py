"""Responses whose wrong steps show it: a word stands in them that right steps never hold."""

from redink.records import Problem, Response, StepLabels, labels_id, problem_id, response_id
from redink.tables import label_table, response_table

CUE = "wrong"


def cued_problem(n):
    a, b = 11 + 7 * n, 90 - 3 * n
    question, answer = f"{a} + {b} =", str(a + b)
    return Problem(problem_id(question, answer), question, answer, f"{a} + {b} = {answer}")


def cued_response(problem, first_error, steps=3, sample=0, outcome=None):
    """A response of `steps` steps; from `first_error` on they hold the cue."""
    lines = []
    for step in range(steps):
        bad = first_error is not None and step >= first_error
        lines.append(f"Step {step} is {CUE if bad else 'fine'}.")
    text = "\n".join(lines)
    outcome = outcome or ("correct" if first_error is None else "wrong")
    identity = response_id(problem.id, text, "test", sample=sample)
    return Response(identity, problem.id, text, "test", outcome=outcome)


def cued_labels(response, first_error, steps=3, successes=None, tries=None):
    labels = tuple(first_error is None or step < first_error for step in range(steps))
    return StepLabels(
        id=labels_id(response.id, "test"),
        response_id=response.id,
        successes=successes or (0,) * steps,
        tries=tries or (0,) * steps,
        labels=labels,
        first_error=first_error,
        source="injected",
    )


def cued_responses(count=24, start=0):
    """Every other one is right; the others go wrong at the second of three steps."""
    problems = [cued_problem(n) for n in range(start, start + count)]
    rows = [cued_response(p, None if n % 2 else 1) for n, p in enumerate(problems)]
    return response_table(rows, {problem.id: problem for problem in problems})


def cued_step_labels(count=24, start=0):
    """The responses of every kind: right, or wrong from the first, second or third step on."""
    rows, responses, problems = [], {}, {}
    for n in range(start, start + count):
        problem, first_error = cued_problem(n), (None, 0, 1, 2)[n % 4]
        response = cued_response(problem, first_error)
        problems[problem.id], responses[response.id] = problem, response
        rows.append(cued_labels(response, first_error))
    return label_table(rows, responses, problems)
