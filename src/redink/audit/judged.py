"""The error rate of critiques, estimated from a sample that was checked by hand."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redink.audit.rate import Rate
from redink.audit.row import AuditedRow
from redink.audit.sample import Stratum, strata_of
from redink.errors import DataError
from redink.evaluation.statistics.interval import wilson_effective

JUDGEMENTS = ("good", "bad", "unsure", "")
"""`good`: nothing in the critique is wrong; `bad`: verdict or reasoning is; "": not judged yet."""


@dataclass(frozen=True)
class JudgedStratum:
    """What was found in one stratum."""

    teacher: str
    verdict: str
    agreement: str
    critiques: int
    """In the whole table."""
    judged: int
    """Good or bad."""
    bad: int


@dataclass(frozen=True)
class Judged:
    """The hand-checked error rate of a table of critiques."""

    error: Rate
    """Share of bad critiques in the strata that were judged, each by its size; `count` and `total`
    are those of the sample."""
    strata: tuple[JudgedStratum, ...]
    covered: float
    """Share of the table's critiques in strata with a judged row: what `error` speaks of."""
    unsure: int
    open: int
    """Lines without a judgement."""


def read_judged(path: Path, rows: Sequence[AuditedRow]) -> Judged:
    """Reads a sample that was written by `write_sample` and filled in.

    Args:
        path: JSONL; only `critique_id` and `judgement` are read.
        rows: of the audited table that the sample was drawn from.

    Raises DataError, naming the line, for a judgement that is none of `good`, `bad`, `unsure` and
    the empty text, and for a critique that is not in the table or judged twice.
    """
    known = {row.critique.id for row in rows}
    judgements: dict[str, str] = {}
    for number, line in enumerate(_lines_of(path), 1):
        if line.strip():
            name, judgement = _read_line(f"{path}, line {number}", line)
            if name not in known:
                raise DataError(
                    f"{path}, line {number}: critique {name!r} is not in this table; name the "
                    "table that the sample was drawn from"
                )
            if name in judgements:
                raise DataError(f"{path}, line {number}: critique {name} is judged twice; keep one")
            judgements[name] = judgement
    return estimate(rows, judgements)


def estimate(rows: Sequence[AuditedRow], judgements: Mapping[str, str]) -> Judged:
    """The stratified estimate.

    Args:
        rows: the whole table.
        judgements: critique id to `good`, `bad`, `unsure` or an empty text.

    The share is the strata's shares weighted by size. Its variance is that of a stratified sample
    with finite population correction, each stratum's share moved towards one half by one row of
    either kind, so that few rows that all are good do not pass for certainty; the interval is
    Wilson's for the number of independent rows that have this variance.
    """
    strata = [_judge(key, found, judgements) for key, found in strata_of(rows).items()]
    used = [stratum for stratum in strata if stratum.judged]
    size = sum(stratum.critiques for stratum in used)
    values = list(judgements.values())
    return Judged(
        error=_rate(used, size),
        strata=tuple(strata),
        covered=size / len(rows) if rows else 0.0,
        unsure=values.count("unsure"),
        open=values.count(""),
    )


def _judge(
    key: Stratum, rows: Sequence[AuditedRow], judgements: Mapping[str, str]
) -> JudgedStratum:
    found = [judgements.get(row.critique.id, "") for row in rows]
    bad = found.count("bad")
    return JudgedStratum(*key, len(rows), found.count("good") + bad, bad)


def _rate(strata: Sequence[JudgedStratum], size: int) -> Rate:
    bad, judged = sum(s.bad for s in strata), sum(s.judged for s in strata)
    if not judged:
        return Rate(0, 0, None, 0.0, 1.0, "none judged")
    share = math.fsum(s.critiques / size * s.bad / s.judged for s in strata)
    variance = math.fsum((s.critiques / size) ** 2 * _variance(s) for s in strata)
    if variance == 0:
        return Rate(bad, judged, share, share, share, "all judged")
    kish = 1 / math.fsum((s.critiques / size) ** 2 / s.judged for s in strata)
    freedom = max(judged - len(strata), 1)
    interval = wilson_effective(share, variance, max(1, round(kish)), freedom)
    return Rate(bad, judged, share, interval.low, interval.high, f"stratified {interval.method}")


def _variance(stratum: JudgedStratum) -> float:
    """Of one stratum's share."""
    n = stratum.judged
    share = (stratum.bad + 1) / (n + 2)
    return (1 - n / stratum.critiques) * share * (1 - share) / max(n - 1, 1)


def _lines_of(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path}: cannot be read as text ({error}); name the file that --sample-out wrote"
        ) from None


def _read_line(where: str, line: str) -> tuple[str, str]:
    try:
        row: Any = json.loads(line)
    except ValueError as error:
        raise DataError(f"{where}: not a JSON object ({error}); mend the line") from None
    if not isinstance(row, dict) or not isinstance(row.get("critique_id"), str):
        raise DataError(f"{where}: no critique_id; keep the lines that --sample-out wrote")
    judgement = row.get("judgement", "")
    folded = judgement.strip().lower() if isinstance(judgement, str) else None
    if folded not in JUDGEMENTS:
        raise DataError(
            f"{where}: judgement {judgement!r}; write good, bad or unsure, or leave it empty"
        )
    return row["critique_id"], folded
