"""What labelling came to, in figures, and what they warn of."""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from redink.labelling.chance import missed, rescued
from redink.labelling.labelled import Labelled
from redink.records import Response, StepLabels
from redink.tables import Table

RARE, COMMON = 0.1, 0.9
"""Rates of success beyond which labels by continuations mostly tell of the student."""


@dataclass(frozen=True)
class Summary:
    """Counts over a table of step labels, before balancing."""

    injected: int
    """Responses whose errors are known."""
    continued: int
    """Responses labelled by continuations."""
    right: int
    wrong: int
    unknown: int
    """Steps by label."""
    prefixes: int
    """Prefixes with continuations, those shared by several responses once."""
    continuations: int
    """Sampled ones, each once."""
    tokens: int
    """Sampled tokens."""
    successes: int
    tries: int
    """Over the prefixes of each response."""
    samples: int
    least: int
    known_right: int = 0
    """Sampled prefixes that are known to be right: of a response that reaches the right answer, or
    before its injected error."""
    known_right_missed: int = 0
    """Those with fewer than `least` right continuations."""

    @classmethod
    def of(
        cls, labelled: Sequence[Labelled], table: Table[Response], samples: int, least: int
    ) -> "Summary":
        """Counts what `labelled` holds; the arguments beside are the settings of `redink.label`."""
        rows = [one.row for one in labelled]
        sources = Counter(row.source == "injected" for row in rows)
        labels = Counter(label for row in rows for label in row.meta["labels"])
        own = [r for one in labelled for r in one.continuations if not r.sampling.get("shared")]
        known = [
            row.successes[step] < least
            for row in rows
            for step in _known_right(row, table.responses[row.response_id])
        ]
        return cls(
            injected=sources[True],
            continued=sources[False],
            right=labels[True],
            wrong=labels[False],
            unknown=labels[None],
            prefixes=len({(r.sampling["prefix_of"], r.sampling["steps"]) for r in own}),
            continuations=len(own),
            tokens=sum(response.n_tokens or 0 for response in own),
            successes=sum(sum(row.successes) for row in rows),
            tries=sum(sum(row.tries) for row in rows),
            samples=samples,
            least=least,
            known_right=len(known),
            known_right_missed=sum(known),
        )

    @property
    def rate(self) -> float | None:
        """Share of continuations that come to the right answer; None where none was sampled."""
        return self.successes / self.tries if self.tries else None

    def facts(self) -> dict[str, Any]:
        """The figures as plain JSON, for a table's provenance."""
        return {**asdict(self), "rate": self.rate, "warnings": self.warnings()}

    def warnings(self) -> list[str]:
        """What the rates of success warn of, in words."""
        if self.rate is None:
            return []
        found = []
        k = f"{self.samples} continuations"
        if self.rate < RARE:
            share = missed(self.rate, self.samples, self.least)
            found.append(
                f"{self.rate:.1%} of continuations come to the right answer: a right prefix from "
                f"which the student succeeds so rarely is labelled wrong in {share:.0%} of cases "
                f"with {k}; take easier problems, a better student or more samples"
            )
        if self.rate > COMMON:
            share = rescued(self.rate, self.samples, self.least)
            found.append(
                f"{self.rate:.1%} of continuations come to the right answer: a wrong step that the "
                f"student mends so often is labelled right in {share:.0%} of cases with {k}; take "
                "harder problems, fewer samples or a higher least"
            )
        if self.known_right and self.known_right_missed > RARE * self.known_right:
            share = self.known_right_missed / self.known_right
            found.append(
                f"{self.known_right_missed} of {self.known_right} sampled prefixes that are known "
                f"to be right ({share:.0%}) have fewer right continuations than {self.least}; "
                "expect as large a share of the right steps of other responses to be labelled wrong"
            )
        return found

    def lines(self) -> list[str]:
        """The figures in words, before the warnings."""
        found = [
            f"{self.injected:,} responses with known errors, {self.continued:,} by continuations; "
            f"{self.right:,} steps right, {self.wrong:,} wrong, {self.unknown:,} unknown"
        ]
        if self.rate is not None:
            found.append(
                f"{self.continuations:,} continuations of {self.prefixes:,} prefixes, "
                f"{self.tokens:,} tokens; {self.rate:.1%} come to the right answer"
            )
        return [*found, *self.warnings()]

    def tell(self) -> None:
        """Says the figures and warnings on standard error."""
        for line in self.lines():
            print(f"label: {line}", file=sys.stderr, flush=True)


def _known_right(row: StepLabels, response: Response) -> list[int]:
    """Steps with continuations that are right for certain."""
    right = len(row.tries) if response.outcome == "correct" else 0
    if response.error is not None:
        right = response.error.step
    return [step for step in range(right) if row.tries[step]]
