"""Beam search over solution steps: next steps are drawn, the SORM keeps the best.

As in step-level beam search (arXiv 2408.03314): N next steps in all, the best N / M
prefixes are kept, M next steps are drawn from each. Prefixes go on as an assistant's message that
is not finished.
"""

from dataclasses import dataclass, field, replace

from redink.engines.engine import Conversation, Sampling
from redink.errors import UsageError
from redink.grading.extraction import extract_answer
from redink.records import Message, Problem
from redink.refinement.desk import Desk
from redink.refinement.tried import Tried
from redink.refinement.writing import Piece

MOST_STEPS = 64
"""Rounds after which what is there is taken as finished."""


@dataclass(frozen=True)
class _Prefix:
    """The first steps of an answer."""

    text: str
    tokens: int
    blank: bool = False
    """Whether the last line drawn was empty: a second one ends the answer."""
    finish: str = "stop"
    """`length` where it was cut off at the limit of tokens."""


@dataclass
class _Search:
    """The state of one problem."""

    problem: Problem
    active: list[_Prefix]
    finished: list[_Prefix] = field(default_factory=list)
    spent: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """The whole answers that a search ended with, and all that was sampled in it."""

    tried: list[Tried]
    spent: dict[str, int]


def search(desk: Desk, width: int, by: str) -> dict[str, Found]:
    """Step-level beam search on every problem of a desk.

    Args:
        desk: its `branches` are M, the next steps drawn from each prefix that is kept.
        width: N, next steps in all.
        by: how prefixes are compared, `sorm-AGGREGATE`.

    Raises UsageError for a prompt that is a text to be continued.
    """
    if desk.prompt.is_raw:
        raise UsageError(
            f"strategy beam: the prompt {desk.prompt.name!r} is a text, no conversation whose "
            "answer could be gone on with; choose another prompt"
        )
    found = {key: _Search(problem, [_Prefix("", 0)]) for key, problem in desk.problems.items()}
    for number in range(MOST_STEPS):
        going = {key: state for key, state in found.items() if state.active}
        if not going:
            break
        _step(desk, going, width, number)
        kept = max(1, width // desk.branches)
        _keep(desk, list(going.values()), kept, by)
    return {key: _found(desk, state) for key, state in found.items()}


def _step(desk: Desk, going: dict[str, _Search], width: int, number: int) -> None:
    """Draws the next steps of every kept prefix."""
    # As many as the prefixes that are finished leave room for, shared among those kept.
    shares: dict[int, list[tuple[_Search, _Prefix]]] = {}
    for state in going.values():
        each = max(1, (width - len(state.finished)) // len(state.active))
        for prefix in state.active:
            shares.setdefault(each, []).append((state, prefix))
    for state in going.values():
        state.active = []
    for each, places in sorted(shares.items()):
        asked = [
            Conversation(str(i), _messages(desk, state.problem, prefix))
            for i, (state, prefix) in enumerate(places)
        ]
        sampling: Sampling = replace(desk.sampling, samples=each, stop=("\n", *desk.prompt.stop))
        drawn = desk.writer.pieces("model", asked, sampling, f"step {number + 1}")
        for (state, prefix), pieces in zip(places, drawn, strict=True):
            for piece in pieces:
                _take(state, prefix, piece, desk.sampling.max_tokens)


def _messages(desk: Desk, problem: Problem, prefix: _Prefix) -> tuple[Message, ...]:
    asked = desk.prompt.messages(problem)
    if not prefix.text:
        return asked
    return (*asked, Message("assistant", prefix.text + ("\n\n" if prefix.blank else "\n")))


def _take(state: _Search, prefix: _Prefix, piece: Piece, most: int) -> None:
    """Puts a drawn step behind its prefix, among the finished answers where it ends one."""
    state.spent |= piece.spent
    tokens = prefix.tokens + piece.tokens
    line = piece.text.rstrip()
    if not line.strip():
        blank = _Prefix(prefix.text, tokens, blank=True)
        ended = prefix.blank or not prefix.text
        (state.finished if ended else state.active).append(blank)
        return
    stated = extract_answer(line)
    ended = stated is not None and not stated.is_guess
    cut = not ended and (piece.finish == "length" or tokens >= most)
    text = f"{prefix.text}\n{line}" if prefix.text else line
    grown = _Prefix(text, tokens, finish="length" if cut else "stop")
    (state.finished if ended or cut else state.active).append(grown)


def _keep(desk: Desk, going: list[_Search], kept: int, by: str) -> None:
    """Leaves the best distinct prefixes of each problem that are not finished."""
    for state in going:
        state.active = list({(p.text, p.blank): p for p in state.active}.values())
    crowded = [state for state in going if len(state.active) > kept]
    pairs = [(state.problem, prefix.text) for state in crowded for prefix in state.active]
    values = iter(desk.judges.values(by, pairs))
    for state in crowded:
        found = [next(values) for _ in state.active]
        order = sorted(range(len(found)), key=lambda place: -found[place])
        state.active = [state.active[place] for place in sorted(order[:kept])]


def _found(desk: Desk, state: _Search) -> Found:
    distinct = {prefix.text: prefix for prefix in [*state.finished, *state.active]}
    notes = {"role": "model", "beam": True}
    tried = [
        desk.writer.whole(state.problem, p.text, notes, state.spent, p.tokens, p.finish)
        for p in distinct.values()
    ]
    return Found(tried, state.spent)
