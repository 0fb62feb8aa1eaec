"""A copy of a run to read without a server: one HTML file with the answers inside."""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import numpy as np
import orjson

from redink.errors import DataError, UsageError
from redink.evaluation.seeds import by_arm
from redink.files import write_atomically
from redink.view.app import static_files
from redink.view.comparing import compare_item, compare_row
from redink.view.facet import Places
from redink.view.folders import StageFolder
from redink.view.item import item_of
from redink.view.linking import link
from redink.view.pairing import CASES, arms_of, benchmarks_of, correct_share, pair
from redink.view.query import Query, matching_places, rows_of
from redink.view.review import review_of
from redink.view.run import ViewedRun
from redink.view.table import ViewedTable
from redink.visible import one_line

MOST_BYTES = 40_000_000
"""Of items; what is above that is left out, and the page says so."""
MOST_ARMS = 8
"""Of one evaluation that are compared with one another."""
BUNDLED = ("critiques", "labels", "scores")
"""Kinds of tables that are copied where none is named."""
_STYLE = re.compile(r'<link rel="stylesheet" href="/static/([\w-]+\.css)">')
_SCRIPT = re.compile(r'<script type="module" src="/static/([\w-]+\.js)"></script>')
_SAFE = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026", 0x2028: "\\u2028",
         0x2029: "\\u2029"}  # fmt: skip


@dataclass(frozen=True)
class Written:
    """What a bundle holds."""

    rows: int
    pairs: int
    left_out: int
    size: int
    """Bytes."""

    def __str__(self) -> str:
        left = f", {self.left_out:,} rows left out" if self.left_out else ""
        return (
            f"{self.rows:,} rows, {self.pairs:,} pairs of answers{left}; {self.size / 1e6:.1f} MB"
        )


class _Copy:
    """The answers that go into a bundle, by their address."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.rows = self.pairs = self.left_out = self.bytes = 0

    def add(self, path: Sequence[str], answer: Any, query: Mapping[str, str] | None = None) -> None:
        address = "/api/" + "/".join(quote(part, safe="!*'()") for part in path)
        self.answers[address + (f"?{_searched(query)}" if query else "")] = answer

    def add_item(
        self, path: Sequence[str], answer: Any, query: Mapping[str, str] | None = None
    ) -> bool:
        """False where there is no room for it."""
        size = len(orjson.dumps(answer))
        if self.bytes + size > MOST_BYTES:
            return False
        self.bytes += size
        self.add(path, answer, query)
        return True


def _searched(query: Mapping[str, str]) -> str:
    """A query as a browser's URLSearchParams writes it."""
    return urlencode(query, safe="*").replace("~", "%7E")


def write_bundle(
    run: ViewedRun,
    out: Path,
    *,
    stages: Sequence[str] | None = None,
    filters: Mapping[str, Sequence[str]] | None = None,
    text: str = "",
    limit: int = 200,
) -> Written:
    """Writes a bundle.

    Args:
        run: What is copied.
        out: The HTML file.
        stages: Which tables; critiques, step labels and scores (else all) where None, and the
            curves of every reinforcement, without its rollouts.
        filters: Field to values, as in the viewer.
        text: Only rows with these words.
        limit: Most rows of each table, suspicious ones first; those with step scores always.

    Raises UsageError for an unknown stage, StorageError where the file cannot be written.
    """
    copy = _Copy()
    now = run.now()
    chosen = _chosen(now.stages, stages)
    query = Query(text=text, filters=filters or {}, limit=limit)
    for stage in chosen:
        _copy_rows(copy, stage.name, run.table(stage.name), query)
    scores = [_copy_pairs(copy, s.name, run.table(s.name), limit) for s in chosen
              if s.kind == "scores"]  # fmt: skip
    trainings = [] if stages else [stage.name for stage in now.stages if stage.training]
    for name in trainings:
        copy.add(["training", name], run.curves(name))
    names = [stage.name for stage in chosen]
    facts = now.to_json()
    kept = [
        {**s, "kind": s["kind"] if s["name"] in names else None, "training": s["name"] in trainings}
        for s in facts["stages"]
    ]
    note = f"A copy of {copy.rows:,} rows to read"
    note += f"; {copy.left_out:,} more rows are in the run." if copy.left_out else "."
    copy.add(["run"], {
        **facts, "folder": now.folder.name, "stages": kept, "scores": scores, "reviewer": "",
        "writable": False, "bundle": True, "note": note,
    })  # fmt: skip
    page = bundle_page(static_files(), copy.answers)
    write_atomically(out, page.encode())
    return Written(copy.rows, copy.pairs, copy.left_out, len(page.encode()))


