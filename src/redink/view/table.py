"""One stage's table as the viewer holds it: short columns in memory, texts on disk, its edits."""

import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from redink.edits import EditLog, Edits
from redink.records import Critique, Problem, Response, Score, StepLabels, from_row
from redink.tables import KINDS
from redink.view.columns import Columns, read_columns
from redink.view.facet import Places
from redink.view.mapped import MappedTable, Mask
from redink.view.scored import Scored, read_scored
from redink.view.searching import terms_of

MOST_SEARCHES = 32
"""Searches whose rows are kept."""
_RECORDS: dict[str, Any] = {name: kind for kind, name in KINDS.items()}
_TEXTS: dict[str, tuple[str, ...]] = {
    "problems": ("question", "answer", "solution"),
    "responses": ("text",),
    "critiques": ("text",),
}


@dataclass(frozen=True)
class Item:
    """A row with everything that it refers to."""

    problem: Problem | None
    response: Response | None
    critique: Critique | None
    score: Score | None
    labels: StepLabels | None = None


class ViewedTable:
    """A finished stage's table."""

    def __init__(self, folder: Path, kind: str) -> None:
        """Reads the short columns. Raises DataError for a broken table."""
        self.folder, self.kind = folder, kind
        self.scored: Scored = read_scored(folder) if kind == "scores" else {}
        """Responses with what scorers say of their steps."""
        self.columns: Columns = read_columns(folder, kind, self.scored)
        self.log = EditLog(folder)
        parts = dict.fromkeys(["problems", "responses", kind])
        self._parts = [part for part in parts if (folder / f"{part}.parquet").exists()]
        self._texts: dict[str, Future[MappedTable]] = {}
        self._searches: OrderedDict[str, Mask] = OrderedDict()
        self._lock = threading.Lock()
        self._edited: tuple[int, Mask] | None = None
        self.pairings: dict[tuple[str, str, str], Any] = {}
        """Pairs of arms that were compared (see `redink.view.pairing`)."""

    def __len__(self) -> int:
        return len(self.columns)

    def unpack(self) -> None:
        """Begins to unpack the texts, in the background."""
        with self._lock:
            if self._texts:
                return
            pool = ThreadPoolExecutor(2, thread_name_prefix="unpack")
            self._texts = {
                part: pool.submit(MappedTable, self.folder / f"{part}.parquet")
                for part in self._parts
            }
            pool.shutdown(wait=False)

    def texts(self, part: str) -> MappedTable:
        """The rows of one of the table's files; waits until they are unpacked."""
        self.unpack()
        return self._texts[part].result()

    def place(self, row_id: str) -> int | None:
        """The first row with this id."""
        found = pc.index(self.columns.ids, pa.scalar(row_id, pa.string())).as_py()
        return None if found < 0 else int(found)

    def item(self, place: int) -> Item:
        """The row at a 0-based place."""
        columns = self.columns
        own = from_row(_RECORDS[self.kind], self.texts(self.kind).row(place))
        return Item(
            problem=self._record("problems", int(columns.problems[place])),
            response=self._record("responses", int(columns.responses[place])),
            critique=own if isinstance(own, Critique) else None,
            score=own if isinstance(own, Score) else None,
            labels=own if isinstance(own, StepLabels) else None,
        )

    def _record(self, part: str, place: int) -> Any:
        if place < 0 or part not in self._parts:
            return None
        return from_row(_RECORDS[part], self.texts(part).row(place))

    def lengths(self) -> Places:
        """The length of each row's own text in bytes: a question, a response or a critique."""
        part, column, places = self._own_text()
        if part not in self._parts or not len(self.texts(part)):
            return np.full(len(self), -1, np.int64)
        found = self.texts(part).lengths(column)
        return np.where(places < 0, -1, found[np.maximum(places, 0)])

    def characters(self, place: int) -> int | None:
        """The length of one row's own text; None before the texts are unpacked."""
        part, column, places = self._own_text()
        texts = self._texts.get(part)
        if texts is None or not texts.done() or texts.exception() or places[place] < 0:
            return None
        return texts.result().characters(column, int(places[place]))

    def _own_text(self) -> tuple[str, str, Places]:
        if self.kind == "problems":
            return "problems", "question", self.columns.problems
        if self.kind == "critiques":
            return "critiques", "text", np.arange(len(self))
        return "responses", "text", self.columns.responses

    def search(self, text: str) -> Mask:
        """The rows that hold every word and every "quoted phrase" of `text`, in either case, in
        question, reference, response or critique."""
        key = " ".join(terms_of(text)).casefold()
        with self._lock:
            if key in self._searches:
                self._searches.move_to_end(key)
                return self._searches[key]
        found = np.ones(len(self), np.bool_)
        for term in sorted(terms_of(text), key=len, reverse=True):
            found = self._holding(term, found)
        with self._lock:
            self._searches[key] = found
            while len(self._searches) > MOST_SEARCHES:
                self._searches.popitem(last=False)
        return found

    def _holding(self, term: str, among: Mask) -> Mask:
        found = np.zeros(len(self), np.bool_)
        pointers = {"problems": self.columns.problems, "responses": self.columns.responses}
        pointers[self.kind] = np.arange(len(self))
        for part in self._parts:
            columns = _TEXTS.get(part)
            if columns is None:
                continue
            texts, places = self.texts(part), pointers[part]
            if not len(texts):
                continue
            asked = among & ~found & (places >= 0)
            wanted = np.zeros(len(texts), np.bool_)
            wanted[places[asked]] = True
            hits = texts.matching(columns, term, wanted)
            found |= asked & hits[np.maximum(places, 0)]
        return found

    def edited(self) -> tuple[Edits, Mask]:
        """The edits so far, and the rows on which one stands."""
        edits = self.log.edits()
        kept = self._edited
        if kept is None or kept[0] != len(edits.lines):
            ids = pa.array(list(edits.standing()), pa.string())
            mask = np.zeros(len(self), np.bool_)
            if len(ids):
                mask = pc.is_in(self.columns.ids, value_set=ids).to_numpy().astype(np.bool_)
            kept = self._edited = (len(edits.lines), mask)
        return edits, kept[1]
