"""How well an ORM and a SORM find errors whose place is known, on new problems and new kinds.

    python -m benchmarks.scorers [--rows N] [--held-out KIND ...] [--base MODEL]

Gym problems are corrupted with some kinds of errors; half of the responses stay right. Both
scorers learn from the same responses: the ORM (outcome reward model) their outcomes, the SORM
(stepwise outcome reward model; GLoRe, arXiv 2402.10963) each step's label. They are tested on
problems of another split: corrupted with the same kinds, and with kinds that neither has seen. A
table is printed and, as the last line, one JSON object: `sorm_exact_first_error` (of the
responses with an error, the share in which the first score below 0.5 stands at exactly that
step), `sorm_step_accuracy`, `orm_step_accuracy` and further figures, those of the kinds that were
held out with `held_out_` before them; `seconds` and `memory_gib` (largest resident size).
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redink.corruption import ERROR_KINDS
from redink.records import Problem, Response, StepLabels
from redink.scoring import Scorer, ScorerQuality, StepScores, picking_quality, scorer_quality
from redink.stages.corrupt import corrupt
from redink.stages.fit import fit
from redink.stages.label import label
from redink.stages.load import load
from redink.tables import Table

HELD_OUT = ("copy_error", "swapped_operands", "hallucinated_quantity")
"""Of each of three families of kinds the one that is held out, a relative of it being trained on:
a wrong operand where an earlier result belongs (`wrong_earlier_result`), a wrong operation
(`wrong_operator`), a number that the question does not give (`wrong_question_number`)."""
GENERATOR = "gym:chain_sum"
OPTIONS = {"min_terms": 3, "max_terms": 4, "min_digits": 1, "max_digits": 1}
CALIBRATION = 96
"""Responses that the temperature is fitted to."""


@dataclass(frozen=True)
class Sizes:
    """How much is trained and tested on."""

    rows: int = 2560
    """Training responses, each to a problem of its own. With 300 tokens a second, 80 a response
    and two scorers, an epoch of 2,560 takes 23 minutes."""
    tests: int = 200
    """Test responses of each of the two sets."""
    epochs: float = 1.0
    learning_rate: float = 1e-4
    batch_size: int = 8
    calibration: int = CALIBRATION


def main() -> None:
    """Trains, tests and prints."""
    plain = Sizes()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", default="smollm2-135m")
    parser.add_argument("--rows", type=int, default=plain.rows, help="training responses")
    parser.add_argument("--tests", type=int, default=plain.tests, help="responses of a test set")
    parser.add_argument("--epochs", type=float, default=plain.epochs)
    parser.add_argument("--learning-rate", type=float, default=plain.learning_rate)
    parser.add_argument("--batch-size", type=int, default=plain.batch_size)
    parser.add_argument("--generator", default=GENERATOR)
    parser.add_argument("--options", type=json.loads, default=OPTIONS, help="the generator's, JSON")
    parser.add_argument("--held-out", nargs="*", default=HELD_OUT, choices=ERROR_KINDS)
    parser.add_argument("--method", default="full", choices=("full", "lora"))
    parser.add_argument("--orm-positions", default="every", choices=("last", "every"))
    parser.add_argument("--balance", action="store_true", help="balance labels by prefix length")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder to keep the scorers in, and go on from")
    parser.add_argument("--data", help="not used")
    asked = parser.parse_args()
    sizes = Sizes(asked.rows, asked.tests, asked.epochs, asked.learning_rate, asked.batch_size)
    sets = make_sets(
        sizes,
        asked.generator,
        asked.options,
        asked.held_out,
        seed=asked.seed,
        balance=asked.balance,
    )
    with tempfile.TemporaryDirectory() as temporary:
        figures = measure(
            sets,
            sizes,
            asked.keep or Path(temporary),
            base=asked.base,
            method=asked.method,
            orm_positions=asked.orm_positions,
            seed=asked.seed,
        )
    print(json.dumps(figures))


@dataclass(frozen=True)
class Sets:
    """Labelled responses; the tests' problems are in neither of the others, nor the others' in
    each other."""

    train: Table[StepLabels]
    calibration: Table[StepLabels]
    known: Table[StepLabels]
    """Test responses with the kinds of error that were trained on."""
    held_out: Table[StepLabels]
    """Test responses with the other kinds."""


def make_sets(
    sizes: Sizes,
    generator: str,
    options: dict[str, Any],
    held_out: Sequence[str],
    *,
    seed: int = 0,
    balance: bool = False,
) -> Sets:
    """Loads problems, injects errors into half of their solutions, and labels the steps."""
    trained = [kind for kind in ERROR_KINDS if kind not in held_out]

    def labelled(split: str, n: int, kinds: Sequence[str], offset: int, *, even: bool) -> Any:
        problems = load(generator, n=n, seed=seed * 10 + offset, split=split, options=options)
        drafts = corrupt(problems, wrong=0.5, kinds=kinds, seed=seed)
        return label(drafts, source="injected", balance=even, seed=seed)

    return Sets(
        labelled("train", sizes.rows, trained, 1, even=balance),
        labelled("validation", sizes.calibration, trained, 2, even=False),
        labelled("test", sizes.tests, trained, 3, even=False),
        labelled("test", sizes.tests, list(held_out) or trained, 4, even=False),
    )


def measure(
    sets: Sets,
    sizes: Sizes,
    folder: Path,
    *,
    base: str = "smollm2-135m",
    method: Any = "full",
    orm_positions: Any = "every",
    seed: int = 0,
) -> dict[str, float | None]:
    """Trains both scorers in `folder`, tests them, prints the table and returns the figures."""
    started = time.monotonic()
    figures: dict[str, float | None] = {}
    qualities: list[tuple[str, str, ScorerQuality]] = []
    kinds: list[str] = []
    for kind in ("orm", "sorm"):
        began = time.monotonic()
        model = fit(
            sets.train,
            base=base,
            kind=kind,
            positions=orm_positions,
            learning_rate=sizes.learning_rate,
            epochs=sizes.epochs,
            batch_size=sizes.batch_size,
            method=method,
            calibration=sets.calibration,
            seed=seed,
            out=folder / kind,
        )
        figures[f"{kind}_training_seconds"] = round(time.monotonic() - began, 1)
        scorer = Scorer.load(model)
        for name, table in (("", sets.known), ("held_out_", sets.held_out)):
            scores = scored(scorer, table)
            quality = scorer_quality(table, scores)
            tested = "held-out kinds" if name else "trained kinds"
            qualities.append((kind, tested, quality))
            kinds.append(f"{kind} on {tested}, first error exact: {by_kind(table, scores)}")
            figures |= named(f"{name}{kind}", quality, table, scores)
        del scorer
    print_table(qualities)
    for line in kinds:
        print(line)
    figures["seconds"] = round(time.monotonic() - started, 1)
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    figures["memory_gib"] = round(size / (2**30 if sys.platform == "darwin" else 2**20), 2)
    return figures


def scored(scorer: Scorer, table: Table[StepLabels]) -> list[StepScores]:
    """Scores of the rows' responses, in their order."""
    responses: list[Response] = [table.responses[row.response_id] for row in table]
    pairs: list[tuple[Problem, str]] = [
        (table.problems[response.problem_id], response.text) for response in responses
    ]
    return scorer.score_pairs(pairs)


