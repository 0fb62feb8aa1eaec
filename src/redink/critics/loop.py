"""The closed loop: a critique is good if the refinement that follows it is right.

The measure of AutoMathCritique (arXiv 2411.16579): how a critique reads says less of it than what
a model makes of it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from redink.errors import DataError, UsageError
from redink.evaluation.sheet import NOT_COUNTED
from redink.evaluation.statistics.shares import Hit, Share, clustered_share
from redink.records import Critique, Json, Outcome, Response
from redink.tables import Table


@dataclass(frozen=True)
class LoopFigures:
    """What came of one teacher's critiques; each critique counts once, by the share of its
    refinements that are right."""

    teacher: str
    preset: str
    good: Share
    """Over all critiques: right refinements."""
    fixed: Share
    """Over critiques of wrong responses: right refinements."""
    kept: Share
    """Over critiques of right responses: refinements that are still right."""
    before: Share
    """Responses that were right before."""
    refinements: int
    ungraded: int
    """Refinements that no grade says anything of: no part of the figures."""
    unfollowed: int
    """Critiques that no graded refinement follows."""

    def to_json(self) -> Json:
        """Plain JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class _Followed:
    problem: str
    before: Outcome
    right: tuple[bool, ...]
    """Of each graded refinement."""


def closed_loop(critiques: Table[Critique], refined: Table[Response]) -> list[LoopFigures]:
    """The figures of each teacher, in the order in which they first stand in `critiques`.

    Args:
        critiques: with the responses that they mark.
        refined: graded responses whose sampling says which critique each `follows`, as `refine`
            with critiques makes them.

    Raises UsageError for other tables, DataError for a refinement that follows no critique of the
    table.
    """
    if critiques.kind is not Critique or refined.kind is not Response:
        raise UsageError(
            "the closed loop takes a table of critiques and the responses that follow them; make "
            "those with refine"
        )
    followers: dict[str, list[Response]] = {row.id: [] for row in critiques}
    for row in refined:
        follows = row.sampling.get("follows")
        if follows not in followers:
            said = "no critique" if follows is None else f"critique {follows}, which is not there"
            raise DataError(
                f"refined response {row.id} follows {said}; name the critiques that these "
                "responses were refined by"
            )
        followers[follows].append(row)
    groups: dict[tuple[str, str], list[Critique]] = {}
    for critique in critiques:
        groups.setdefault((critique.teacher, critique.preset), []).append(critique)
    return [_figures(*key, rows, followers, critiques) for key, rows in groups.items()]


def _figures(
    teacher: str,
    preset: str,
    rows: Sequence[Critique],
    followers: dict[str, list[Response]],
    table: Table[Critique],
) -> LoopFigures:
    found = [_followed(row, followers[row.id], table) for row in rows]
    followed = [one for one in found if one.right]
    all_rows = [row for critique in rows for row in followers[critique.id]]
    known = [one for one in followed if one.before not in NOT_COUNTED]
    wrong, right = (
        [one for one in known if (one.before == "correct") is was_right]
        for was_right in (False, True)
    )
    return LoopFigures(
        teacher=teacher,
        preset=preset,
        good=clustered_share([_hit(one) for one in followed]),
        fixed=clustered_share([_hit(one) for one in wrong]),
        kept=clustered_share([_hit(one) for one in right]),
        before=clustered_share([(one.problem, float(one.before == "correct")) for one in known]),
        refinements=sum(len(one.right) for one in followed),
        ungraded=sum(row.outcome in NOT_COUNTED for row in all_rows),
        unfollowed=len(found) - len(followed),
    )


def _hit(one: _Followed) -> Hit:
    return one.problem, sum(one.right) / len(one.right)


def _followed(critique: Critique, rows: Sequence[Response], table: Table[Critique]) -> _Followed:
    response = table.responses.get(critique.response_id)
    if response is None:
        raise DataError(
            f"critique {critique.id}: its response {critique.response_id} is not in the table; "
            "make the table again"
        )
    right = tuple(row.outcome == "correct" for row in rows if row.outcome not in NOT_COUNTED)
    return _Followed(response.problem_id, response.outcome, right)
