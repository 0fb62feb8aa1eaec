"""How far labels by continuations can be trusted: the arithmetic of K, and errors that are known.

    python -m benchmarks.step_labels [--model MODEL] [--problems N] [--journal FILE]

Responses with one injected error each are labelled by continuations as if nothing were known of
them, and the labels are compared with the exact ones. First comes what the arithmetic says of
any student. The last line is one JSON object: shares between 0 and 1.
"""

import argparse
import json
import time
from collections.abc import Sequence
from math import comb
from pathlib import Path
from typing import Any

import redink
from redink.labelling import missed, rescued
from redink.records import Response, StepLabels
from redink.stages.label import label
from redink.tables import Table, join

RATES = (0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8)
SAMPLES = (1, 4, 8, 16, 32)
MOST = 16
"""Continuations of each prefix that are drawn."""
KINDS = (
    ("leg_counting", {"min_animals": 2, "max_animals": 3}),
    ("chain_sum", {"min_terms": 2, "max_terms": 3, "min_digits": 1, "max_digits": 2}),
)
WAYS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("as counted", {"monotone": False, "consistent": False}),
    ("+ monotone", {"monotone": True, "consistent": False}),
    ("+ consistent", {"monotone": False, "consistent": True}),
    ("+ both (GLoRe)", {}),
    ("+ both, by halves", {"search": "binary"}),
)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="smollm2-135m", help="the student")
    parser.add_argument("--problems", type=int, default=60, help="of each kind")
    parser.add_argument("--journal", type=Path, help="SQLite file of finished continuations")
    options = parser.parse_args()
    print(arithmetic())
    responses = wrong_responses(options.problems)
    settings = {
        "model": options.model, "source": "continuations", "temperature": 0.7, "max_tokens": 96,
        "balance": False, "journal": options.journal,
    }  # fmt: skip
    figures = counted(responses, settings) | labelled(responses, settings)
    print(json.dumps(figures))


def arithmetic() -> str:
    """The chance that a step is labelled right, as a table in Markdown."""
    rows = [
        "| student succeeds from the step | " + " | ".join(f"K = {k}" for k in SAMPLES) + " |",
        "|---" * (1 + len(SAMPLES)) + "|",
    ]
    for rate in RATES:
        cells = " | ".join(f"{rescued(rate, k):.0%}" for k in SAMPLES)
        rows.append(f"| {rate:.0%} | {cells} |")
    return "\n".join(rows)


def wrong_responses(problems: int) -> Table[Response]:
    """Reference solutions with one injected error each."""
    tables = [
        redink.corrupt(
            redink.load(f"gym:{kind}", n=problems, seed=7, options=options), wrong=1.0, seed=7
        )
        for kind, options in KINDS
    ]
    table: Table[Response] = join(tables)
    return table


def counted(responses: Table[Response], settings: dict[str, object]) -> dict[str, float]:
    """How often right prefixes and wrong steps are labelled wrongly, for several K at once.

    Of `MOST` continuations with s right ones, C(MOST - s, K) of C(MOST, K) choices of K hold none.
    """
    started = time.monotonic()
    table = label(
        responses, samples=MOST, monotone=False, consistent=False,
        **settings,  # type: ignore[arg-type]
    )  # fmt: skip
    facts = table.provenance["labels"]
    print(
        f"\n{len(table)} responses, {facts['prefixes']} prefixes, {facts['continuations']} "
        f"continuations, {facts['tokens']} tokens in {time.monotonic() - started:.0f} s"
    )
    right: list[int] = []
    wrong: list[int] = []
    for row in table:
        error = known_error(row, table)
        for step in range(len(row.tries)):
            if row.tries[step] == MOST:
                (right if step < error else wrong).append(row.successes[step])
    rates = [sum(part) / (MOST * len(part)) for part in (right, wrong)]
    print(
        f"success from {len(right)} right prefixes {rates[0]:.1%}, "
        f"from {len(wrong)} wrong ones {rates[1]:.1%}"
    )
    print(f"{'K':>3}{'right called wrong':>20}{'at the mean rate':>18}{'wrong called right':>20}"
          f"{'at the mean rate':>18}")  # fmt: skip
    figures = {"rate.right": rates[0], "rate.wrong": rates[1]}
    for k in (1, 2, 4, 8, 16):
        alarms, misses = none_of(right, k), 1 - none_of(wrong, k)
        print(
            f"{k:3}{alarms:20.1%}{missed(rates[0], k):18.1%}{misses:20.1%}"
            f"{rescued(rates[1], k):18.1%}"
        )
        figures |= {f"K{k}.right_called_wrong": alarms, f"K{k}.wrong_called_right": misses}
    return figures


def none_of(successes: Sequence[int], k: int) -> float:
    """The mean chance that k of `MOST` continuations hold none of the right ones."""
    return sum(comb(MOST - s, k) for s in successes) / (comb(MOST, k) * len(successes))


def labelled(responses: Table[Response], settings: dict[str, object]) -> dict[str, float]:
    """What each part of the post-processing does to labels with K = 8."""
    figures: dict[str, float] = {}
    print(f"\n{'K = 8':20}{'steps right':>12}{'first error':>13}{'continuations':>15}")
    for name, way in WAYS:
        table = label(responses, **{**settings, **way})  # type: ignore[arg-type]
        pairs = [pair for row in table for pair in against_exact(row, table)]
        steps = sum(said == true for said, true in pairs) / len(pairs)
        first = sum(row.first_error == known_error(row, table) for row in table) / len(table)
        drawn = table.provenance["labels"]["continuations"]
        print(f"{name:20}{steps:12.1%}{first:13.1%}{drawn:15}")
        key = name.lstrip("+ ").replace(" ", "_")
        figures |= {f"{key}.steps": steps, f"{key}.first_error": first}
        figures[f"{key}.continuations"] = drawn
    return figures


def against_exact(row: StepLabels, table: Table[StepLabels]) -> list[tuple[bool | None, bool]]:
    """Each step's label beside the exact one, but for the last step, which needs none."""
    error = known_error(row, table)
    return [(said, step < error) for step, said in enumerate(row.labels[:-1])]


def known_error(row: StepLabels, table: Table[StepLabels]) -> int:
    """The step of the injected error."""
    error = table.responses[row.response_id].error
    assert error is not None
    return error.step


if __name__ == "__main__":
    main()
