"""One response with its step labels and the continuations that they rest on."""

from dataclasses import dataclass

from redink.records import Response, StepLabels


@dataclass(frozen=True)
class Labelled:
    """The step labels of one response."""

    row: StepLabels
    continuations: tuple[Response, ...] = ()
    """Of its prefixes, by prefix length and sample."""
    unfit: str | None = None
    """Why it could not be labelled."""
