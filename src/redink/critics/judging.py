"""What a critic says of a benchmark's responses, whatever kind of critic it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from redink.critics.judgement import Judgement, judgement_by_scores, judgement_of
from redink.critics.marked_set import MarkedSet
from redink.critics.settings import CriticSettings
from redink.progress import progress
from redink.records import Critique
from redink.teachers import TEACHERS
from redink.teachers.asking import Asking
from redink.teachers.llm import close_engines, open_teachers
from redink.teachers.mixture import Critic, Pair, SymbolicCritic

Kind = Literal["symbolic", "scorer", "verdict", "model"]
VERDICT = "verdict:"
"""Before a model's name: not its critique is asked for, but how probable its verdict is."""
SCORER_FILE = "scorer.json"
NO_REPLY = "no reply"


@dataclass(frozen=True)
class Judged:
    """Judgements in the order of the benchmark's responses, and the critiques behind them."""

    judgements: tuple[Judgement, ...]
    critiques: tuple[Critique, ...] = ()
    """Empty for scorers."""


def kind_of_critic(name: str) -> Kind:
    """What kind of critic a name stands for."""
    if name in TEACHERS:
        return "symbolic"
    if name.startswith(VERDICT):
        return "verdict"
    return "scorer" if (Path(name) / SCORER_FILE).is_file() else "model"


def judge(name: str, benchmarks: Sequence[MarkedSet], settings: CriticSettings) -> list[Judged]:
    """Has one critic judge every response of every benchmark; it is loaded once.

    Args:
        name: `symbolic`, a scorer's folder, `verdict:MODEL`, or a model: the embedded one, a
            folder, `hf:ORG/NAME`, `endpoint:MODEL@URL`.
        benchmarks: what is judged.
        settings: how.

    Raises UsageError for an unknown critic, ModelError where it cannot be loaded or more than
    half of its requests fail, DataError where the symbolic teacher lacks a reference solution,
    BudgetError at a limit.
    """
    kind = kind_of_critic(name)
    if kind in ("scorer", "verdict"):
        return _scored(name, kind, benchmarks, settings)
    if kind == "symbolic":
        critic: Critic = SymbolicCritic(TEACHERS[name]("full", settings.seed))
        return [_asked(name, critic, benchmark) for benchmark in benchmarks]
    teachers = open_teachers([name], settings.teacher(name))
    try:
        return [_asked(name, teachers[name], benchmark) for benchmark in benchmarks]
    finally:
        close_engines(teacher.engine for teacher in teachers.values())


def _asked(name: str, critic: Critic, benchmark: MarkedSet) -> Judged:
    pairs: dict[str, Pair] = {i.response.id: (i.problem, i.response) for i in benchmark.items}
    asking = Asking({name: critic}, {name: 1.0}, 0)
    with progress(f"critiques of {benchmark.name}", len(pairs), "responses") as bar:
        asking.ask(list(pairs.values()), bar)
    asking.check()
    judgements = []
    for item in benchmark.items:
        critique = asking.critiques.get(item.response.id)
        judgements.append(
            Judgement(item.labels.id, None, why=NO_REPLY)
            if critique is None
            else judgement_of(item.labels.id, critique, item.response)
        )
    made = [asking.critiques[key] for key in pairs if key in asking.critiques]
    return Judged(tuple(judgements), tuple(made))


def _scored(
    name: str, kind: Kind, benchmarks: Sequence[MarkedSet], settings: CriticSettings
) -> list[Judged]:
    from redink.scoring import CriticScorer, Scorer

    scorer = (
        CriticScorer.load(name.removeprefix(VERDICT), every_step=True)
        if kind == "verdict"
        else Scorer.load(name)
    )
    found = []
    for benchmark in benchmarks:
        pairs = [(item.problem, item.response.text) for item in benchmark.items]
        with progress(f"scores of {benchmark.name}", len(pairs), "responses") as bar:
            scores = scorer.score_pairs(pairs)
            bar.advance(len(pairs))
        judgements = [
            judgement_by_scores(item.labels.id, one.steps, settings.threshold)
            for item, one in zip(benchmark.items, scores, strict=True)
        ]
        found.append(Judged(tuple(judgements)))
    return found
