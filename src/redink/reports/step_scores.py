"""Responses with what the scorers say of each solution step, as blocks of the report."""

from collections.abc import Iterator, Mapping
from typing import Any

from redink.reports.blocks import Block, Cell, Column, Details, Grid
from redink.reports.charts import OUTCOMES
from redink.visible import clipped, one_line

TITLES = {"sorm": "SORM", "orm": "ORM"}
ABOUT = {"sorm": "right up to here", "orm": "will be right"}
LONGEST = 1500
"""Characters of one text that are shown."""


def step_score_blocks(facts: Mapping[str, Any]) -> Iterator[Block]:
    """A table for each response that `refine` kept with its step scores: a row for each step, a
    column for each scorer; then what a strategy made of it.

    Args:
        facts: what `refine` wrote into `strategies.json`; nothing comes of empty ones.
    """
    for number, example in enumerate(facts.get("examples") or (), 1):
        if example["steps"]:
            yield _grid(example, number)
            yield _details(example)


def _grid(example: Mapping[str, Any], number: int) -> Grid:
    names = [name for name in TITLES if name in example["steps"][0]]
    columns = [Column("solution step"), *(Column(TITLES[name], ABOUT[name]) for name in names)]
    first = example["first_error"]
    rows = []
    for place, step in enumerate(example["steps"]):
        note = "the first step that the SORM finds wrong" if place == first else ""
        scores = [Cell(f"{step[name]:.2f}", share=step[name]) for name in names]
        rows.append((Cell(f"{place + 1}. {one_line(step['text'])}", note), *scores))
    outcome = OUTCOMES.get(example["outcome"], str(example["outcome"]))
    question = one_line(example["question"], 90)
    marked = rows[first][0].text if first is not None else ""
    caption = f"Response {number}: {question}"
    return Grid(caption, tuple(columns), tuple(rows), f"a draft, {outcome}", marked)


def _details(example: Mapping[str, Any]) -> Details:
    after = example["after"]
    paragraphs = (f"Reference answer: {one_line(example['answer'])}",)
    text = clipped(example["question"], LONGEST)
    if after is None:
        return Details("The whole question", paragraphs, text)
    outcome = OUTCOMES.get(after["outcome"], str(after["outcome"]))
    return Details(
        f"What {after['strategy']} made of it: {outcome}",
        paragraphs,
        f"{text}\n\n{clipped(after['text'], LONGEST)}",
    )
