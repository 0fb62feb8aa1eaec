"""Critics over benchmarks of first errors: judged, measured, kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from redink.critics.figures import CriticFigures, critic_figures
from redink.critics.judging import VERDICT, Judged, judge, kind_of_critic
from redink.critics.marked_set import MarkedSet
from redink.critics.settings import CriticSettings
from redink.errors import UsageError
from redink.files import write_atomically
from redink.models.resolve import short_name
from redink.records import Json
from redink.tables import critique_table


@dataclass(frozen=True)
class CriticRow:
    """One critic on one benchmark."""

    critic: str
    """Its short name."""
    kind: str
    benchmark: str
    figures: CriticFigures
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    """US dollars; None where a price is not known."""

    def to_json(self) -> Json:
        """Plain JSON values."""
        return {
            "critic": self.critic,
            "kind": self.kind,
            "benchmark": self.benchmark,
            **self.figures.to_json(),
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "cost": self.cost,
        }


def evaluate_critic(
    critics: Sequence[str],
    benchmarks: Sequence[MarkedSet],
    settings: CriticSettings,
    out: Path | None = None,
) -> list[CriticRow]:
    """Measures critics on benchmarks.

    Args:
        critics: names, see `redink.critics.judging.judge`.
        benchmarks: of `marked_set`.
        settings: how the critics are asked; completions go through its journal.
        out: folder that takes each critic's judgements, and its critiques as a table; None keeps
            neither.

    Returns the rows by critic, then by benchmark. Raises UsageError where two critics or two
    benchmarks have one name, and what `judge` raises.
    """
    names = critic_names(critics)
    titles = [benchmark.name for benchmark in benchmarks]
    if len(set(titles)) < len(titles):
        raise UsageError(f"benchmarks {', '.join(titles)}: two have one name; call one NAME=...")
    rows = []
    for critic, name in zip(critics, names, strict=True):
        found = judge(critic, benchmarks, settings)
        for benchmark, judged in zip(benchmarks, found, strict=True):
            if out is not None:
                _keep(out, name, benchmark, judged)
            rows.append(_row(name, kind_of_critic(critic), benchmark, judged))
    return rows


def critic_names(critics: Sequence[str]) -> list[str]:
    """Short names. Raises UsageError where two are the same."""
    names = [_short(critic) for critic in critics]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"two critics are called {name!r}; name each once")
    return names


def _short(critic: str) -> str:
    if critic.startswith(VERDICT):
        return VERDICT + short_name(critic.removeprefix(VERDICT))
    return short_name(critic)


def _row(name: str, kind: str, benchmark: MarkedSet, judged: Judged) -> CriticRow:
    made = judged.critiques
    costs = [critique.cost for critique in made]
    known = [cost for cost in costs if cost is not None]
    return CriticRow(
        critic=name,
        kind=kind,
        benchmark=benchmark.name,
        figures=critic_figures(benchmark, judged.judgements),
        prompt_tokens=sum(critique.prompt_tokens or 0 for critique in made),
        completion_tokens=sum(critique.completion_tokens or 0 for critique in made),
        cost=sum(known) if len(known) == len(costs) else None,
    )


def _keep(out: Path, name: str, benchmark: MarkedSet, judged: Judged) -> None:
    place = f"{name.replace(':', '-').replace('/', '-')}-{benchmark.name}"
    lines = [
        {
            **judgement.to_json(),
            "response_id": item.response.id,
            "true_first_error": item.first_error,
        }
        for item, judgement in zip(benchmark.items, judged.judgements, strict=True)
    ]
    data = b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)
    write_atomically(out / "judgements" / f"{place}.jsonl", data)
    if judged.critiques:
        table = critique_table(
            judged.critiques,
            {item.response.id: item.response for item in benchmark.items},
            {item.problem.id: item.problem for item in benchmark.items},
        )
        table.write(out / "critiques" / place)
