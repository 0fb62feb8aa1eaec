"""An audit in words: the sections of its report."""

from dataclasses import replace

from redink.audit.agreement import VERDICTS, Agreement
from redink.audit.copying import NEAR_COPY, NGRAM
from redink.audit.findings import Findings
from redink.audit.judged import Judged
from redink.audit.leaks import Leak
from redink.audit.printable import one_line
from redink.audit.section import Section
from redink.evaluation.wording import count, counted, percent

GROUPS_SHOWN = 12
"""Groups of one kind that are shown; the JSON report has all."""
IDS_SHOWN = 5
"""Ids that stand for a longer list."""
BAR = 20
"""Characters of the longest bar."""


def sections_of(audit: Findings) -> list[Section]:
    """Every section that has something to say, in order."""
    sections = [
        _confusion(audit),
        _agreement(audit),
        *_groups(audit),
        _disagreements(audit),
        _defects(audit),
        _lengths(audit),
        _histogram(audit),
        _first_errors(audit),
        _copying(audit),
        _leaks(audit),
    ]
    return [section for section in sections if section is not None]


def _confusion(audit: Findings) -> Section:
    table, total = audit.confusion, max(audit.critiques, 1)
    rows = []
    for verdict in VERDICTS:
        cells = [table.counts[verdict][outcome] for outcome in table.outcomes]
        shown = [f"{count(n)} ({percent(n / total)})" if n else "0" for n in cells]
        rows.append((verdict, *shown, count(sum(cells))))
    notes = []
    if audit.graded_here:
        notes.append(f"{counted(audit.graded_here, 'response')} graded for this audit only.")
    if audit.ungraded:
        notes.append(
            f"{counted(audit.ungraded, 'response')} without a grade, {count(audit.gradable)} of "
            "them with a reference answer"
            + (": --grade grades these for the audit." if audit.gradable else ".")
        )
    outcomes = [f"graded {name.replace('_', ' ')}" for name in table.outcomes]
    title = (
        f"Verdict against grader: {counted(audit.critiques, 'critique')} of "
        f"{counted(audit.responses, 'response')} to {counted(audit.problems, 'problem')}"
    )
    return Section(title, ("verdict", *outcomes, "all"), tuple(rows), tuple(notes))


def _agreement(audit: Findings) -> Section:
    whole = audit.agreement
    if not whole.agrees.total:
        note = "No verdict can be compared: no response is graded correct or wrong."
        return Section("Agreement", notes=(note,))
    rows = (
        ("agrees with the grader", whole.agrees.words, whole.agrees.counts),
        (
            "wrong responses marked right",
            whole.wrong_marked_right.words,
            whole.wrong_marked_right.counts,
        ),
        (
            "correct responses marked wrong",
            whole.correct_marked_wrong.words,
            whole.correct_marked_wrong.counts,
        ),
    )
    return Section("Agreement, 95 % interval", ("", "share", "rows"), rows)


def _groups(audit: Findings) -> list[Section]:
    sections = []
    for by in dict.fromkeys(group.by for group in audit.groups):
        found = [group for group in audit.groups if group.by == by]
        left_out = len(found[GROUPS_SHOWN:])
        notes = (f"{counted(left_out, 'smaller group')} only in the JSON report.",)
        headings = (by, "critiques", "agrees", "missed", "false alarm", "no verdict")
        rows = tuple(map(_group_cells, found[:GROUPS_SHOWN]))
        sections.append(Section(f"Agreement by {by}", headings, rows, notes if left_out else ()))
    if sections:
        about = (
            "missed: of wrong responses, marked right; false alarm: of correct ones, marked wrong"
        )
        sections[-1] = replace(sections[-1], notes=(*sections[-1].notes, about))
    return sections


def _group_cells(group: Agreement) -> tuple[str, ...]:
    missed, alarm = group.wrong_marked_right.share, group.correct_marked_wrong.share
    return (
        one_line(group.name, 40) or "(not given)",
        count(group.critiques),
        group.agrees.words,
        "–" if missed is None else percent(missed),
        "–" if alarm is None else percent(alarm),
        count(group.without_verdict),
    )


def _disagreements(audit: Findings) -> Section | None:
    found = audit.disagreements
    if not found:
        return None
    rows = tuple(
        (
            row.critique.id,
            row.critique.verdict or "",
            row.outcome,
            one_line(row.problem.question, 38),
        )
        for row in found[:IDS_SHOWN]
    )
    more = len(found) - len(rows)
    title = f"Disagreements with the grader: {counted(len(found), 'critique')}"
    tail = "--show N prints N of them in full, --disagreements FILE.jsonl writes them all."
    notes = (f"and {count(more)} more; {tail}",) if more else (tail,)
    return Section(title, ("critique", "verdict", "graded", "question"), rows, notes, left=4)


