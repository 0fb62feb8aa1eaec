"""What is written in a format of labelled steps comes back as it was, and no index shifts."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from redink.errors import DataError, UsageError
from redink.formats import export_table, import_rows
from redink.formats.stepwise.catalogue import STEP_FORMATS
from redink.formats.stepwise.folding import UNFOLDED, folded, one_line, steps_of
from redink.formats.stepwise.marked import first_false
from redink.records import (
    Problem,
    Response,
    StepLabels,
    from_row,
    labels_id,
    problem_id,
    response_id,
    to_row,
)
from redink.steps import solution_steps
from redink.tables import Table, label_table, response_table

FIRST_ERROR = ("processbench", "bigbench-mistake", "mr-gsm8k")
FORMATS = sorted(STEP_FORMATS)
PIECES = ["3 + 4 = 7", "Step 1:", "Step 2:", "+", "-", "ки", "<extra_0>", "\n", "\n\n", " ", "\r\n",
          "<<3*4=12>>", "#### 7", "N/A", "é", "数", "\u2028", "\x00", "- 1", "-1"]  # fmt: skip
TEXT = st.lists(
    st.one_of(st.sampled_from(PIECES), st.text(st.characters(exclude_categories=["Cs"]))),
    max_size=4,
).map("".join)
PLAIN = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


@st.composite
def rows(draw):
    """A problem, a response with at least one step, and labels of its steps."""
    question, answer = draw(TEXT), draw(TEXT)
    problem = Problem(problem_id(question, answer), question, answer, draw(st.none() | TEXT))
    text = draw(TEXT.filter(str.strip))
    response = Response(
        response_id(problem.id, text, "respond"), problem.id, text, "respond", model="m",
        outcome=draw(st.sampled_from(["correct", "wrong", "ungraded"])), n_tokens=3,
    )  # fmt: skip
    count = len(solution_steps(text))
    labels = tuple(draw(st.lists(st.sampled_from([True, True, False, None]),
                                 min_size=count, max_size=count)))  # fmt: skip
    marked = StepLabels(
        labels_id(response.id, "continuations"), response.id, (3,) * count, (8,) * count, labels,
        first_false(labels), "continuations",
        draw(st.dictionaries(TEXT, st.booleans(), max_size=1)),
    )  # fmt: skip
    return problem, response, marked


def table_of(problem, response, marked):
    return label_table([marked], {response.id: response}, {problem.id: problem})


def through(table, format, **settings):
    """The table, written and read back; None where the format cannot hold its row."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.json"
        try:
            export_table(table, path, format, **settings)
        except DataError:
            return None
        return import_rows(path, format)


@pytest.mark.parametrize("format", FORMATS)
@PLAIN
@given(row=rows())
def test_texts_and_labels_come_back_whatever_they_are(format, row):
    problem, response, marked = row
    back = through(table_of(*row), format)
    assume(back is not None)
    (read,) = back
    answered = back.responses[read.response_id]
    asked = back.problems[answered.problem_id]
    assert (read.labels, read.first_error) == (marked.labels, marked.first_error)
    assert answered.text == response.text
    assert (asked.question, asked.answer) == (problem.question, problem.answer)
    assert asked.solution == problem.solution or not (asked.solution or problem.solution)


@pytest.mark.parametrize("format", FORMATS)
@PLAIN
@given(row=rows())
def test_every_field_comes_back_where_all_is_kept(format, row):
    back = through(table_of(*row), format, keep="all")
    assume(back is not None)
    problem, response, marked = row
    (read,) = back
    assert {**to_row(read), "meta": None} == {**to_row(marked), "meta": None}
    assert marked.meta.items() <= read.meta.items()
    assert back.responses == {response.id: response}
    assert to_row(back.problems[problem.id]) == to_row(problem)


@PLAIN
@given(st.lists(TEXT.filter(one_line), min_size=1, max_size=5))
def test_steps_of_several_lines_never_shift_an_index(steps):
    text, unfolded = folded(steps)
    lines = [step.text for step in solution_steps(text)]
    assert lines == [one_line(step) for step in steps]
    assert unfolded == {str(i): s for i, s in enumerate(steps) if one_line(s) != s}


@pytest.mark.parametrize("format", ["processbench", "prmbench", "bigbench-mistake", "mr-gsm8k",
                                    "trl-stepwise", "qwen-prm"])  # fmt: skip
@PLAIN
@given(steps=st.lists(TEXT.filter(one_line), min_size=1, max_size=5), data=st.data())
def test_steps_of_several_lines_are_written_back_as_they_were(format, steps, data):
    labels = (True,) * (len(steps) - 1) + (data.draw(st.booleans()),)
    text, unfolded = folded(steps)
    problem = Problem(problem_id("Q", "1"), "Q", "1")
    response = Response(response_id(problem.id, text, "load"), problem.id, text, "load")
    zeros = (0,) * len(steps)
    marked = StepLabels(
        labels_id(response.id, format), response.id, zeros, zeros, labels, first_false(labels),
        format, {UNFOLDED: unfolded},
    )  # fmt: skip
    assume(format != "qwen-prm" or not any("<extra_0>" in step for step in steps))
    back = through(table_of(problem, response, marked), format, keep="nothing")
    (read,) = back
    assert back.responses[read.response_id].text == text
    assert read.meta.get(UNFOLDED, {}) == unfolded
    assert read.labels == labels
    (marked,) = back
    assert list(steps_of(back.responses[marked.response_id], marked)) == steps


