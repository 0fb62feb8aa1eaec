"""Which critiques are kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from redink.errors import UsageError
from redink.records import Critique

_KINDS: Mapping[str, tuple[str, ...]] = {
    "verdict": ("right", "wrong", "unreadable"),
    "finish": ("stop", "length", "filter"),
}


@dataclass(frozen=True)
class Keep:
    """Conditions on a critique; those that are None let everything pass."""

    agrees: bool | None = None
    """Whether the verdict matches the grader's; a critique or response without one does not."""
    verdict: tuple[str, ...] | None = None
    """`right`, `wrong`, `unreadable`."""
    min_chars: int | None = None
    """Least length of the text, in characters."""
    max_chars: int | None = None
    """Greatest length of the text, in characters."""
    finish: tuple[str, ...] | None = None
    """`stop`, `length`, `filter`."""

    @classmethod
    def of(cls, conditions: Mapping[str, Any] | None) -> "Keep":
        """Conditions as a recipe writes them; raises UsageError naming one that is none."""
        given = {name: value for name, value in (conditions or {}).items() if value is not None}
        known = [field.name for field in fields(cls)]
        for name in given:
            if name not in known:
                raise UsageError(f"keep: unknown condition {name!r}; use {', '.join(known)}")
        for name, choices in _KINDS.items():
            if name in given:
                given[name] = _listed(name, given[name], choices)
        for name in ("min_chars", "max_chars"):
            value = given.get(name, 0)
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise UsageError(f"keep: {name} must be a number of characters, not {value!r}")
        if not isinstance(given.get("agrees", True), bool):
            raise UsageError(f"keep: agrees must be true or false, not {given['agrees']!r}")
        return cls(**given)

    def why_not(self, critique: Critique) -> str | None:
        """Why a critique is not kept; None where it is."""
        if self.verdict is not None and (critique.verdict or "unreadable") not in self.verdict:
            why = f" ({critique.why})" if critique.why else ""
            return f"verdict {critique.verdict or 'unreadable'}{why}"
        if self.agrees is not None and critique.agrees is not self.agrees:
            return f"agrees {str(critique.agrees).lower()}"
        if self.finish is not None and critique.finish not in self.finish:
            return f"finish {critique.finish}"
        if self.min_chars is not None and len(critique.text) < self.min_chars:
            return f"shorter than {self.min_chars} characters"
        if self.max_chars is not None and len(critique.text) > self.max_chars:
            return f"longer than {self.max_chars} characters"
        return None


def _listed(name: str, value: str | Sequence[str], choices: Sequence[str]) -> tuple[str, ...]:
    chosen = (value,) if isinstance(value, str) else tuple(value)
    for choice in chosen:
        if choice not in choices:
            raise UsageError(f"keep: {name} {choice!r} is unknown; use {', '.join(choices)}")
    return chosen
