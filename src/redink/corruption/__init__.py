"""Injecting typed errors into reference solutions."""

from redink.corruption.corruptor import (
    Corruption,
    checked_kinds,
    corrupt_in_order,
    corrupt_solution,
)
from redink.corruption.kinds import ERROR_KINDS

__all__ = ["ERROR_KINDS", "Corruption", "checked_kinds", "corrupt_in_order", "corrupt_solution"]
