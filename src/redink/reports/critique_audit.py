"""What the critiques are worth: verdicts against the grader, faults, lengths."""

from collections.abc import Iterator
from dataclasses import dataclass

from redink.audit.agreement import VERDICTS, Agreement, Confusion, agreement, confusion
from redink.audit.defects import Defects, find_defects
from redink.audit.lengths import Lengths, measure_lengths
from redink.audit.row import audited_rows
from redink.evaluation.wording import count, counted, percent
from redink.records import Critique
from redink.reports.blocks import Block, Cell, Column, Figure, Grid, Note, words
from redink.reports.charts import LEFT, RIGHT
from redink.reports.svg import Drawing
from redink.tables import Table
from redink.visible import one_line

COLOURS = {"right": "o-correct", "wrong": "f1", "none": "o-no_answer"}


@dataclass(frozen=True)
class CritiqueAudit:
    """The figures of one table of critiques."""

    stage: str
    critiques: int
    confusion: Confusion
    agreement: Agreement
    defects: Defects
    lengths: Lengths


def audit_critiques(stage: str, critiques: Table[Critique]) -> CritiqueAudit | None:
    """The figures of a table; None where it is empty.

    Raises DataError where a response or problem is missing.
    """
    if not len(critiques):
        return None
    rows = audited_rows(critiques)
    return CritiqueAudit(
        stage=stage,
        critiques=len(rows),
        confusion=confusion(rows),
        agreement=agreement(rows),
        defects=find_defects(rows),
        lengths=measure_lengths(rows),
    )


def audit_blocks(audit: CritiqueAudit, number: int = 0) -> Iterator[Block]:
    """The audit in words, tables and a chart."""
    yield _confusion_grid(audit)
    yield _agreement_block(audit)
    yield _defect_block(audit)
    if audit.lengths.spreads:
        yield _length_figure(audit, number)


def _confusion_grid(audit: CritiqueAudit) -> Grid:
    table, total = audit.confusion, audit.critiques
    rows = []
    for verdict in VERDICTS:
        cells = [table.counts[verdict][outcome] for outcome in table.outcomes]
        shown = [Cell(count(n), percent(n / total), share=n / total) for n in cells]
        rows.append((Cell(f"verdict {verdict}"), *shown, Cell(count(sum(cells)))))
    columns = [Column("critique"), *(Column(f"graded {_plain(o)}") for o in table.outcomes)]
    caption = f"{audit.stage}: verdict against grader"
    about = counted(total, "critique")
    return Grid(caption, (*columns, Column("all")), tuple(rows), about)


def _agreement_block(audit: CritiqueAudit) -> Block:
    whole = audit.agreement
    if not whole.agrees.total:
        return Note("No verdict can be compared: no response is graded correct or wrong.")
    rows = tuple(
        (Cell(name), Cell(rate.words), Cell(rate.counts))
        for name, rate in (
            ("agrees with the grader", whole.agrees),
            ("wrong responses marked right", whole.wrong_marked_right),
            ("correct responses marked wrong", whole.correct_marked_wrong),
        )
    )
    columns = (Column("critiques"), Column("share", "95 % interval"), Column("rows"))
    return Grid(f"{audit.stage}: agreement", columns, rows)


def _defect_block(audit: CritiqueAudit) -> Block:
    defects = audit.defects
    found = [(f"no verdict: {one_line(why)}", n) for why, n in defects.without_verdict.items()][:12]
    found += [
        ("cut off at the token limit", defects.cut_off),
        ("cut or withheld by a filter", defects.filtered),
        ("empty", defects.empty),
        ("same text as under another response", defects.repeated_texts),
        ("same response, teacher and text twice", defects.repeated_rows),
    ]
    rows = tuple(
        (Cell(name), Cell(count(n), percent(n / audit.critiques))) for name, n in found if n
    )
    if not rows:
        return Note("No faults: every critique is whole, read and its own.")
    return Grid(f"{audit.stage}: faults", (*words("fault"), Column("critiques")), rows)


def _length_figure(audit: CritiqueAudit, number: int) -> Figure:
    """Histogram of characters, the verdicts stacked."""
    histogram = audit.lengths.histogram
    verdicts = [verdict for verdict in VERDICTS if verdict in histogram.counts]
    edges = histogram.edges
    totals = [sum(histogram.counts[v][bin_] for v in verdicts) for bin_ in range(len(edges))]
    median = next(s.p50 for s in audit.lengths.spreads if s.verdict == "all")
    drawing = Drawing(
        f"lengths-{number}",
        f"Lengths of the critiques of {audit.stage}",
        f"half have up to {count(median)} characters; "
        + "; ".join(f"from {count(e)}: {count(n)}" for e, n in zip(edges, totals, strict=True)),
        186,
    )
    width, top, bottom = (RIGHT - LEFT) / len(edges), max(totals) or 1, 160.0
    for place, edge in enumerate(edges):
        y = bottom
        for verdict in verdicts:
            height = 130 * histogram.counts[verdict][place] / top
            y -= height
            drawing.rectangle(LEFT + place * width, y, width - 2, height, COLOURS[verdict])
        if totals[place]:
            middle = LEFT + (place + 0.5) * width - 1
            drawing.text(middle, y - 5, count(totals[place]), "tick", "middle")
        drawing.text(LEFT + place * width, bottom + 16, count(edge), "tick")
    drawing.line(LEFT, bottom, RIGHT, bottom, "axis")
    rows = tuple(
        (Cell(f"{s.unit}, verdict {s.verdict}"),
         *(Cell(count(n)) for n in (s.n, s.p5, s.p50, s.p95, s.max)))
        for s in audit.lengths.spreads
    )  # fmt: skip
    columns = tuple(map(Column, ("length", "critiques", "p5", "p50", "p95", "longest")))
    return Figure(
        f"{audit.stage}: characters of a critique, by its verdict; the last bar is open",
        drawing.finish(),
        drawing.description,
        tuple((COLOURS[v], f"verdict {v}") for v in verdicts),
        Grid("The same as a table", columns, rows, folded=True),
    )


def _plain(name: str) -> str:
    return name.replace("_", " ")
