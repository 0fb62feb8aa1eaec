"""Writing a changed solution: new numbers in their places, steps out and in, annotations."""

from collections.abc import Iterator
from dataclasses import dataclass

from redink.arithmetic import Annotation, Expression, SolutionStep, show
from redink.arithmetic.numbers import plain
from redink.corruption.change import Refused
from redink.corruption.propagation import Propagation


@dataclass(frozen=True, slots=True)
class Rendered:
    """A changed solution's text, and the first solution step in which it differs."""

    text: str
    step: int


def render(propagation: Propagation, *, keep_annotations: bool) -> Rendered:
    """The text after a change; raises Refused where its places cannot be told apart."""
    edits = dict(propagation.spans)
    solution, change = propagation.graph.solution, propagation.change
    step = _first_step(propagation)
    if change.dropped_step is not None:
        dropped = solution.steps[change.dropped_step]
        edits = {span: new for span, new in edits.items() if not _inside(span, dropped)}
        until = min(len(solution.text), _line_end(solution.text, dropped.end) + 1)
        edits[dropped.start, until] = ""
    if change.inserted is not None and change.equation is not None:
        behind = solution.steps[propagation.graph.step_of(change.equation)].end
        edits[behind, behind] = f"\n{change.inserted}"
    inserts = _annotations(propagation) if keep_annotations else {}
    _refuse_algebra(propagation)
    return Rendered(_apply(solution.text, edits, inserts), step)


def _first_step(propagation: Propagation) -> int:
    solution, change = propagation.graph.solution, propagation.change
    if change.inserted is not None and change.equation is not None:
        return propagation.graph.step_of(change.equation) + 1
    changed = [
        solution.step_at(start)
        for (start, end), new in propagation.spans.items()
        if solution.text[start:end] != new
    ]
    if change.dropped_step is None:
        return min(changed)
    later = [step for step in changed if step > change.dropped_step]
    if not later:
        raise Refused("the missing step is never used")
    return min(later) - 1


def _inside(span: tuple[int, int], step: SolutionStep) -> bool:
    start, end = span
    return step.start <= start and end <= step.end


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end


def _refuse_algebra(propagation: Propagation) -> None:
    """Refuses to touch a step with an equation that could not be read, as in `5x = 1200`."""
    solution = propagation.graph.solution
    read = [(equation.start, equation.end) for equation in solution.equations]
    touched = {solution.step_at(start) for start, _ in propagation.spans}
    for token, after in zip(solution.tokens, solution.tokens[1:], strict=False):
        if token.kind != "equals" or solution.step_at(token.start) not in touched:
            continue
        assigned = any(start == after.start for start, _ in read)
        if not assigned and not any(start <= token.start < end for start, end in read):
            raise Refused("a step that could not be read")


def _annotations(propagation: Propagation) -> dict[int, str]:
    """For each annotation's place, its text after the change."""
    solution = propagation.graph.solution
    return {note.at: f"<<{_annotation(propagation, note)}>>" for note in solution.annotations}


def _annotation(propagation: Propagation, note: Annotation) -> str:
    graph = propagation.graph
    for index, equation in enumerate(graph.equations):
        result = equation.result
        if result is None or result.start not in (note.at, note.at + 1):
            continue
        if index not in propagation.values:
            return note.text
        worked: Expression = propagation.worked.get(index, equation.worked)
        shown = show(worked).replace(" ", "").replace("%", "*.01")
        return f"{shown}={plain(propagation.values[index])}"
    for (start, _), new in propagation.spans.items():
        if start in (note.at, note.at + 1):
            return f"{new}={new}".replace(",", "")
    return note.text


def _apply(text: str, edits: dict[tuple[int, int], str], inserts: dict[int, str]) -> str:
    return "".join(_pieces(text, edits, inserts)).strip("\n")


def _pieces(text: str, edits: dict[tuple[int, int], str], inserts: dict[int, str]) -> Iterator[str]:
    spans = [(at, at, 0, note) for at, note in inserts.items()]
    spans += [(start, end, 1, new) for (start, end), new in edits.items()]
    position = 0
    for start, end, _, new in sorted(spans):
        if start < position:
            if start == end:
                continue
            raise Refused("two changes in one place")
        yield text[position:start]
        yield new
        position = end
    yield text[position:]
