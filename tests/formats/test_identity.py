"""Importing what was exported gives the same table, whatever the texts are."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redink.formats import export_table, import_rows
from redink.formats.catalogue import training_formats
from redink.records import (
    Critique,
    InjectedError,
    Problem,
    Response,
    critique_id,
    problem_id,
    response_id,
)
from redink.tables import critique_table, problem_table, response_table
from redink.teachers.verdict import without_end_mark

PIECES = [
    "\n\nSolution:\n", "Solution:", "\nQuestion:\n", "Question:\n", "Critique:\n", "Critique:",
    " [END]", "[END]", "Conclusion: right", "Conclusion: wrong [END]", "\r\n", "\r", "\n", " ",
    "<<3*4=12>>", "#### 7", "#### ", "\u2028", "\u00a0", "é", "e\u0301", "𝟛", "\x00", "\ufeff",
    "Please critique whether the following solution to the question is correct.", "{question}",
    '"', "\\", "\\n", "null", "{}", "<think>", "</think>", "I cannot help", "x = 3", "",
]  # fmt: skip
TEXT = st.lists(
    st.one_of(st.sampled_from(PIECES), st.text(st.characters(exclude_categories=["Cs"]))),
    max_size=5,
).map("".join)
MAYBE = st.none() | TEXT
COUNT = st.none() | st.integers(0, 10**6)
PLAIN = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
FORMATS = sorted(training_formats())
SUFFIXES = [(name, suffix) for name in FORMATS for suffix in training_formats()[name].suffixes]


@st.composite
def problem(draw):
    question, answer = draw(TEXT), draw(TEXT)
    return Problem(
        problem_id(question, answer), question, answer, draw(MAYBE), draw(TEXT), draw(MAYBE),
        draw(MAYBE), draw(st.dictionaries(TEXT, TEXT | st.booleans(), max_size=2)),
    )  # fmt: skip


@st.composite
def response(draw, of):
    text, origin, sample = draw(TEXT), draw(st.sampled_from(["load", "respond"])), draw(COUNT)
    error = st.none() | st.builds(InjectedError, TEXT, st.integers(0, 9), TEXT, TEXT)
    return Response(
        response_id(of.id, text, origin, "m", sample or 0), of.id, text, origin, "m",
        draw(st.dictionaries(TEXT, st.floats(0, 1), max_size=1)), draw(MAYBE),
        draw(st.sampled_from(["correct", "wrong", "ungraded"])), draw(COUNT), draw(MAYBE),
        draw(error),
    )  # fmt: skip


@st.composite
def critique(draw, of):
    text, teacher = draw(TEXT), draw(TEXT)
    verdict = draw(st.sampled_from(["right", "wrong", None]))
    return Critique(
        critique_id(of.id, text, teacher), of.id, text, verdict, draw(COUNT),
        draw(st.sampled_from([True, False, None])), teacher, draw(COUNT), draw(COUNT),
        draw(st.none() | st.floats(0, 100)), draw(MAYBE), draw(TEXT), draw(TEXT),
    )  # fmt: skip


@st.composite
def tables(draw):
    """A table of critiques as the verbs make them: what has one id is one record."""
    problems, responses, critiques = {}, {}, {}
    for _ in range(draw(st.integers(1, 4))):
        one = draw(problem())
        one = problems.setdefault(one.id, one)
        for _ in range(draw(st.integers(1, 2))):
            answer = draw(response(one))
            answer = responses.setdefault(answer.id, answer)
            for _ in range(draw(st.integers(1, 2))):
                mark = draw(critique(answer))
                critiques.setdefault(mark.id, mark)
    return critique_table(list(critiques.values()), responses, problems)


def round_trip(table, name, suffix, kind=None, **settings):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"data{suffix}"
        export_table(table, path, name, **settings)
        return import_rows(path, name, kind=kind)


def texts(table):
    rows = [(c, table.responses[c.response_id]) for c in table]
    return [
        (table.problems[r.problem_id].question, r.text, c.text, c.verdict, c.why) for c, r in rows
    ]


def same(back, table):
    assert back.rows == table.rows
    assert back.responses == table.responses
    assert back.problems == table.problems


def writable(table, name):
    """Without the rows that OpenAI's format bars."""
    if name != "openai":
        return table
    rows = [row for row in table if without_end_mark(row.text.strip()).strip()]
    return critique_table(rows, table.responses, table.problems) if rows else None


@PLAIN
@given(table=tables())
def test_texts_and_verdicts_come_back(table):
    for name, suffix in SUFFIXES:
        if some := writable(table, name):
            assert texts(round_trip(some, name, suffix)) == texts(some), (name, suffix)


@PLAIN
@given(table=tables())
def test_marks_around_a_critique_do_not_get_into_it(table):
    for marks in (False, True):
        assert texts(round_trip(table, "cft", ".jsonl", marks=marks)) == texts(table), marks


@PLAIN
@given(table=tables())
def test_everything_comes_back_where_all_is_kept(table):
    for name in FORMATS:
        if some := writable(table, name):
            same(round_trip(some, name, ".jsonl", keep="all"), some)


@PLAIN
@given(table=tables())
def test_flat_files_hold_everything(table):
    for suffix in (".parquet", ".jsonl", ".json"):
        same(round_trip(table, "parquet", suffix), table)


@PLAIN
@given(table=tables())
def test_hub_folders_hold_everything(table):
    with tempfile.TemporaryDirectory() as folder:
        export_table(table, Path(folder) / "set", "hub")
        same(import_rows(Path(folder) / "set", "hub"), table)


@pytest.mark.parametrize("name", ["sharegpt", "openai", "parquet"])
@PLAIN
@given(table=tables())
def test_responses_come_back(name, table):
    rows = [
        row for row in table.responses.values()
        if name != "openai" or (row.text.replace("<<3*4=12>>", "").strip()
                                and table.problems[row.problem_id].question.strip())
    ]  # fmt: skip
    if not rows:
        return
    table = response_table(rows, table.problems)
    plain = round_trip(table, name, ".jsonl", kind="responses")
    assert [(plain.problems[r.problem_id].question, r.text) for r in plain] == [
        (table.problems[r.problem_id].question, r.text) for r in table
    ]
    full = round_trip(table, name, ".jsonl", kind="responses", keep="all")
    assert (full.rows, full.problems) == (table.rows, table.problems)


@pytest.mark.parametrize("name", ["alpaca", "trl", "parquet"])
@PLAIN
@given(table=tables())
def test_problems_come_back(name, table):
    rows = [one for one in table.problems.values() if (one.solution or "").strip()]
    if rows:
        table = problem_table(rows)
        plain = round_trip(table, name, ".jsonl", kind="problems")
        said = dict.fromkeys((one.question, one.solution) for one in table)
        assert [(one.question, one.solution) for one in plain] == list(said)
        back = round_trip(table, name, ".jsonl", kind="problems", keep="all")
        assert back.rows == table.rows
