"""Whether a run finds what it will ask for, endpoints and GPUs, before anything else is done."""

from collections.abc import Iterable, Iterator

from redink.errors import RedinkError
from redink.expansion import TRAININGS
from redink.hardware import Hardware
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


def check_hardware(gpus: int | None, stages: Iterable[PlannedStage]) -> None:
    """Raises UsageError where a training that is not done yet wants more GPUs than there are, or
    a reinforcement a divided model."""
    left = [p for p in stages if p.stage.verb.name in TRAININGS and not p.done]
    for planned in left:
        if planned.stage.verb.name == "reinforce":
            from redink.reinforcement.launch import check_sharding

            check_sharding(planned.stage.settings["sharding"])
    if gpus and left:
        from redink.training.launch import check_gpus

        check_gpus(gpus)


def hardware_notes(hardware: Hardware, stages: Iterable[PlannedStage]) -> list[str]:
    """What a recipe's `hardware` does not reach, a line each: scorers are fitted by one process."""
    asked = hardware.gpus or hardware.processes or 1
    lone = [p.name for p in stages if p.stage.verb.name == "fit" and not p.done]
    if asked == 1 or not lone:
        return []
    one = "one GPU" if hardware.gpus else "one process"
    what = "GPUs" if hardware.gpus else "processes"
    return [
        f"note: {', '.join(lone)}: scorers are fitted on {one}; the {asked} {what} of `hardware` "
        "are for finetune and reinforce stages"
    ]


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
