"""The short columns of a stage's table in memory: what rows are filtered, sorted and listed by.

A row costs about a hundred bytes; texts stay on disk (see `redink.view.mapped`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from redink.errors import DataError
from redink.view.facet import NONE, Facet, Places, error_kinds, facet_of, whole_numbers
from redink.view.labelled import has_error
from redink.view.mapped import Mask
from redink.view.scored import Scored, holds_scored

SUSPICIOUS = ("disagrees", "unreadable", "truncated", "no answer", "grader unsure")
"""What makes a row worth a look, most of all first."""
FACETS = (
    *("outcome", "verdict", "agrees", "source", "model", "benchmark", "why"),
    *("has_error", "error_kind", "labelled", "scored"),
)
_WANTED: Mapping[str, tuple[str, ...]] = {
    "problems": ("id", "question", "source"),
    "responses": ("id", "problem_id", "outcome", "model", "n_tokens", "finish", "error"),
    "critiques": ("id", "response_id", "verdict", "agrees", "why", "finish", "completion_tokens"),
    "labels": ("id", "response_id", "labels", "first_error", "source", "meta"),
    "scores": (
        *("response_id", "problem_id", "model", "benchmark", "outcome", "extracted", "why"),
        *("sample", "n_tokens"),
    ),
}


@dataclass(frozen=True)
class Columns:
    """Of one stage's table."""

    kind: str
    ids: pa.ChunkedArray
    problems: Places
    """Each row's place among the problems; -1 where the table lacks it."""
    responses: Places
    """Each row's place among the responses; of problems all -1."""
    titles: pa.ChunkedArray
    """The beginning of each problem's question."""
    facets: Mapping[str, Facet]
    tokens: Places
    """-1 where unknown."""
    suspicious: Mapping[str, Mask]
    order: Places
    """The rows, suspicious ones first."""
    scores: Mapping[str, Any] = field(default_factory=dict)
    """Of scores: `problem_id`, `extracted` and `sample` of each row."""
    first_errors: Places = field(default_factory=lambda: np.zeros(0, np.int64))
    """Of step labels: each row's first wrong step, 0-based; -1 where none is named."""

    def __len__(self) -> int:
        return len(self.ids)


def read_columns(folder: Path, kind: str, scored: Scored | None = None) -> Columns:
    """Reads the short columns of a table's folder.

    Args:
        folder: A stage's folder.
        kind: `problems`, `responses`, `critiques`, `labels` or `scores`.
        scored: Of scores: the responses whose steps have scores.

    Raises DataError where a file is missing or broken.
    """
    own = _read(folder, kind)
    problems = own if kind == "problems" else _read(folder, "problems", optional=True)
    responses = own if kind == "responses" else _read(folder, "responses", optional=True)
    count = own.num_rows
    none: Places = np.full(count, -1, np.int64)
    to_response = none
    if kind == "responses":
        to_response = np.arange(count)
    elif kind != "problems":
        to_response = _places(own["response_id"], responses["id"])
    to_problem = np.arange(count) if kind == "problems" else none
    if kind in ("responses", "scores"):
        to_problem = _places(own["problem_id"], problems["id"])
    elif kind in ("critiques", "labels"):
        behind = _places(responses["problem_id"], problems["id"])
        to_problem = _through(to_response, behind)
    facets = _facets(kind, own, responses, problems, to_response, to_problem)
    if scored:
        held = holds_scored(folder, own["response_id"], scored)
        facets["scored"] = Facet(held.astype(np.int32), (NONE, "yes"))
    suspicious = _suspicious(kind, own, responses, to_response, facets)
    return Columns(
        kind=kind,
        ids=own["response_id"] if kind == "scores" else own["id"],
        problems=to_problem,
        responses=to_response,
        titles=pc.utf8_slice_codeunits(problems["question"], 0, 640),
        facets=facets,
        tokens=_tokens(kind, own, responses, to_response),
        suspicious=suspicious,
        order=_order(suspicious, count),
        scores={name: own[name] for name in ("problem_id", "extracted", "sample")}
        if kind == "scores"
        else {},
        first_errors=whole_numbers(own["first_error"]) if kind == "labels" else none[:0],
    )


