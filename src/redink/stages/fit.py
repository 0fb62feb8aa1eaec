"""fit: graded responses or step labels → scorer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from redink.errors import UsageError
from redink.models.resolve import resolve_model
from redink.problems.overlap import overlap
from redink.scoring.labelled import LabelledRows, Positions, ScorerKind, labelled_rows
from redink.scoring.training import train_scorer
from redink.tables import Table
from redink.training.method import Precision
from redink.training.tracking import Tracker, check_trackers, reporting

FitMethod = Literal["full", "lora"]


def fit(
    data: Table[Any] | Sequence[Table[Any]],
    *,
    base: str | Path = "smollm2-135m",
    kind: ScorerKind = "orm",
    learning_rate: float = 2e-5,
    epochs: float = 1.0,
    batch_size: int = 16,
    max_tokens: int = 1024,
    warmup_ratio: float = 0.1,
    weight_decay: float = 0.0,
    shuffle: bool = True,
    seed: int = 0,
    checkpoint_seconds: float = 60.0,
    checkpoint_steps: int | None = None,
    method: FitMethod = "full",
    lora_rank: int = 16,
    lora_alpha: float | None = None,
    precision: Precision = "bf16",
    positions: Positions = "last",
    soft_labels: bool = False,
    calibration: Table[Any] | None = None,
    report_to: Tracker | Sequence[Tracker] | None = None,
    out: Path,
) -> Path:
    """Trains a scorer: a token head of one logit over a base, by binary cross-entropy.

    The logit behind a solution step is the log-odds that the response is right (ORM; GLoRe,
    arXiv 2402.10963, section 2, and Cobbe et al., arXiv 2110.14168) or that the step is (SORM;
    GLoRe). The loss is the mean over the labelled steps of an optimizer step.

    Args:
        data: one table, or several that are joined. An ORM learns from graded responses, or from
            the responses of step labels; those that are neither correct nor wrong are dropped
            and counted. A SORM learns from step labels; steps without a label carry no loss.
        base: `smollm2-135m`, a model folder or `hf:ORG/NAME`; a causal model for which
            transformers has a token classification head.
        kind: `orm` or `sorm`.
        learning_rate: at its peak.
        epochs: passes over the data; fractions are allowed.
        batch_size: responses in an optimizer step.
        max_tokens: of a response with its prompt; longer ones are dropped and counted.
        warmup_ratio: share of the steps in which the rate rises.
        weight_decay: AdamW's.
        shuffle: whether each epoch gets a new order, drawn from the seed.
        seed: of the order and of the head's first weights.
        checkpoint_seconds: time between checkpoints.
        checkpoint_steps: steps between checkpoints instead.
        method: `full` trains every weight; `lora` low-rank adapters on every linear layer, with
            the head whole, and merges them into the result. It wants a higher learning rate.
        lora_rank: of the adapters.
        lora_alpha: adapters are scaled by alpha / rank; twice the rank where not given.
        precision: of matrix products, `bf16` or `fp32`; weights and logits are float32 always.
        positions: of an ORM: its outcome is learned at the `last` step, or at `every` one, which
            makes its scores of prefixes an estimate of the sampler's chances from there.
        soft_labels: of a SORM: learn the share of right continuations, where there were any,
            instead of the label.
        calibration: labelled rows of the data's kinds on other problems: a temperature is fitted
            to them and kept with the scorer, with reliability before and after.
        report_to: trackers, as in `finetune`.
        out: folder of the partial work and the result.

    Returns `out/model`, a transformers folder that `AutoModelForTokenClassification` loads, with
    `scorer.json` and `training.json`. An interrupted call goes on where its last checkpoint
    stands; a finished one returns at once. Raises UsageError for settings or data that do not
    fit, DataError for rows that cannot be used, ModelError for a base that cannot be loaded or
    trained so.
    """
    check_scorer(kind, method, positions, soft_labels)
    trackers = check_trackers(report_to)
    tables = [data] if isinstance(data, Table) else list(data)
    if not tables:
        raise UsageError("fit: no data; give it at least one table")
    found = labelled_rows(tables, kind, positions=positions, soft_labels=soft_labels)
    apart: LabelledRows | None = None
    if calibration is not None:
        require_disjoint(calibration, tables)
        apart = labelled_rows([calibration], kind, positions=positions, soft_labels=soft_labels)
    settings = {
        "kind": kind,
        "learning_rate": learning_rate,
        "epochs": epochs,
        "batch_size": batch_size,
        "max_tokens": max_tokens,
        "warmup_ratio": warmup_ratio,
        "weight_decay": weight_decay,
        "shuffle": shuffle,
        "seed": seed,
        "checkpoint_seconds": checkpoint_seconds,
        "checkpoint_steps": checkpoint_steps,
        "method": method,
        "lora_rank": lora_rank,
        "lora_alpha": lora_alpha,
        "precision": precision,
        "positions": positions,
        "soft_labels": soft_labels,
    }
    with reporting(trackers):
        return train_scorer(resolve_model(base), found, settings, out, f"fit {kind}", apart)


def check_scorer(kind: str, method: str, positions: str, soft_labels: bool) -> None:
    """Raises UsageError for a kind, method or positions that there are not, and for soft labels of
    an ORM."""
    for name, value, known in (
        ("kind", kind, get_args(ScorerKind)),
        ("method", method, get_args(FitMethod)),
        ("positions", positions, get_args(Positions)),
    ):
        if value not in known:
            raise UsageError(f"fit: {name} = {value} is unknown; use {' or '.join(known)}")
    if soft_labels and kind == "orm":
        raise UsageError(
            "fit: soft_labels are shares of right continuations of a step, and an ORM learns "
            "outcomes; leave soft_labels out, or use kind: sorm"
        )


def require_disjoint(calibration: Table[Any], tables: Sequence[Table[Any]]) -> None:
    """Raises UsageError where a problem of the calibration table is one of the data's."""
    problems = {key: problem for table in tables for key, problem in table.problems.items()}
    shared = overlap(calibration.problems.values(), problems.values())
    if shared:
        raise UsageError(
            f"fit: {len(shared)} of the {len(calibration.problems)} problems of the calibration "
            f"table are in the data too (first: {min(shared)}); the scorer is surer of those than "
            "of new ones. Calibrate on other problems: another split, or exclude"
        )
