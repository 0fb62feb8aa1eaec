"""Arms that were trained several times: the models `cft@1`, `cft@2` are the arm `cft`."""

from collections.abc import Iterable


def arm_of(model: str) -> str:
    """The arm of a model named ARM@SEED; any other name is an arm of its own."""
    arm, mark, seed = model.rpartition("@")
    return arm if mark and arm and seed.isdecimal() else model


def seed_of(model: str) -> str:
    """What stands after the @ of ARM@SEED, else an empty text."""
    return model.rpartition("@")[2] if arm_of(model) != model else ""


def by_arm(models: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Arm, in order of appearance → its models, in order of their seeds."""
    arms: dict[str, list[str]] = {}
    for model in dict.fromkeys(models):
        arms.setdefault(arm_of(model), []).append(model)
    return {
        arm: tuple(sorted(found, key=lambda model: int(seed_of(model) or -1)))
        for arm, found in arms.items()
    }