def _read(folder: Path, kind: str, optional: bool = False) -> pa.Table:
    path = folder / f"{kind}.parquet"
    wanted = _WANTED[kind]
    if optional and not path.exists():
        return pa.table({name: pa.array([], pa.string()) for name in wanted})
    try:
        source = pq.ParquetFile(path)
        there = source.schema_arrow.names
        table = source.read(columns=[name for name in wanted if name in there])
    except (OSError, pa.ArrowException) as error:
        raise DataError(
            f"{path}: cannot be read ({error}); make the stage again with --force"
        ) from None
    for name in wanted:
        if name not in there:
            table = table.append_column(name, pa.nulls(table.num_rows, pa.string()))
    return table


def _places(keys: pa.ChunkedArray, among: pa.ChunkedArray) -> Places:
    found = pc.index_in(keys, value_set=among.combine_chunks())
    places: Places = pc.fill_null(found, -1).to_numpy().astype(np.int64)
    return places


def _through(first: Places, second: Places) -> Places:
    if not len(second):
        return np.full(len(first), -1, np.int64)
    return np.where(first < 0, -1, second[np.maximum(first, 0)])


def _facets(
    kind: str,
    own: pa.Table,
    responses: pa.Table,
    problems: pa.Table,
    to_response: Places,
    to_problem: Places,
) -> dict[str, Facet]:
    facets = {name: facet_of(own[name]) for name in FACETS if name in own.column_names}
    if kind == "labels":
        facets["labelled"] = facets["source"]
        facets["has_error"] = has_error(own)
    if kind in ("critiques", "labels"):
        for name in ("outcome", "model"):
            facets[name] = facet_of(responses[name]).taken(to_response)
    if kind in ("responses", "critiques", "labels"):
        facets["error_kind"] = facet_of(error_kinds(responses["error"])).taken(to_response)
    if kind != "problems":
        facets["source"] = facet_of(problems["source"]).taken(to_problem)
    return facets


def _tokens(kind: str, own: pa.Table, responses: pa.Table, to_response: Places) -> Places:
    name = {"responses": "n_tokens", "scores": "n_tokens", "critiques": "completion_tokens"}
    if kind == "labels":
        return _through(to_response, whole_numbers(responses["n_tokens"]))
    if kind not in name:
        return np.full(own.num_rows, -1, np.int64)
    return whole_numbers(own[name[kind]])


def _suspicious(
    kind: str,
    own: pa.Table,
    responses: pa.Table,
    to_response: Places,
    facets: Mapping[str, Facet],
) -> dict[str, Mask]:
    count = own.num_rows
    marks: dict[str, Mask] = {word: np.zeros(count, np.bool_) for word in SUSPICIOUS}
    if kind == "problems":
        return marks
    outcome = facets["outcome"]
    if kind == "critiques":
        marks["disagrees"] = facets["agrees"].mask(("false",))
        marks["unreadable"] = facets["verdict"].mask((NONE,))
    if kind == "labels":
        wrong, sound = facets["has_error"].mask(("yes",)), facets["has_error"].mask(("no",))
        right = outcome.mask(("correct",))
        marks["disagrees"] = (right & wrong) | (outcome.mask(("wrong",)) & sound)
    finish = facet_of(responses["finish"]).taken(to_response)
    marks["truncated"] = outcome.mask(("truncated",)) | finish.mask(("length",))
    if kind == "critiques":
        marks["truncated"] |= facet_of(own["finish"]).mask(("length",))
    marks["no answer"] = outcome.mask(("no_answer",))
    marks["grader unsure"] = outcome.mask(("grader_timeout", "gold_unparsable"))
    return marks


def _order(suspicious: Mapping[str, Mask], count: int) -> Places:
    rank = np.full(count, len(SUSPICIOUS), np.int8)
    for place, word in reversed(list(enumerate(SUSPICIOUS))):
        rank[suspicious[word]] = place
    order: Places = np.argsort(rank, kind="stable")
    return order
