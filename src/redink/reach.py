"""Whether every endpoint that a run will ask can be asked, before anything else is done."""

from collections.abc import Iterable, Iterator

from redink.errors import RedinkError
from redink.plan import PlannedStage


def check_reach(stages: Iterable[PlannedStage]) -> None:
    """Raises, naming the stage, where an endpoint's key is missing or its host does not answer.

    Only stages that are not done yet are looked at. No paid request is sent.
    """
    checked: dict[str, None] = {}
    for planned in stages:
        if planned.done:
            continue
        fresh = [name for name in _models(planned) if name not in checked]
        try:
            check_models(fresh)
        except RedinkError as error:
            raise type(error)(f"stage {planned.name!r}: {error}") from None
        checked.update(dict.fromkeys(fresh))


def check_models(names: Iterable[str]) -> None:
    """Raises where one of these is an endpoint whose key is missing or whose host is silent."""
    from redink.engines.endpoint.address import check_endpoint
    from redink.teachers.llm import address_of

    for name in names:
        address = address_of(name)
        if address is not None:
            check_endpoint(address)


def _models(planned: PlannedStage) -> Iterator[str]:
    for setting in planned.stage.verb.models:
        named = planned.stage.settings[setting] or ()
        yield from [named] if isinstance(named, str) else named
    for names in planned.stage.inputs.values():
        yield from names
