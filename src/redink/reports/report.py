"""The report of a run, section by section, from whatever there is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from redink.evaluation.comparison import Comparison
from redink.evaluation.conclusion import caveat
from redink.evaluation.wording import count, counted
from redink.progress import duration
from redink.records import Score
from redink.reports.arm_grids import benchmark_figures, benchmark_grids
from redink.reports.blocks import Block, Item, Note, Report, Section, Verdicts
from redink.reports.critique_audit import CritiqueAudit, audit_blocks, audit_critiques
from redink.reports.curves import curve_figures, training_grid
from redink.reports.examples import critique_items
from redink.reports.facts import report_facts
from redink.reports.flow import (
    Flow,
    cost_grid,
    flow_grid,
    flow_of,
    money,
    total_cost,
    total_seconds,
)
from redink.reports.grid import DAGGER
from redink.reports.headline import answer_of, question_of, verdicts_of
from redink.reports.items import (
    LONGEST,
    MOST_ITEMS,
    MOST_PAIRS,
    Chosen,
    choose,
    crossing_grid,
    item_blocks,
    pair_grid,
)
from redink.reports.material import Material
from redink.reports.pairs import Pairs, pair_arms
from redink.reports.reinforcement import reinforcement_blocks
from redink.reports.run_folder import RunFolder
from redink.reports.scaling import chart_count, scaling_blocks
from redink.reports.scorers import scorer_blocks
from redink.reports.settings import method_block, setting_blocks
from redink.reports.step_scores import step_score_blocks
from redink.reports.strategies import strategy_blocks
from redink.reports.strategy_table import by_benchmark
from redink.reports.training import Training
from redink.tables import Table


def build_report(material: Material, most_items: int = MOST_ITEMS) -> Report:
    """The whole report.

    Args:
        material: what there is; sections without anything to say are left out.
        most_items: problems that are shown with two arms' answers.
    """
    return _Builder(material, most_items).report()


@dataclass(frozen=True)
class _Builder:
    material: Material
    most_items: int

    def report(self) -> Report:
        found = self.material
        makers: tuple[tuple[str, str, Callable[[], Iterator[Block]]], ...] = (
            ("answer", "What came out", self._answer),
            ("figures", "Figures", self._figures),
            ("benchmarks", "Benchmark by benchmark", self._benchmarks),
            ("strategies", "Strategies", self._strategies),
            ("steps", "Step by step", self._steps),
            ("scaling", "Thinking budgets", self._scaling),
            ("pairs", "Who solved what", self._pair_blocks),
            ("items", "Problems on which arms differ", lambda: iter(self._items)),
            ("training", "Training", self._training),
            ("reinforcement", "Reinforcement", self._reinforcement),
            ("scorers", "Scorers", lambda: scorer_blocks(found.scorers)),
            ("critiques", "What the critiques are worth", self._audit),
            ("examples", "Critiques to read", lambda: iter(self._examples)),
            ("flow", "Where the data went", self._flow),
            ("cost", "Time, cost and settings", self._cost),
            ("left-out", "What this report leaves out", self._left_out),
        )
        sections = [Section(name, title, tuple(make())) for name, title, make in makers]
        about = found.runs[0].about if len(found.runs) == 1 else ""
        comparison = found.comparison
        answer = answer_of(comparison) if comparison else "Nothing has been scored yet."
        return Report(
            title=found.title or "Comparison",
            question=question_of(about, comparison),
            answer=answer,
            lead=_lead(found, [flow for flows in self._flows.values() for flow in flows]),
            sections=tuple(section for section in sections if section.blocks),
            facts=report_facts(
                found,
                question_of(about, comparison),
                answer,
                self._pairs,
                self._chosen,
                self._audits,
                self._flows,
            ),
        )

    @cached_property
    def _scored(self) -> tuple[Comparison, Table[Score]] | None:
        found = self.material
        if found.comparison is None or found.scores is None:
            return None
        return found.comparison, found.scores

    @cached_property
    def _pairs(self) -> Pairs | None:
        return pair_arms(self._scored[0], self._scored[1].rows) if self._scored else None

    @cached_property
    def _chosen(self) -> list[Chosen]:
        if self._pairs is None or self._scored is None:
            return []
        return choose(self._pairs, self._scored[0].baseline, self.most_items)

    @cached_property
    def _items(self) -> list[Item]:
        if self._pairs is None or self._scored is None:
            return []
        return item_blocks(self._chosen, self._pairs, self._scored[1])

    @cached_property
    def _examples(self) -> list[Item]:
        table = next(iter(self.material.critiques.values()), None)
        return critique_items(table, len(self._items) + 1)

    @cached_property
    def _audits(self) -> list[CritiqueAudit]:
        found = (audit_critiques(name, t) for name, t in self.material.critiques.items())
        return [audit for audit in found if audit is not None]

    @cached_property
    def _flows(self) -> dict[str, list[Flow]]:
        """Run → its stages' counts."""
        trainings = self.material.trainings
        runs = self.material.runs
        if len(runs) == 1:
            return {"": flow_of(runs[0], trainings)}
        return {run.folder.name: flow_of(run, self._trainings_in(run)) for run in runs}

    def _trainings_in(self, run: RunFolder) -> dict[str, Training]:
        """One run's trainings by its stages' own names."""
        own = f"{run.folder.name}/"
        found = {**self.material.trainings}
        return found | {k.removeprefix(own): t for k, t in found.items() if k.startswith(own)}

    def _answer(self) -> Iterator[Block]:
        for note in self.material.notes:
            yield Note(note)
        if self._scored is None:
            yield Note("There are no scores to compare: no evaluation has finished.")
            return
        comparison = self._scored[0]
        verdicts = verdicts_of(comparison)
        if verdicts:
            yield Verdicts(tuple(verdicts))
        else:
            yield Note("There is one arm only, so there is nothing to compare it with.")
        yield Note(caveat(comparison))
        yield from _marks(comparison)

    def _figures(self) -> Iterator[Block]:
        if self._scored is None:
            return
        comparison = self._scored[0]
        yield from benchmark_grids(comparison, comparison.headline, self.material.trainings)
        yield from _marks(comparison)
        for note in comparison.notes:
            yield Note(f"{note}.")
        yield from benchmark_figures(comparison, comparison.headline)

    def _benchmarks(self) -> Iterator[Block]:
        if self._scored is None:
            return
        comparison = self._scored[0]
        for benchmark in comparison.benchmarks:
            if benchmark != comparison.headline:
                yield from benchmark_grids(comparison, benchmark, self.material.trainings)
                yield from _marks(comparison)
                yield from benchmark_figures(comparison, benchmark)

    def _pair_blocks(self) -> Iterator[Block]:
        if self._pairs is None or self._scored is None or not self._pairs.pairs:
            return
        comparison = self._scored[0]
        crossing = crossing_grid(self._pairs, comparison)
        if crossing is not None:
            yield crossing
        yield pair_grid(self._pairs, comparison, self._chosen)
        if comparison.has_samples or comparison.has_seeds:
            yield Note(
                "An arm with several answers to a problem did better where the share of its right "
                "ones is the greater; “both right” holds problems on which the shares are equal."
            )

    def _strategies(self) -> Iterator[Block]:
        first = 0
        for facts in self.material.strategies.values():
            yield from strategy_blocks(facts, first)
            first += 1 + len(by_benchmark(facts))

    def _steps(self) -> Iterator[Block]:
        for facts in self.material.strategies.values():
            yield from step_score_blocks(facts)

    def _scaling(self) -> Iterator[Block]:
        first = 0
        for facts in self.material.scalings.values():
            yield from scaling_blocks(facts, first)
            first += chart_count(facts)

    def _reinforcement(self) -> Iterator[Block]:
        yield from reinforcement_blocks(self.material.reinforcements)

    def _training(self) -> Iterator[Block]:
        grid = training_grid(self.material.trainings)
        if grid is not None:
            yield grid
        yield from curve_figures(self.material.trainings)
        chosen = [
            f"{name}: step {training.chosen_step}"
            for name, training in self.material.trainings.items()
            if training.chosen_step is not None
        ]
        if chosen:
            yield Note(f"Kept by validation: {'; '.join(chosen)}.")
        going = [n for n, training in self.material.trainings.items() if not training.finished]
        if going:
            yield Note(f"Not finished, drawn as far as logged: {', '.join(going)}.")

    def _audit(self) -> Iterator[Block]:
        for number, audit in enumerate(self._audits):
            yield from audit_blocks(audit, number)

    def _flow(self) -> Iterator[Block]:
        for run, flows in self._flows.items():
            if flows:
                yield flow_grid(flows, f"Stages of {run}" if run else "Stages")

    def _cost(self) -> Iterator[Block]:
        for (run, flows), folder in zip(self._flows.items(), self.material.runs, strict=False):
            if any(flow.done for flow in flows):
                yield cost_grid(flows, f"Time and cost of {run}" if run else "Time and cost")
            yield from setting_blocks(folder.facts, run)
        if self._scored is not None:
            yield method_block(self._scored[0])

    def _left_out(self) -> Iterator[Block]:
        """What is not shown, with counts."""
        if self._scored is not None and self._pairs is not None:
            scores = self._scored[1]
            problems = len({(score.benchmark, score.problem_id) for score in scores})
            shown = len(self._items)
            yield Note(
                f"{count(shown)} of {counted(problems, 'problem')} and {count(2 * shown)} of "
                f"{counted(len(scores), 'answer')} are shown in full, those on which arms disagree "
                "first. The figures are of all of them."
            )
            pairs = len(self._pairs.pairs)
            if pairs > MOST_PAIRS:
                yield Note(f"{count(MOST_PAIRS)} of {counted(pairs, 'pair')} of arms are listed.")
        for number, audit in enumerate(self._audits):
            shown = 0 if number else len(self._examples)
            critiques = counted(audit.critiques, "critique")
            yield Note(f"{count(shown)} of {critiques} of {audit.stage} are shown.")
        if self._items or self._examples:
            yield Note(
                f"Texts are cut after {count(LONGEST)} characters, saying how much is left out. "
                "`redink view` shows every row of a run."
            )


def _marks(comparison: Comparison) -> Iterator[Note]:
    for mark in comparison.marks:
        yield Note(f"{DAGGER}\u00a0{mark}", marked=True)


def _lead(material: Material, flows: list[Flow]) -> str:
    """What the report speaks of, in a line."""
    parts = []
    comparison = material.comparison
    if comparison is not None:
        arms = counted(len(comparison.arms), "arm")
        parts.append(f"{arms}, baseline {comparison.baseline}, measured on {comparison.headline}")
    if flows:
        done = sum(flow.done for flow in flows)
        parts.append(f"{done} of {counted(len(flows), 'stage')} done")
        parts.append(f"{duration(total_seconds(flows))} of work")
        cost = total_cost(flows)
        parts += [money(cost)] if cost is not None else []
    return " · ".join(parts)
