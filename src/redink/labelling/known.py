"""What is known of a response's steps without sampling: an injected error, or none."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from redink.errors import DataError
from redink.labelling.labelled import Labelled
from redink.records import Response, StepLabels, labels_id
from redink.steps import solution_steps
from redink.tables import Table
from redink.training.rendering import plain_solution

Source = Literal["auto", "continuations", "injected"]
INJECTED = "injected"


@dataclass(frozen=True)
class Sources:
    """Responses by where their labels come from."""

    known: tuple[Response, ...]
    sampled: tuple[Response, ...]
    dropped: tuple[tuple[Response, str], ...]
    """With the reason."""


def sources(responses: Table[Response], source: Source) -> Sources:
    """Sorts responses: those whose errors are known, those to be sampled, those that are neither.

    Args:
        source: as for `redink.label`.
    """
    wanted: Callable[[Response], bool] = {
        "auto": _is_known,
        "injected": _is_known,
        "continuations": lambda response: False,
    }[source]
    known: list[Response] = []
    sampled: list[Response] = []
    dropped: list[tuple[Response, str]] = []
    for response in responses:
        reason = _unfit(response)
        if reason:
            dropped.append((response, reason))
        elif wanted(response):
            known.append(response)
        elif source == "injected":
            dropped.append((response, "nothing is known of its errors"))
        else:
            sampled.append(response)
    return Sources(tuple(known), tuple(sampled), tuple(dropped))


def injected_labels(response: Response) -> Labelled:
    """Exact labels of a response that `corrupt` made: right before its injected error, wrong from
    it on, for what follows is computed from it.

    Raises DataError where the error lies behind the response's last step.
    """
    steps = len(solution_steps(plain_solution(response.text)))
    first = response.error.step if response.error else None
    if first is not None and not 0 <= first < steps:
        raise DataError(
            f"response {response.id}: its injected error is in solution step {first}, it has "
            f"{steps} steps; make the responses again with `corrupt`"
        )
    labels = tuple(first is None or step < first for step in range(steps))
    row = StepLabels(
        id=labels_id(response.id, INJECTED),
        response_id=response.id,
        successes=(0,) * steps,
        tries=(0,) * steps,
        labels=labels,
        first_error=first,
        source=INJECTED,
        meta={"labels": list(labels)},
    )
    return Labelled(row)


def _is_known(response: Response) -> bool:
    untouched = response.origin == "corrupt" and response.outcome == "correct"
    return response.error is not None or untouched


def _unfit(response: Response) -> str | None:
    if not solution_steps(plain_solution(response.text)):
        return "no solution steps"
    if response.outcome == "gold_unparsable":
        return "its problem's reference answer cannot be read"
    return None
