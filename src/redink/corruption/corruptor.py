"""Injecting one typed error into a reference solution, with everything after it recomputed."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random

from redink.arithmetic import holds
from redink.arithmetic.answer import read_final_answer, same_answer
from redink.arithmetic.solution import WorkedSolution
from redink.corruption.change import Change, Refused
from redink.corruption.graph import SolutionGraph, read_graph
from redink.corruption.kinds import ERROR_KINDS, PROPOSERS
from redink.corruption.propagation import DECIMALS, NEGATIVES, STRICT, Propagation
from redink.corruption.rendering import Rendered, render
from redink.errors import UsageError
from redink.records import InjectedError, Problem

MAX_TRIES = 40
"""Changes of one kind that are tried on one solution."""


@dataclass(frozen=True, slots=True)
class Corruption:
    """A solution with one injected error."""

    text: str
    answer: str
    error: InjectedError


def corrupt_solution(
    problem: Problem,
    kinds: Sequence[str] | None = None,
    seed: int = 0,
    *,
    keep_annotations: bool = False,
) -> Corruption | str:
    """Injects one error into the problem's reference solution.

    What follows from the wrong value is recomputed: operands, printed values, prose and the
    final answer, so that the text is consistent after the error. The same problem and seed
    always give the same corruption.

    Args:
        problem: with a reference solution whose arithmetic can be read, plain or annotated.
        kinds: kinds of `ERROR_KINDS` to choose from, all when None; tried in a random order.
        seed: of the choice.
        keep_annotations: keeps `<<a*b=c>>` annotations, recomputed, in the text.

    Returns:
        The corruption, or the reason why no honest one was found.

    Raises:
        UsageError: for an unknown kind.
    """
    order = list(checked_kinds(kinds))
    Random(f"{seed}:{problem.id}:kinds").shuffle(order)
    return corrupt_in_order(problem, order, seed, keep_annotations=keep_annotations)


def corrupt_in_order(
    problem: Problem, kinds: Sequence[str], seed: int, *, keep_annotations: bool = False
) -> Corruption | str:
    """Like `corrupt_solution`, trying the kinds in the order given.

    A kind that only gives decimals or negative values where there were none comes after all
    others.
    """
    graph = sound_graph(problem)
    if isinstance(graph, str):
        return graph
    for leniency in (STRICT, DECIMALS, NEGATIVES):
        for kind in kinds:
            random = Random(f"{seed}:{problem.id}:{kind}")
            for change in islice(PROPOSERS[kind](graph, random), MAX_TRIES):
                found = _attempt(graph, change, kind, leniency, keep_annotations)
                if found is not None:
                    return found
    return "no honest corruption of the kinds asked for"


def checked_kinds(kinds: Sequence[str] | None) -> tuple[str, ...]:
    """The kinds asked for; raises UsageError for unknown ones and for none at all."""
    chosen = ERROR_KINDS if kinds is None else tuple(dict.fromkeys(kinds))
    unknown = [kind for kind in chosen if kind not in PROPOSERS]
    if unknown or not chosen:
        raise UsageError(
            f"kinds: {', '.join(map(repr, unknown)) or 'empty'} is no kind of error; "
            f"choose from {', '.join(ERROR_KINDS)}"
        )
    return chosen


def sound_graph(problem: Problem) -> SolutionGraph | str:
    """The problem's solution graph where it can be trusted, else the reason why not."""
    graph = read_graph(problem)
    if isinstance(graph, str):
        return graph
    if not same_answer(graph.final.text, problem.answer):
        return "the reference solution does not end in the reference answer"
    return graph


def _attempt(
    graph: SolutionGraph, change: Change, kind: str, leniency: int, keep_annotations: bool
) -> Corruption | None:
    try:
        propagation = Propagation(graph, change, leniency).run()
        bare = render(propagation, keep_annotations=False)
    except Refused:
        return None
    if not _honest(graph, change, bare):
        return None
    text = render(propagation, keep_annotations=True).text if keep_annotations else bare.text
    answer = read_final_answer(bare.text)
    error = InjectedError(kind, bare.step, change.true_value, change.false_value)
    return Corruption(text, answer.text if answer else "", error)


def _honest(graph: SolutionGraph, change: Change, rendered: Rendered) -> bool:
    """Reads the new text afresh: another final answer, the same text before the error, and all
    arithmetic as right as it was, but for a slip in its own step."""
    after = WorkedSolution.read(rendered.text)
    answer = read_final_answer(rendered.text)
    if answer is None or same_answer(answer.text, graph.problem.answer) is not False:
        return False
    before = [step.text for step in graph.solution.steps]
    dropped = change.dropped_step
    if dropped is not None:
        del before[dropped]
    steps = [step.text for step in after.steps]
    if steps[: rendered.step] != before[: rendered.step] or rendered.step >= len(steps):
        return False
    if before[rendered.step] == steps[rendered.step]:
        return False
    slipped = change.result is not None and change.inserted is None and dropped is None
    allowed = sum(not holds(equation) for equation in graph.equations)
    broken = [equation for equation in after.equations if not holds(equation)]
    in_step = [e for e in broken if after.step_at(e.end - 1) == rendered.step]
    return len(in_step) >= 1 if slipped else len(broken) <= allowed
