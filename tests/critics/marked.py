"""Small benchmarks of first errors, made of arithmetic."""

from redink.critics import marked_set
from redink.records import Problem, Response, StepLabels, labels_id, problem_id, response_id
from redink.tables import label_table, problem_table

STEPS = 3


def problem(n):
    a, b, c = 12 + n, 5 + n, 3 + n % 4
    question = f"{a} boxes of {b} pens, {c} pens are lost and the rest is bought twice. How many?"
    answer = str((a * b - c) * 2)
    text = (
        f"There are {a} * {b} = {a * b} pens.\nLeft are {a * b} - {c} = {a * b - c} pens.\n"
        f"Twice that is {a * b - c} * 2 = {answer}.\n#### {answer}"
    )
    return Problem(problem_id(question, answer), question, answer, text)


def problems(count):
    return problem_table([problem(n) for n in range(count)])


def labels_of(first_errors, labels=None):
    """A table of responses of three steps; a number says where each goes wrong, None nowhere."""
    rows, responses, asked = [], {}, {}
    for n, first_error in enumerate(first_errors):
        one = problem(n // 2)
        text = "\n".join(
            f"{step} + {n} = {step + n + (first_error is not None and step >= first_error)}"
            for step in range(STEPS)
        )
        outcome = "correct" if first_error is None else "wrong"
        response = Response(
            response_id(one.id, text, "test", sample=n), one.id, text, "test", outcome=outcome
        )
        known = tuple(first_error is None or step < first_error for step in range(STEPS))
        zeros = (0,) * STEPS
        known = labels[n] if labels else known
        rows.append(
            StepLabels(
                labels_id(response.id, "test"),
                response.id,
                zeros,
                zeros,
                known,
                first_error,
                "test",
            )
        )
        responses[response.id], asked[one.id] = response, one
    return label_table(rows, responses, asked)


def benchmark(*first_errors):
    return marked_set("mine", labels_of(first_errors))
