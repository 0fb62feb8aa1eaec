"""Official CFT rows in the forms in which they are published."""

import json

import pytest

from redink.errors import DataError
from redink.formats import export_table, import_rows
from redink.records import problem_id

INSTRUCTION = "Please critique whether the following solution to the question is correct."


def imported(tmp_path, *rows, **settings):
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(rows))
    return import_rows(path, "cft", **settings)


def row(asked="Question:\nWhat is 3 + 4?\n\nSolution:\n3 + 4 = 8.", said="No.", **more):
    return {"instruction": INSTRUCTION, "input": asked, "output": said} | more


def parts(table, number=0):
    critique = table[number]
    response = table.responses[critique.response_id]
    return table.problems[response.problem_id].question, response.text, critique.text


@pytest.mark.parametrize(
    "said",
    [
        "It is 7.\n\nConclusion: wrong",
        "Critique:\nIt is 7.\n\nConclusion: wrong",
        "Critique:\nIt is 7.\n\nConclusion: wrong [END]",
        "It is 7.\n\nConclusion: wrong[END]",
    ],
)
def test_critiques_with_and_without_marks_read_alike(tmp_path, said):
    table = imported(tmp_path, row(said=said))
    assert parts(table) == ("What is 3 + 4?", "3 + 4 = 8.", "It is 7.\n\nConclusion: wrong")
    assert table[0].verdict == "wrong"


def test_marks_are_kept_where_asked(tmp_path):
    said = "Critique:\nIt is 7.\n\nConclusion: wrong [END]"
    table = imported(tmp_path, row(said=said), keep_marks=True)
    assert (table[0].text, table[0].verdict) == (said, "wrong")


def test_a_critique_without_conclusion_has_no_verdict_and_says_why(tmp_path):
    table = imported(tmp_path, row(said="Hm."), row(said="Conclusion: right/wrong [END]"))
    assert [(c.verdict, c.why) for c in table] == [(None, "no conclusion"), (None, "both")]


def test_a_solution_that_holds_the_separator_is_not_cut(tmp_path):
    asked = "Question:\nQ\n\nSolution:\nfirst\n\nSolution:\nsecond"
    assert parts(imported(tmp_path, row(asked)))[:2] == ("Q", "first\n\nSolution:\nsecond")


@pytest.mark.parametrize(
    "one",
    [
        row(instruction=INSTRUCTION + "\n\n"),
        row(instruction="Please critique whether the following answer is right."),
        {"instruction": f"{INSTRUCTION}\n\n{row()['input']}", "input": "", "output": "No."},
        row("Question: What is 3 + 4?\n\nSolution: 3 + 4 = 8."),
    ],
)
def test_other_wordings_of_the_prompt_are_read(tmp_path, one):
    assert parts(imported(tmp_path, one)) == ("What is 3 + 4?", "3 + 4 = 8.", "No.")


def test_nothing_is_added_to_plain_rows(tmp_path, critiques):
    export_table(critiques, tmp_path / "out.json", "cft", keep="nothing")
    rows = json.loads((tmp_path / "out.json").read_text())
    assert [set(one) for one in rows] == [{"instruction", "input", "output"}] * 3
    assert rows[0] == row(said="3 + 4 is 7.\n\nConclusion: wrong")


def test_rows_that_would_be_misread_carry_what_is_needed(tmp_path, critiques):
    export_table(critiques, tmp_path / "out.json", "cft")
    rows = json.loads((tmp_path / "out.json").read_text())
    assert [one["redink"] for one in rows] == [
        "",
        '{"response":{"text":"3 + 4 = <<3+4=7>>7."}}',
        "",
    ]
    assert rows[1]["input"].endswith("\n\nSolution:\n3 + 4 = 7.")


def test_ids_are_those_that_the_content_gives(tmp_path):
    table = imported(tmp_path, row(), row(said="Conclusion: right"), teacher="gpt")
    assert list(table.problems) == [problem_id("What is 3 + 4?", "")]
    assert len(table.responses) == 1
    assert {c.teacher for c in table} == {"gpt"}
    assert [c.id for c in table] == [
        c.id for c in imported(tmp_path, row(), row(said="Conclusion: right"), teacher="gpt")
    ]


def test_repeated_rows_stay_rows(tmp_path):
    table = imported(tmp_path, row(), row(), row())
    assert len({c.id for c in table}) == 3
    assert len(table.responses) == 3
    assert len(table.problems) == 1


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"instruction": "x", "input": "y"}, "no field 'output'"),
        (row(said=7), "field 'output' must be text, not int"),
        (row("What is 3 + 4?"), "asks for no critique"),
        (row("Question:\nWhat is 3 + 4?"), "no line 'Solution:'"),
        (row(said="half \ud800"), "surrogate"),
        (row(redink="{"), "'redink' is no JSON"),
        (row(redink='{"critique": {"first_error": "two"}}'), "'first_error'"),
        (["x"], "must be an object"),
    ],
)
def test_a_bad_row_is_named_or_left_out(tmp_path, bad, said):
    with pytest.raises(DataError, match=rf"rows\.json, row 2: .*{said}"):
        imported(tmp_path, row(), bad, row())
    table = imported(tmp_path, row(), bad, row(), skip_bad=True)
    assert len(table) == 2
    assert table.dropped[0].id == "row 2"
    assert said in table.dropped[0].reason


def test_a_file_of_bad_rows_alone_is_refused(tmp_path):
    with pytest.raises(DataError, match="no usable row"):
        imported(tmp_path, row(said=None), skip_bad=True)
