"""A stratified sample of critiques for checking by hand, as JSONL with two fields to fill in.

One line:

    {"critique_id": "c3f0…", "question": "…", "reference_answer": "80", "response": "…",
     "critique": "…", "verdict": "wrong", "judgement": "", "note": ""}

The line tells neither the grader's outcome nor the stratum, so that they cannot sway whoever
judges, and lines of all strata are mixed.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from redink.audit.row import AuditedRow
from redink.errors import UsageError
from redink.files import write_atomically

LEAST = 2
"""Rows of each stratum at least, where it has them: the fewest with a variance."""

Stratum = tuple[str, str, str]
"""Teacher, verdict, and `agrees`, `disagrees` or `not compared`."""


def stratum_of(row: AuditedRow) -> Stratum:
    """The stratum that a row belongs to."""
    agrees = {True: "agrees", False: "disagrees", None: "not compared"}[row.agrees]
    return row.critique.teacher, row.critique.verdict or "none", agrees


def strata_of(rows: Sequence[AuditedRow]) -> dict[Stratum, list[AuditedRow]]:
    """Rows by stratum, in order."""
    strata: dict[Stratum, list[AuditedRow]] = {}
    for row in rows:
        strata.setdefault(stratum_of(row), []).append(row)
    return dict(sorted(strata.items()))


def draw_sample(rows: Sequence[AuditedRow], n: int, seed: int = 0) -> list[AuditedRow]:
    """Draws n rows (all, where there are fewer), mixed.

    Every stratum gets two rows, the rest is shared by size. Which rows of a stratum are drawn
    depends on their ids and the seed alone, so a larger sample holds the smaller one's rows of
    each stratum. Raises UsageError where n is no positive number.
    """
    if n < 1:
        raise UsageError(f"--sample {n}: give the number of critiques to check, 1 or more")
    strata = strata_of(rows)
    shares = allocate({key: len(found) for key, found in strata.items()}, n)
    chosen = [
        row
        for key, found in strata.items()
        for row in sorted(found, key=lambda row: _draw(row, seed))[: shares[key]]
    ]
    return sorted(chosen, key=lambda row: _draw(row, seed))


def allocate(sizes: Mapping[Stratum, int], n: int) -> dict[Stratum, int]:
    """How many rows each stratum gives to a sample of n.

    First every stratum gets one, then a second one, the largest first; what is left goes, one by
    one, to the stratum that has fewest for its size.
    """
    given = dict.fromkeys(sizes, 0)
    by_size = sorted(sizes, key=lambda key: (-sizes[key], key))
    for _ in range(min(n, sum(sizes.values()))):
        open_ones = [key for key in by_size if given[key] < sizes[key]]
        short = min((given[key] for key in open_ones if given[key] < LEAST), default=None)
        if short is not None:
            key = next(key for key in open_ones if given[key] == short)
        else:
            key = max(open_ones, key=lambda key: sizes[key] / (given[key] + 1))
        given[key] += 1
    return given


def write_sample(path: Path, rows: Sequence[AuditedRow]) -> None:
    """Writes the lines to be judged. Raises StorageError where the file cannot be written."""
    lines = [json.dumps(_line(row), ensure_ascii=False) for row in rows]
    write_atomically(path, "".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))


def _line(row: AuditedRow) -> dict[str, str | None]:
    return {
        "critique_id": row.critique.id,
        "question": row.problem.question,
        "reference_answer": row.problem.answer,
        "response": row.response.text,
        "critique": row.critique.text,
        "verdict": row.critique.verdict,
        "judgement": "",
        "note": "",
    }


def _draw(row: AuditedRow, seed: int) -> bytes:
    return hashlib.blake2b(f"{seed}\0{row.critique.id}".encode(), digest_size=8).digest()
