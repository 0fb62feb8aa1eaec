"""One change to a solution: the error to inject, before anything is carried on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from redink.arithmetic import Operation
from redink.arithmetic.tokens import Operator


@dataclass(frozen=True)
class Change:
    """An error to inject at one equation (an index) or at the final answer (None)."""

    equation: int | None
    true_value: str
    false_value: str
    leaves: Mapping[int, Fraction] = field(default_factory=dict)
    """New values of leaves, by their position in the equation."""
    operators: Mapping[int, Operator] = field(default_factory=dict)
    """New operators, by the character at which the old ones start."""
    swap: Operation | None = None
    """The operation whose sides change places."""
    result: Fraction | None = None
    """A result that does not follow from the operands."""
    dropped_step: int | None = None
    """A solution step to take out; `result` then stands wherever its result was used."""
    inserted: str | None = None
    """A solution step to put in behind the equation's own; it comes to `result`."""
    appended: tuple[str, Fraction] | None = None
    """Text and value of an operand to add at the end of the worked side."""
    final: Fraction | None = None
    """The final answer to report."""


class Refused(Exception):
    """This change cannot be carried through honestly."""
