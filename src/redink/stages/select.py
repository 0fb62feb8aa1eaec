"""`select`: keep some rows of a table; what is dropped is kept beside it with the reason."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from redink.errors import UsageError
from redink.records import Critique, Outcome, Problem, Response
from redink.selection.choosing import Take
from redink.selection.conditions import conditions
from redink.selection.contamination import RATIO, TestQuestions
from redink.selection.duplicates import NEAR, SAME, On, exact_duplicates, near_duplicates
from redink.selection.mixture import read_mixture
from redink.selection.pass_rate import outside, read_pass_rate, right_of
from redink.selection.row import By, Part, check_by, check_part, own_part
from redink.selection.steps import (
    Step,
    Taking,
    capped,
    contaminated,
    failing,
    mixed,
    run_steps,
    taken,
    trimmed,
)
from redink.selection.usefulness import check_useful, not_useful, refinements_of
from redink.stages.load import load
from redink.tables import Dropped, Table, critique_table, problem_table, response_table

Tables = Table[Any] | Sequence[Table[Any]] | Mapping[str, Table[Any]]


def select(
    rows: Table[Any],
    *,
    outcome: Outcome | Sequence[Outcome] | None = None,
    verdict: str | Sequence[str] | None = None,
    agrees: bool | None = None,
    min_chars: int | None = None,
    max_chars: int | None = None,
    length_of: Part | None = None,
    deduplicate: Literal["exact", "near"] | None = None,
    deduplicate_at: float = 0.8,
    deduplicate_on: On = "text",
    decontaminate: str | Sequence[str] | None = None,
    decontaminate_at: float = RATIO,
    against: Tables | None = None,
    data: str | None = None,
    trim: Sequence[int] | None = None,
    per_problem: int | None = None,
    balance: By | None = None,
    mixture: Mapping[str, Any] | None = None,
    take: Take | None = None,
    spread: bool = False,
    n: int | None = None,
    seed: int = 0,
    refined: Table[Response] | None = None,
    useful: int | None = None,
    pass_rate: Mapping[str, float] | None = None,
) -> Table[Any]:
    """Keeps some rows, in their order. The steps run in this order:

    pass rate → conditions → usefulness → exact duplicates → near duplicates → decontamination →
    trim → cap → mixture → n.

    Args:
        rows: Problems, responses or critiques.
        outcome: Outcomes of the response to keep (`correct`, `wrong`, ...).
        verdict: Verdicts to keep: `right`, `wrong`, `unreadable` (a critique without a verdict).
        agrees: Keep critiques whose verdict matches the grader (true) or contradicts it (false).
        min_chars: Least length, in characters.
        max_chars: Greatest length, in characters.
        length_of: The text whose length counts, here and for `trim` and `take`: `question`,
            `response` or `critique`; the rows' own where not given.
        deduplicate: `exact` drops rows that repeat an earlier one but for case, spacing and
            punctuation; `near` near copies as well.
        deduplicate_at: Least Jaccard similarity (of three-word shingles) of a near copy.
        deduplicate_on: `text` compares responses, and critiques with their responses, within their
            problem; `question` compares the problems. Problems are compared by question.
        decontaminate: Benchmarks whose test questions, and near copies of them, must not appear.
        decontaminate_at: A near copy of a test question has more than this share of the longer
            text in common (longest common subsequence).
        against: Tables of other problems that must not appear either, with their names.
        data: File of a benchmark, or a folder that holds them, as for `load`.
        trim: How many of the shortest and of the longest rows to drop, as [shortest, longest].
        per_problem: Most rows of one problem.
        balance: Take equally many of each value: `outcome` (correct, wrong), `verdict` (right,
            wrong), or every `origin`, `model`, `teacher`, `preset`, `subject`, `level`, `source`.
        mixture: Take the values in these shares, as in
            `{by: outcome, shares: {correct: 0.44, wrong: 0.56}}`.
        take: Which rows to prefer for cap, mixture and n: `first`, `random`, `longest`, `shortest`
            or `middle` (nearest to the median length); `random` for mixtures, else `first`, where
            not given.
        spread: Deal rows round robin over problems, so that n rows come from as many as they can.
        n: Keep at most n; with a mixture exactly n.
        seed: Seed of `random` and of the order among equal lengths; the order of the rows does not
            matter.
        refined: Responses that `refine` made following the critiques, for `useful`.
        useful: Keep critiques that at least so many right refinements follow.
        pass_rate: Keep the problems that so many of their responses here solve, as in
            `{max: 0.3}` or `{min: 0.1, max: 0.9}`, with all their rows: T1's filter of what is too
            easy, with 16 samples of each problem (arXiv 2501.11651). Responses that say nothing of
            the model (`gold_unparsable`, `grader_timeout`, `ungraded`) do not count.

    Returns:
        A table of the same kind; `dropped` holds the others with the reason, step by step, and
        with the twin where there is one (see `redink.selection.removals`); `provenance["steps"]`
        the number of rows after each step.

    Raises:
        UsageError: A setting that does not apply to this kind of row, or an unknown value.
        DataError: A benchmark that cannot be found, or a mixture that n rows do not allow.
    """
    _check(rows, length_of, balance, deduplicate_at, decontaminate_at, per_problem, n)
    check_useful(rows, refined, useful)
    checks = conditions(
        rows,
        outcome=outcome,
        verdict=verdict,
        agrees=agrees,
        min_chars=min_chars,
        max_chars=max_chars,
        length_of=length_of,
    )
    mixing = read_mixture(balance, mixture)
    if mixing:
        check_by(rows, mixing[0], "mixture" if balance is None else "balance")
    part = length_of or own_part(rows)
    taking = Taking(take or ("random" if mixing else "first"), part, seed, spread)
    steps: list[tuple[str, Step]] = []
    if pass_rate is not None:
        bounds, rates = read_pass_rate(pass_rate), right_of(rows)
        steps.append(("pass rate", lambda kept: outside(rows, kept, rates, bounds)))
    if checks:
        steps.append(("conditions", lambda kept: failing(kept, checks)))
    if refined is not None and useful is not None:
        counts_of, least = refinements_of(refined), useful
        steps.append(("usefulness", lambda kept: not_useful(kept, counts_of, least)))
    if deduplicate:
        steps += _duplicate_steps(rows, deduplicate, deduplicate_at, deduplicate_on)
    if decontaminate or against:
        tests = TestQuestions(_tests(decontaminate, against, data), decontaminate_at)
        steps.append(("decontamination", lambda kept: contaminated(rows, kept, tests)))
    if trim is not None:
        steps.append(("trim", lambda kept: trimmed(rows, kept, trim, part)))
    if per_problem is not None:
        steps.append(("cap", lambda kept: capped(rows, kept, per_problem, taking)))
    if mixing:
        steps.append(("mixture", lambda kept: mixed(rows, kept, *mixing, n, taking)))
    elif n is not None:
        steps.append(("n", lambda kept: taken(rows, kept, n, taking)))
    kept, dropped, counts = run_steps(rows, steps)
    return replace(_rebuilt(rows, kept, dropped), provenance={"steps": counts})


def _check(
    rows: Table[Any],
    length_of: str | None,
    balance: str | None,
    deduplicate_at: float,
    decontaminate_at: float,
    per_problem: int | None,
    n: int | None,
) -> None:
    if rows.kind not in (Problem, Response, Critique):
        raise UsageError(
            f"rows: {rows.kind.__name__} rows cannot be selected; give problems, responses or "
            "critiques"
        )
    check_part(rows, length_of, "length_of")
    for name, value in (
        ("deduplicate_at", deduplicate_at),
        ("decontaminate_at", decontaminate_at),
    ):
        if not 0 < value <= 1:
            raise UsageError(f"{name}: {value} is no share; give a number above 0, at most 1")
    for name, count in (("per_problem", per_problem), ("n", n)):
        if count is not None and count < 1:
            raise UsageError(f"{name}: {count} rows cannot be kept; give a number of at least 1")


def _duplicate_steps(
    rows: Table[Any], deduplicate: str, at: float, on: On
) -> list[tuple[str, Step]]:
    steps: list[tuple[str, Step]] = [
        (
            "exact duplicates",
            lambda kept: {
                place: (SAME, twin) for place, twin in exact_duplicates(rows, kept, on).items()
            },
        )
    ]
    if deduplicate == "near":
        steps.append(
            (
                "near duplicates",
                lambda kept: {
                    place: (NEAR, twin)
                    for place, twin in near_duplicates(rows, kept, at, on).items()
                },
            )
        )
    return steps


def _tests(
    names: str | Sequence[str] | None, against: Tables | None, data: str | None
) -> dict[str, Iterable[Problem]]:
    tests: dict[str, Iterable[Problem]] = {}
    for name in (names,) if isinstance(names, str) else names or ():
        if name.startswith("gym:"):
            raise UsageError(
                f"decontaminate: {name} is a generator; load its test split as a stage and name "
                "that stage in against"
            )
        tests[name] = load(name, data=data)
    if isinstance(against, Table):
        against = [against]
    if not isinstance(against, Mapping):
        against = {f"against {place}": table for place, table in enumerate(against or (), 1)}
    return tests | {name: table.problems.values() for name, table in against.items()}


def _rebuilt(rows: Table[Any], kept: list[Any], dropped: list[Dropped]) -> Table[Any]:
    if rows.kind is Problem:
        return problem_table(kept, dropped)
    if rows.kind is Response:
        return response_table(kept, rows.problems, dropped)
    return critique_table(kept, rows.responses, rows.problems, dropped)
