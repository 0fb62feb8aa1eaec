"""The data card of a hub folder: what is in it, who wrote it, how, and what is not known."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redink.formats.chain import Link
from redink.formats.entry import Entry, entries_of, kind_of
from redink.formats.public import public_facts, public_name
from redink.formats.sources import NOT_STATED, sources_of
from redink.tables import Table, drop_counts

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_LISTED = 20
"""Values of a field that are listed at most."""


@dataclass(frozen=True)
class Card:
    """What the card says beside the figures."""

    name: str
    licence: str | None = None
    """The hub's short name of a licence, such as `apache-2.0`."""
    language: str = "en"
    chain: Sequence[Link] = ()
    """The stages that led to the table."""


def card_text(table: Table[Any], card: Card) -> str:
    """The card as Markdown with a YAML header. Texts of the data are escaped."""
    entries = list(entries_of(table))
    sections = [
        f"# {plain(card.name)}",
        _summary(table),
        _loading(),
        "## Figures\n\n" + _figures(entries),
        "## Lengths, in characters\n\n" + _lengths(entries),
        "## Who wrote it\n\n" + _authors(entries),
        "## Sources and their licences\n\n" + _sources(entries),
        "## Duplicates and contamination\n\n" + _cleaning(table, card.chain),
        "## How it was made\n\n" + _making(table, card.chain),
    ]
    return _header(table, card) + "\n\n".join(sections) + "\n"


def plain(text: str) -> str:
    """Text of the data as Markdown that shows it and does nothing else."""
    return re.sub(r"([\\`*_{}\[\]<>#!|~$&])", r"\\\1", _line(text))


def _line(text: str) -> str:
    """On one line: a line of dashes would end the YAML header."""
    return " ".join(text.split())


def _header(table: Table[Any], card: Card) -> str:
    import yaml

    size = next((name for most, name in SIZES if len(table) < most), "n>1M")
    header = {
        "pretty_name": _line(card.name),
        "license": _line(card.licence or "unknown"),
        "language": [_line(card.language)],
        "task_categories": ["text-generation"],
        "size_categories": [size],
        "tags": ["critique-fine-tuning", "reasoning", "redink"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": "train", "path": "data/train-*.parquet"}],
            }
        ],
    }
    text = yaml.safe_dump(header, sort_keys=False, allow_unicode=True, width=10_000)
    return f"---\n{text}---\n\n"


def _summary(table: Table[Any]) -> str:
    what = {
        "critiques": "Critiques of solutions, for Critique Fine-Tuning (arXiv 2501.17703): each "
        "row has a problem, one attempted solution to it, right or wrong, and a teacher's "
        "critique of that solution with its verdict.",
        "responses": "Attempted solutions to problems, right or wrong: one to a row.",
        "problems": "Problems with reference answers and, where there are some, solutions.",
    }
    return what[kind_of(table)] + " Made with redink."


def _loading() -> str:
    return (
        "```python\nfrom datasets import load_dataset\n\n"
        'rows = load_dataset("PATH-OR-NAME", split="train")\n```'
    )


def _figures(entries: Sequence[Entry]) -> str:
    lines = [
        ("rows", f"{len(entries):,}"),
        ("problems", f"{len({entry.problem.id for entry in entries}):,}"),
    ]
    responses = {e.response.id: e.response for e in entries if e.response}
    critiques = [e.critique for e in entries if e.critique]
    if responses:
        lines.append(("responses", f"{len(responses):,}"))
        outcomes = Counter(str(response.outcome) for response in responses.values())
        lines += _shares("responses", outcomes, len(responses))
    if critiques:
        verdicts = Counter(c.verdict or f"unreadable: {c.why or 'no reason'}" for c in critiques)
        lines += _shares("verdicts", verdicts, len(critiques))
        agreement = Counter(
            {True: "as the grader", False: "against the grader", None: "not graded"}[c.agrees]
            for c in critiques
        )
        lines += _shares("verdicts", agreement, len(critiques))
    return _grid(("", "count"), lines)


def _shares(label: str, counts: Mapping[str, int], total: int) -> list[tuple[str, str]]:
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [
        (f"{label}: {plain(name)}", f"{count:,} ({count / total:.1%})") for name, count in ordered
    ]