def _defects(audit: Findings) -> Section:
    defects = audit.defects
    cells = [(f"no verdict: {one_line(why, 40)}", n) for why, n in defects.without_verdict.items()]
    cells += [
        ("cut off at the token limit", defects.cut_off),
        ("cut or withheld by a filter", defects.filtered),
        ("empty", defects.empty),
        ("same text as under another response", defects.repeated_texts),
        ("same response, teacher and text twice", defects.repeated_rows),
        ("recorded agreement is not what verdict and grade say", defects.stale_agreement),
    ]
    found = [(name, count(n), percent(n / max(audit.critiques, 1))) for name, n in cells if n]
    if not found:
        return Section("Faults", notes=("None: every critique is whole, read and its own.",))
    return Section("Faults", ("", "critiques", "share"), tuple(found))


def _lengths(audit: Findings) -> Section | None:
    if not audit.lengths.spreads:
        return None
    rows = tuple(
        (s.unit, s.verdict, count(s.n), count(s.p5), count(s.p50), count(s.p95), count(s.max))
        for s in audit.lengths.spreads
    )
    missing = audit.lengths.without_tokens
    notes = (f"{counted(missing, 'critique')} without a token count.",) if missing else ()
    headings = ("unit", "verdict", "critiques", "p5", "p50", "p95", "max")
    return Section("Lengths", headings, rows, notes, left=2)


def _histogram(audit: Findings) -> Section | None:
    histogram = audit.lengths.histogram
    verdicts = [v for v in ("right", "wrong") if v in histogram.counts] or list(histogram.counts)
    if not verdicts:
        return None
    shares = {v: [n / sum(histogram.counts[v]) for n in histogram.counts[v]] for v in verdicts}
    rows = []
    for number, edge in enumerate(histogram.edges):
        is_last = number == len(histogram.edges) - 1
        name = f"from {count(edge)}" if is_last else f"{count(edge)} – "
        name = name if is_last else f"{name}{count(histogram.edges[number + 1] - 1)}"
        rows.append((name, *(_bar(shares[v][number], max(shares[v])) for v in verdicts)))
    return Section(
        "Characters by verdict", ("characters", *verdicts), tuple(rows), left=1 + len(verdicts)
    )


def _bar(share: float, top: float) -> str:
    return f"{'█' * round(BAR * share / top)} {percent(share)}".strip() if share else ""


def _first_errors(audit: Findings) -> Section | None:
    found = audit.first_errors
    if found is None:
        return None
    named = (
        ("exactly the injected step", found.exact),
        ("one step off", found.off_by_one),
        ("further off", found.elsewhere),
        ("no step named", found.missing),
        ("exact, of those that name a step", found.exact_of_named),
    )
    rows = tuple((name, rate.words, rate.counts) for name, rate in named)
    notes = (
        (f"{counted(found.missing_but_wrong, 'critique')} say wrong without naming a step.",)
        if found.missing_but_wrong
        else ()
    )
    title = f"First error, where it is known: {counted(found.exact.total, 'critique')}"
    return Section(title, ("", "share", "rows"), rows, notes)


def _copying(audit: Findings) -> Section | None:
    if not audit.copying:
        return None
    rows = tuple(
        (c.source, count(c.measured), percent(c.p50), percent(c.p95), count(len(c.near_copies)))
        for c in audit.copying
    )
    notes = (
        f"Share of a critique's distinct runs of {NGRAM} words that stand in the other text; in "
        "the reference solution, those that the response has not. A near copy has "
        f"{percent(NEAR_COPY)} or more.",
    )
    headings = ("copied from", "measured", "p50", "p95", "near copies")
    return Section("Copying", headings, rows, notes)


def _leaks(audit: Findings) -> Section:
    leaks = audit.leaks
    kinds: dict[tuple[str, str], list[Leak]] = {}
    for what, found in (("leak", leaks.found), ("invented", leaks.invented)):
        for leak in found:
            kinds.setdefault((what, leak.kind), []).append(leak)
    ordered = sorted(kinds.items(), key=lambda pair: (pair[0][0] != "leak", -len(pair[1])))
    rows = tuple(
        (what, kind, found[0].id, one_line(found[0].excerpt, 90), count(len(found)))
        for (what, kind), found in ordered
    )
    saw = counted(leaks.saw_reference, "critique")
    notes = [f"{saw} of teachers that saw the reference answer, {count(len(leaks.found))} leak it."]
    if leaks.invented:
        notes.append("invented: the teacher speaks of an answer that it was not shown.")
    headings = ("", "kind", "first", "passage", "critiques")
    return Section("Leaks of the reference answer", headings, rows, tuple(notes), left=4)


def judged_section(judged: Judged) -> Section:
    """What checking by hand found."""
    rows = tuple(
        (
            one_line(s.teacher, 30),
            s.verdict,
            s.agreement,
            count(s.critiques),
            count(s.judged),
            count(s.bad),
        )
        for s in judged.strata
    )
    notes = [
        f"Bad critiques: {judged.error.words}, weighted by stratum; {judged.error.counts} judged.",
    ]
    if judged.covered < 1:
        notes.append(
            f"This speaks of {percent(judged.covered)} of the table: the other strata "
            "have no judged critique."
        )
    if judged.unsure or judged.open:
        notes.append(
            f"Not counted: {count(judged.unsure)} unsure, {count(judged.open)} not judged."
        )
    headings = ("teacher", "verdict", "grader", "critiques", "judged", "bad")
    return Section("Checked by hand", headings, rows, tuple(notes), left=3)
