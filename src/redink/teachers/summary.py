"""What came of asking for critiques, in figures."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from redink.records import Critique
from redink.tables import Table
from redink.teachers.asking import NO_REPLY, NOT_NEEDED


@dataclass(frozen=True)
class Summary:
    """Critiques, verdicts, agreement, failures, tokens and cost; of the table alone."""

    critiques: int
    verdicts: Mapping[str, int]
    """`right`, `wrong`, and the reasons why others have none."""
    judged: int
    """Critiques with a verdict of responses with a grade."""
    agreeing: int
    filtered: Mapping[str, int]
    """Critiques that `keep` left out, by reason."""
    failed: Mapping[str, int]
    """Requests that failed, by reason."""
    not_needed: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    """US dollars, of the critiques left out as well; None where no price is known."""

    @classmethod
    def of(cls, table: Table[Critique]) -> "Summary":
        """The figures of a table of critiques."""
        filtered: Counter[str] = Counter()
        failed: Counter[str] = Counter()
        not_needed = 0
        paid = [(row.prompt_tokens, row.completion_tokens, row.cost) for row in table]
        for item in table.dropped:
            if item.reason.startswith(NO_REPLY):
                failed[item.reason.removeprefix(NO_REPLY)] += 1
            elif item.reason == NOT_NEEDED:
                not_needed += 1
            else:
                filtered[item.reason] += 1
                names = ("prompt_tokens", "completion_tokens", "cost")
                prompt, completion, cost = (item.record.get(name) for name in names)
                paid.append((prompt, completion, cost))
        costs = [cost for _, _, cost in paid if cost is not None]
        return cls(
            critiques=len(table),
            verdicts=Counter(row.verdict or row.why or "no verdict" for row in table),
            judged=sum(row.agrees is not None for row in table),
            agreeing=sum(row.agrees is True for row in table),
            filtered=filtered,
            failed=failed,
            not_needed=not_needed,
            prompt_tokens=sum(prompt or 0 for prompt, _, _ in paid),
            completion_tokens=sum(completion or 0 for _, completion, _ in paid),
            cost=sum(costs) if costs else None,
        )

    def facts(self) -> dict[str, float | int]:
        """Tokens and cost, for the run's record; nothing where no model was asked."""
        tokens = self.prompt_tokens + self.completion_tokens
        if not tokens:
            return {}
        return {"tokens": tokens} | ({} if self.cost is None else {"cost": round(self.cost, 6)})

    def rows(self) -> list[tuple[str, str]]:
        """The figures as a short table: what, how many."""
        found = [("critiques", f"{self.critiques:,}")]
        order = sorted(self.verdicts, key=lambda v: (v not in ("right", "wrong"), v))
        for name in order:
            label = f"verdict {name}" if name in ("right", "wrong") else f"no verdict: {name}"
            found.append((label, _with_share(self.verdicts[name], self.critiques)))
        if self.judged:
            found.append(("agree with the grader", _with_share(self.agreeing, self.judged)))
        left_out = Counter(self.filtered).most_common()
        found += [(f"left out: {reason}", f"{count:,}") for reason, count in left_out]
        reasons = Counter(self.failed).most_common(5)
        found += [(f"failed: {reason}", f"{count:,}") for reason, count in reasons]
        others = sum(self.failed.values()) - sum(count for _, count in reasons)
        if others:
            found.append(("failed for other reasons", f"{others:,}"))
        if self.not_needed:
            found.append(("responses not needed", f"{self.not_needed:,}"))
        if self.prompt_tokens or self.completion_tokens:
            tokens = f"{self.prompt_tokens:,} + {self.completion_tokens:,}"
            found.append(("tokens, prompt + completion", tokens))
            cost = "price not known" if self.cost is None else f"${self.cost:.4f}"
            found.append(("cost", cost))
        return found


def _with_share(count: int, total: int) -> str:
    return f"{count:,} ({count / total:.1%})" if total else f"{count:,}"
