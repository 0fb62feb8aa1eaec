"""What critiques will take: requests, tokens and money, before any is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redink.engines.endpoint.request import request_key
from redink.engines.engine import Completion, Conversation, Sampling
from redink.engines.journal import Journal
from redink.records import Response
from redink.tables import Table
from redink.teachers.llm import Prices, address_of, conversations_for, model_named, price_for
from redink.teachers.mixture import Pair, assigned, shares_of
from redink.teachers.presets import TeacherPrompt
from redink.teachers.teacher import TEACHERS

CHARACTERS_PER_TOKEN = 3.5
"""Of English text with formulas: what the endpoint engine reserves by as well."""
COMPLETION_TOKENS = 400
"""A critique's length where none is in the journal: CFT's 600K rows hold 2,578 bytes each (the
data card of WebInstruct-CFT), question and solution included; rather more than half is taken for
the critique. A guess: the first hundred critiques in the journal put it right."""


@dataclass(frozen=True)
class Estimate:
    """What is still to be asked for."""

    requests: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    """US dollars; None where a price is not known."""
    kept: int = 0
    """Completions that the journal holds, which are not counted."""
    at_least: bool = False
    """Whether `accept` may need more: how many pass is not known before."""


def estimate(
    responses: Table[Response],
    *,
    teacher: str | Mapping[str, float],
    preset: str = "cft",
    prompt: Path | str | None = None,
    temperature: float = 0.3,
    top_p: float = 0.95,
    max_tokens: int = 3200,
    seed: int = 0,
    accept: int | None = None,
    prices: Prices | None = None,
    journal: Path | None = None,
    **others: Any,
) -> Estimate:
    """What the stage `critique` with these settings would ask for.

    Args:
        others: the stage's further settings, which change nothing here.

    Raises UsageError for a prompt or preset that is none.
    """
    shares = shares_of(teacher)
    asked = TeacherPrompt.of(preset, prompt)
    sampling = Sampling(temperature, top_p, max_tokens, seed=seed)
    pairs = [(responses.problems[row.problem_id], row) for row in responses]
    pairs = pairs[:accept] if accept is not None else pairs
    parts: dict[str, list[Pair]] = {name: [] for name in shares if name not in TEACHERS}
    for pair in pairs:
        name = assigned(pair[1].id, shares, seed)
        if name in parts:
            parts[name].append(pair)
    found = [
        _part(name, conversations_for(asked, part), sampling, prices, journal)
        for name, part in parts.items()
    ]
    return Estimate(
        sum(one.requests for one in found),
        sum(one.prompt_tokens for one in found),
        sum(one.completion_tokens for one in found),
        _total([one.cost for one in found]),
        sum(one.kept for one in found),
        accept is not None and accept < len(responses),
    )


def _part(
    name: str,
    conversations: Sequence[Conversation],
    sampling: Sampling,
    prices: Prices | None,
    journal: Path | None,
) -> Estimate:
    there: dict[str, Completion] = {}
    keys = {}
    if address_of(name) is not None:
        keys = {c.id: request_key(model_named(name), c, sampling) for c in conversations}
        if journal is not None and journal.exists():
            with Journal(journal) as opened:
                there = opened.get(list(keys.values()))
    missing = [c for c in conversations if keys.get(c.id) not in there]
    characters = sum(len(m.content) for c in missing for m in c.messages)
    prompt_tokens = round(characters / CHARACTERS_PER_TOKEN)
    each = min(COMPLETION_TOKENS, sampling.max_tokens)
    if there:
        each = round(sum(c.completion_tokens for c in there.values()) / len(there))
    completion_tokens = each * len(missing)
    price = price_for(name, prices)
    cost = price.cost(prompt_tokens, completion_tokens) if price is not None else None
    kept = len(conversations) - len(missing)
    return Estimate(len(missing), prompt_tokens, completion_tokens, cost, kept)


def _total(costs: Sequence[float | None]) -> float | None:
    return None if None in costs else sum(cost or 0.0 for cost in costs)