def _chosen(stages: Sequence[StageFolder], names: Sequence[str] | None) -> list[StageFolder]:
    there = [stage for stage in stages if stage.pages]
    known = {stage.name for stage in there}
    for name in names or ():
        if name not in known:
            raise UsageError(
                f"--stage {one_line(name)}: no rows to copy; use {', '.join(sorted(known))}"
            )
    if names:
        return [stage for stage in there if stage.name in names]
    return [stage for stage in there if stage.kind in BUNDLED] or there


def _copy_rows(copy: _Copy, stage: str, table: ViewedTable, query: Query) -> None:
    places = matching_places(table, query)
    kept = []
    for place in _first(table, places, query.limit):
        answer = item_of(table, int(place))
        if not copy.add_item(["item", stage, answer["id"]], answer):
            break
        kept.append(place)
    left_out = len(table) - len(kept)
    rows = rows_of(table, np.array(kept, np.int64))
    copy.add(["rows", stage], {"total": len(table), "left_out": left_out, "rows": rows})
    if table.kind == "critiques":
        copy.add(["review", stage], review_of(table))
    copy.rows += len(kept)
    copy.left_out += left_out


def _first(table: ViewedTable, places: Places, limit: int) -> Places:
    """The first rows, those with step scores in any case: there are a few of them, anywhere."""
    scored = table.columns.facets.get("scored")
    if scored is None or len(places) <= limit:
        return places[:limit]
    held = scored.mask(("yes",))[places]
    first = held & (np.cumsum(held) <= limit)
    room = limit - int(first.sum())
    kept: Places = places[first | (~first & (np.cumsum(~first) <= room))]
    return kept


def _copy_pairs(copy: _Copy, stage: str, table: ViewedTable, limit: int) -> dict[str, Any]:
    """Problems on which two arms disagree, a few of every two arms."""
    arms = list(by_arm(arms_of(table)))[:MOST_ARMS]
    both = list(combinations(arms, 2))
    each = max(5, limit // max(1, len(both)))
    for a, b in both:
        pairing = pair(table, a, b)
        query = {"a": a, "b": b}
        rows = []
        for key in pairing.chosen(CASES)[:each]:
            row = compare_row(pairing, int(key))
            problem = row["problem_id"]
            item = compare_item(table, problem, a, b, row["benchmark"])
            if not copy.add_item(["compare", stage, problem], item, query):
                break
            rows.append(row)
        counts = pairing.counts()
        answer = {"total": sum(counts.values()), "counts": counts, "rows": rows}
        copy.add(["compare", stage], answer, query)
        copy.pairs += len(rows)
    correct = {arm: correct_share(table, arm) for arm in arms}
    return {
        "stage": stage, "arms": arms, "benchmarks": benchmarks_of(table), "correct": correct,
    }  # fmt: skip


def bundle_page(static: Mapping[str, bytes], answers: Mapping[str, Any]) -> str:
    """The front end with the answers inside, as one page that asks for nothing.

    Raises DataError where the front end's page does not name one style and one module.
    """
    page = static["index.html"].decode()
    style, script = _STYLE.search(page), _SCRIPT.search(page)
    if style is None or script is None:
        raise DataError("index.html: no style or module to put into the page; mend the front end")
    modules = {name: text.decode() for name, text in static.items() if name.endswith(".js")}
    css = static[style[1]].decode().replace("\r", "").replace("</style", "<\\/style")
    code = link(modules, script[1]).replace("\r", "").replace("</script", "<\\/script")
    data = orjson.dumps(answers).decode().translate(_SAFE)
    policy = (
        f"default-src 'none'; script-src {_hash(code)}; style-src {_hash(css)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    page = page.replace(style[0], f"<style>{css}</style>")
    page = page.replace(
        script[0],
        f'<script type="application/json" id="answers">{data}</script>\n'
        f'<script type="module">{code}</script>',
    )
    return page.replace('<meta charset="utf-8">', f'<meta charset="utf-8">\n{meta}', 1)


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