def _lengths(entries: Sequence[Entry]) -> str:
    texts = {
        "question": [len(entry.problem.question) for entry in entries],
        "response": [len(entry.response.text) for entry in entries if entry.response],
        "critique": [len(entry.critique.text) for entry in entries if entry.critique],
    }
    shares = (0, 0.05, 0.25, 0.5, 0.75, 0.95, 1)
    head = ("", "least", "5 %", "25 %", "median", "75 %", "95 %", "most")
    rows = []
    for name, lengths in texts.items():
        ordered = sorted(lengths)
        if ordered:
            last = len(ordered) - 1
            rows.append((name, *(f"{ordered[round(share * last)]:,}" for share in shares)))
    return _grid(head, rows)


def _authors(entries: Sequence[Entry]) -> str:
    critiques = [entry.critique for entry in entries if entry.critique]
    responses = {e.response.id: e.response for e in entries if e.response}.values()
    found = [
        ("teacher", _values(public_name(c.teacher) for c in critiques)),
        ("asked with preset", _values(c.preset for c in critiques)),
        ("responses by", _values(public_name(r.model) or r.origin for r in responses)),
        ("responses sampled with", _values(_compact(r.sampling) for r in responses)),
    ]
    costs = [c.cost for c in critiques if c.cost is not None]
    if costs:
        found.append(("cost of the critiques", f"{sum(costs):,.2f} US dollars"))
    return _grid(("", "rows"), [(name, text) for name, text in found if text] or [("", "")])


def _values(values: Iterable[str]) -> str:
    counts = Counter(values)
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = [f"{plain(name) or NOT_STATED} ({count:,})" for name, count in ordered[:_LISTED]]
    more = len(ordered) - _LISTED
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _compact(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False) if value else ""


def _sources(entries: Sequence[Entry]) -> str:
    problems = {entry.problem.id: entry.problem for entry in entries}.values()
    rows = [
        (plain(name) or NOT_STATED, f"{count:,}", plain(licence))
        for name, count, licence in sources_of(problems)
    ]
    more = len(rows) - _LISTED
    tail = f"\n\nand {more} more sources" if more > 0 else ""
    return _grid(("source", "problems", "licence"), rows[:_LISTED]) + tail


def _cleaning(table: Table[Any], chain: Sequence[Link]) -> str:
    words = re.compile(
        r"dedup|duplicat|\bnear\b|cop(?:y|ies)\b|contamin|\bagainst$|\bexclude|repeat|^like ", re.I
    )
    lines = []
    for link in chain:
        used = {key: value for key, value in link.settings.items() if words.search(key)}
        dropped = {why: n for why, n in (link.dropped or {}).items() if words.search(why)}
        if used or dropped:
            told = [text for text in (_settings(used), _dropped(dropped)) if text]
            lines.append(f"- {plain(link.name)} ({plain(link.verb)}): {'; left out '.join(told)}")
    own = {why: n for why, n in drop_counts(table.dropped).items() if words.search(why)}
    if own and not lines:
        lines.append(f"- {_dropped(own)}")
    if not lines:
        return (
            f"Removal of duplicates: {NOT_STATED}. Removal of problems that are in benchmarks: "
            f"{NOT_STATED}."
        )
    return "\n".join(lines)


def _making(table: Table[Any], chain: Sequence[Link]) -> str:
    if chain:
        rows = [
            (
                plain(link.name),
                plain(link.verb),
                _settings(link.settings),
                "" if link.rows is None else f"{link.rows:,}",
                _dropped(link.dropped or {}),
            )
            for link in chain
        ]
        return _grid(("stage", "verb", "settings", "rows", "left out"), rows)
    provenance = table.provenance
    if "imported" in provenance:
        facts = provenance["imported"]
        name = public_name(str(facts.get("source", "")))
        return f"Imported from {plain(name)} as {plain(str(facts.get('format', '')))}."
    if "verb" in provenance:
        settings = _settings(provenance.get("settings", {}))
        return f"{plain(str(provenance['verb']))}: {settings}"
    return f"{NOT_STATED.capitalize()}."


def _settings(settings: Mapping[str, Any]) -> str:
    known = {key: value for key, value in settings.items() if value is not None}
    return plain(_words(public_facts(known)))


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_words(one)}" for key, one in value.items())
    return " and ".join(map(_words, value)) if isinstance(value, list) else str(value)


def _dropped(counts: Mapping[str, int]) -> str:
    return "; ".join(f"{plain(why)}: {count:,}" for why, count in counts.items())


def _grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