def by_kind(table: Table[StepLabels], scores: Sequence[StepScores]) -> str:
    """Of each kind of error, how many first errors the scorer named exactly, in words."""
    found: dict[str, list[bool]] = {}
    for row, score in zip(table, scores, strict=True):
        error = table.responses[row.response_id].error
        if error is not None:
            named_step = next((i for i, step in enumerate(score.steps) if step < 0.5), None)
            found.setdefault(error.kind, []).append(named_step == row.labels.index(False))
    return ", ".join(f"{kind} {sum(hits)} of {len(hits)}" for kind, hits in sorted(found.items()))


def named(
    name: str, quality: ScorerQuality, table: Table[StepLabels], scores: Sequence[StepScores]
) -> dict[str, float | None]:
    """One scorer's figures on one set by their names in the JSON."""
    responses = [table.responses[row.response_id] for row in table]
    by_response = {response.id: score for response, score in zip(responses, scores, strict=True)}
    outcome = picking_quality(responses, by_response, "last").outcome_auroc.value
    found = {
        "exact_first_error": quality.first_error.value,
        "no_error_untouched": quality.no_error.value,
        "step_accuracy": quality.step_accuracy.value,
        "step_auroc": quality.step_auroc.value,
        "outcome_auroc": outcome,
        "ece": quality.reliability.ece,
    }
    return {
        f"{name}_{key}": None if value is None else round(value, 4) for key, value in found.items()
    }


def print_table(qualities: Sequence[tuple[str, str, ScorerQuality]]) -> None:
    """Figures with their 95 % intervals, then step accuracy by prefix length."""
    print(
        f"{'':6}{'tested on':16}{'first error exact':>24}{'right ones untouched':>24}"
        f"{'step accuracy':>24}{'step AUROC':>24}"
    )
    for kind, tested, quality in sorted(qualities, key=lambda row: row[1], reverse=True):
        figures = (
            quality.first_error,
            quality.no_error,
            quality.step_accuracy,
            quality.step_auroc,
        )
        cells = []
        for figure in figures:
            text = "-" if figure.value is None else f"{figure.value:.1%}"
            if figure.interval is not None:
                text += f" ({figure.interval.low:.1%}-{figure.interval.high:.1%})"
            cells.append(f"{text:>24}")
        print(f"{kind:6}{tested:16}{''.join(cells)}")
    for kind, tested, quality in sorted(qualities, key=lambda row: row[1], reverse=True):
        parts = [f"{row.steps}: {row.accuracy:.0%} of {row.labels}" for row in quality.prefixes]
        print(f"{kind} on {tested}, step accuracy by prefix length: {', '.join(parts)}")


if __name__ == "__main__":
    main()