def small(labels, first_error=None, text=None):
    steps = [f"{n} + 1 = {n + 1}" for n in range(len(labels))]
    problem = Problem(problem_id("Q", "1"), "Q", "1")
    text = text or "\n".join(steps)
    response = Response(response_id(problem.id, text, "load"), problem.id, text, "load")
    zeros = (0,) * len(labels)
    return table_of(problem, response, StepLabels("l1", response.id, zeros, zeros, labels,
                                                  first_error, "continuations"))  # fmt: skip


@pytest.mark.parametrize("format", FIRST_ERROR)
def test_a_format_of_first_errors_refuses_what_nobody_knows(tmp_path, format):
    with pytest.raises(DataError, match="nobody knows which step is wrong first"):
        export_table(small((True, None)), tmp_path / "rows.json", format)


@pytest.mark.parametrize("format", ["math-shepherd", "rlhflow", "trl-stepwise", "qwen-prm"])
def test_a_row_ends_before_a_step_without_label_and_it_is_told(tmp_path, format):
    table = small((True, False, None), first_error=1)
    exported = export_table(table, tmp_path / "rows.json", format, keep="nothing")
    assert exported.remarks == ("1 rows end before their first step without a label",)
    (read,) = import_rows(tmp_path / "rows.json", format)
    assert (read.labels, read.first_error) == ((True, False), 1)
    with pytest.raises(DataError, match="its first step has no label"):
        export_table(small((None, True)), tmp_path / "other.json", format)


def test_labels_that_do_not_fit_their_response_are_refused(tmp_path):
    table = small((True, True), text="one\ntwo\nthree")
    with pytest.raises(DataError, match="2 labels for 3 solution steps"):
        export_table(table, tmp_path / "rows.json", "processbench")


def test_a_line_that_is_only_an_annotation_is_no_step_of_labelled_text(tmp_path):
    table = small((True, True), text="one\n<<3*4=12>>\nthree")
    export_table(table, tmp_path / "rows.json", "trl-stepwise")
    (read,) = back = import_rows(tmp_path / "rows.json", "trl-stepwise")
    assert read.labels == (True, True)
    assert back.responses[read.response_id].text == "one\n<<3*4=12>>\nthree"


def test_labels_and_training_examples_do_not_pass_for_each_other(tmp_path):
    labels = small((True,))
    with pytest.raises(UsageError, match="holds no labels of solution steps"):
        export_table(labels, tmp_path / "a", "cft")
    responses = response_table(list(labels.responses.values()), labels.problems)
    with pytest.raises(UsageError, match="name a table of labels"):
        export_table(responses, tmp_path / "a", "processbench")
    export_table(labels, tmp_path / "rows.json", "processbench")
    with pytest.raises(UsageError, match="not critiques"):
        import_rows(tmp_path / "rows.json", "processbench", kind="critiques")
    with pytest.raises(UsageError, match="is unknown to format cft"):
        import_rows(tmp_path / "rows.json", "cft", kind="labels")
    assert len(import_rows(tmp_path / "rows.json", "processbench", kind="labels")) == 1


def test_rows_that_say_the_same_stay_apart(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"prompt": "Q", "completions": ["a"], "labels": [true]}\n' * 2)
    table = import_rows(path, "trl-stepwise")
    assert len({row.id for row in table}) == len({row.response_id for row in table}) == 2


def test_a_table_of_imported_labels_can_be_stored(tmp_path):
    path = tmp_path / "rows.json"
    path.write_text('[{"problem": "Q", "steps": ["a\\nb", "c"], "label": 1, "id": 3}]')
    table = import_rows(path, "processbench")
    table.write(tmp_path / "table")
    back = Table.read(tmp_path / "table")
    assert back.rows == table.rows
    assert back.rows[0] == from_row(StepLabels, to_row(table.rows[0]))
    assert table.provenance["imported"]["folded_steps"] == 1


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_labels_give_the_same_bytes_and_are_replaced_only_when_told(tmp_path, format):
    table = small((True, False, True), first_error=1)
    suffix = STEP_FORMATS[format].suffixes[0]
    (first,) = export_table(table, tmp_path / "a", format).files
    (second,) = export_table(table, tmp_path / "b", format).files
    assert first.suffix == suffix
    assert first.read_bytes() == second.read_bytes()
    with pytest.raises(UsageError, match="--overwrite"):
        export_table(table, tmp_path / "a", format)
    export_table(table, tmp_path / "a", format, overwrite=True)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("format", FORMATS)
def test_every_ending_of_a_format_is_read_back(tmp_path, format):
    table = small((True, True, False), first_error=2)
    for suffix in STEP_FORMATS[format].suffixes:
        export_table(table, tmp_path / f"rows{suffix}", format)
        (read,) = import_rows(tmp_path / f"rows{suffix}", format)
        assert read.first_error == 2
