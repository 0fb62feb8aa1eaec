"""The type of a scorer's weights."""

from typing import Literal, get_args

from redink.errors import UsageError

ScorerDtype = Literal["float32", "bfloat16"]


def check_dtype(value: str, setting: str = "dtype") -> str:
    """The type where scorers can have it; raises UsageError, naming the setting, otherwise."""
    known = get_args(ScorerDtype)
    if value not in known:
        raise UsageError(f"{setting} = {value} is unknown; use {' or '.join(known)}")
    return value
