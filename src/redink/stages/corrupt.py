"""The verb `corrupt`: problems to responses, a share of them with one known error."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from redink.arithmetic import strip_annotations
from redink.corruption import Corruption, checked_kinds, corrupt_in_order
from redink.errors import UsageError
from redink.progress import progress
from redink.records import Problem, Response, response_id
from redink.tables import Dropped, Table, drop, response_table

Annotations = Literal["strip", "keep"]


def corrupt(
    problems: Table[Problem],
    *,
    wrong: float = 0.5,
    kinds: Sequence[str] | None = None,
    per_problem: int = 1,
    annotations: Annotations = "strip",
    seed: int = 0,
) -> Table[Response]:
    """Makes responses out of reference solutions, a share of them with one injected error.

    Kinds of error are balanced: each problem gets the kind used least so far among those that
    its solution allows. The rest are the untouched solutions.

    Args:
        problems: with reference solutions.
        wrong: share of the responses that get an error, 0 to 1.
        kinds: kinds of error to choose from (`redink.corruption.ERROR_KINDS`); None for all.
        per_problem: responses per problem.
        annotations: whether `<<a*b=c>>` annotations are taken out of the text or kept.
        seed: of the choice of problems and errors.

    Returns:
        Responses of origin `corrupt`, graded by construction, in the order of the problems. A
        problem without solution, or chosen for an error that its solution does not honestly
        allow, is among the dropped with the reason.

    Raises:
        UsageError: for settings out of range or an unknown kind.
    """
    if not 0 <= wrong <= 1:
        raise UsageError(f"corrupt: wrong is {wrong}; give a share between 0 and 1")
    if per_problem < 1:
        raise UsageError(f"corrupt: per_problem is {per_problem}; give 1 or more")
    if annotations not in ("strip", "keep"):
        raise UsageError(f"corrupt: annotations is {annotations!r}; choose strip or keep")
    work = _Work(checked_kinds(kinds), wrong, annotations == "keep", seed)
    slots = [(row, sample) for row in range(len(problems)) for sample in range(per_problem)]
    Random(f"{seed}:slots").shuffle(slots)
    with progress("corrupt", len(slots), "responses") as bar:
        for row, sample in slots:
            work.fill(problems.rows[row], row, sample)
            bar.advance()
    rows = [work.made[slot] for slot in sorted(work.made)]
    dropped = [work.dropped[slot] for slot in sorted(work.dropped)]
    return response_table(rows, {problem.id: problem for problem in problems}, dropped)


@dataclass
class _Work:
    kinds: tuple[str, ...]
    wrong: float
    keep: bool
    seed: int
    made: dict[tuple[int, int], Response] = field(default_factory=dict)
    dropped: dict[tuple[int, int], Dropped] = field(default_factory=dict)
    used: Counter[str] = field(default_factory=Counter)
    errors: int = 0
    texts: set[tuple[str, str]] = field(default_factory=set)

    def fill(self, problem: Problem, row: int, sample: int) -> None:
        """Makes one response, an error where the share asks for one."""
        slot = row, sample
        if not (problem.solution or "").strip():
            self.dropped[slot] = drop(problem, "no reference solution")
        elif self.errors < self.wrong * (len(self.made) + 1) - 1e-9:
            corruption = self._corrupt(problem, sample)
            if isinstance(corruption, str):
                self.dropped[slot] = drop(problem, corruption)
            else:
                self.errors += 1
                self.used[corruption.error.kind] += 1
                self.texts.add((problem.id, corruption.text))
                self.made[slot] = _wrong(problem, corruption, sample)
        else:
            self.made[slot] = _correct(problem, sample, self.keep)

    def _corrupt(self, problem: Problem, sample: int) -> Corruption | str:
        random = Random(f"{self.seed}:{problem.id}:{sample}")
        order = sorted(self.kinds, key=lambda kind: (self.used[kind], random.random()))
        found: Corruption | str = ""
        for attempt in range(5):
            seed = self.seed * 1_000_003 + sample * 101 + attempt
            found = corrupt_in_order(problem, order, seed, keep_annotations=self.keep)
            if isinstance(found, str) or (problem.id, found.text) not in self.texts:
                return found
            order = [*order[1:], order[0]]
        return "no further honest corruption of this problem"


def _wrong(problem: Problem, corruption: Corruption, sample: int) -> Response:
    return Response(
        id=response_id(problem.id, corruption.text, "corrupt", sample=sample),
        problem_id=problem.id,
        text=corruption.text,
        origin="corrupt",
        answer=corruption.answer,
        outcome="wrong",
        finish="stop",
        error=corruption.error,
    )


def _correct(problem: Problem, sample: int, keep: bool) -> Response:
    text = (problem.solution or "").rstrip()
    if "####" not in text:
        text = f"{text}\n#### {problem.answer}"
    if not keep:
        text = strip_annotations(text)[0]
    return Response(
        id=response_id(problem.id, text, "corrupt", sample=sample),
        problem_id=problem.id,
        text=text,
        origin="corrupt",
        answer=problem.answer,
        outcome="correct",
        finish="stop",
    )
