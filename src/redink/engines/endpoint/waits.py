"""How long to wait: what a server asks for, and longer each time where it asks for nothing."""

import random
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
"""Seconds before a request is sent again, doubled with every try."""
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_part = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


def backoff(tries: int) -> float:
    """Seconds before the next try after `tries` of them: doubling, with jitter."""
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(tries - 1, 10))
    return wait * random.uniform(0.5, 1.0)


def retry_after(headers: Mapping[str, str], wall: float) -> float | None:
    """Seconds that a reply asks to wait (`retry-after-ms`, `retry-after` in seconds or as a date).

    Args:
        headers: the reply's, by names in any case.
        wall: seconds since the epoch.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return max(0.0, milliseconds / 1000)
    text = headers.get("retry-after")
    seconds = _number(text)
    if seconds is not None or text is None:
        return seconds if seconds is None else max(0.0, seconds)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - wall)
    except (TypeError, ValueError, OverflowError):
        return None


def span(text: str | None, wall: float) -> float | None:
    """Seconds in `12ms`, `6m0s`, `1.5`, or until a time in seconds or milliseconds since 1970."""
    number = _number(text)
    if number is not None:
        if number > 1e11:
            number /= 1000
        return max(0.0, number - wall) if number > 1e9 else max(0.0, number)
    text = (text or "").strip()
    parts = _part.findall(text)
    if not parts or "".join(value + unit for value, unit in parts) != text:
        return None
    return sum(float(value) * _UNITS[unit] for value, unit in parts)


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if -1e18 < number < 1e18 else None
