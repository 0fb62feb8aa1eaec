"""`load` from files, hub layout and generators."""

import json
import os
from pathlib import Path

import pytest

from redink.errors import DataError, UsageError
from redink.records import Response
from redink.stages.load import load

GSM8K_ROW = {"question": "Tom has 2 bags of 3 nuts. How many nuts?",
             "answer": "He has 2*3 = <<2*3=6>>6 nuts.\n#### 6"}  # fmt: skip


def write_jsonl(path, rows):
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return str(path)


def test_gsm8ks_own_jsonl_is_split_into_solution_and_answer(tmp_path):
    (problem,) = load(write_jsonl(tmp_path / "a.jsonl", [GSM8K_ROW]))
    assert problem.answer == "6"
    assert problem.solution.endswith("#### 6")


def test_columns_are_mapped_and_numbers_become_text(tmp_path):
    path = write_jsonl(tmp_path / "a.jsonl", [{"Body": "1 + 1?", "Gold": 2.0}])
    (problem,) = load(path, columns={"question": "Body", "answer": "Gold"})
    assert (problem.question, problem.answer) == ("1 + 1?", "2")


def test_the_same_rows_in_any_format_give_the_same_problems(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [{"question": "1 + 1?", "answer": "2"}, {"question": 'Say "a, b"', "answer": "a"}]
    write_jsonl(tmp_path / "a.jsonl", rows)
    (tmp_path / "a.json").write_text(json.dumps(rows))
    (tmp_path / "a.csv").write_text('question,answer\n1 + 1?,2\n"Say ""a, b""",a\n')
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    ids = {
        suffix: [p.id for p in load(str(tmp_path / f"a.{suffix}"))]
        for suffix in ("jsonl", "json", "csv", "parquet")
    }
    assert len({tuple(value) for value in ids.values()}) == 1
    assert len(ids["csv"]) == 2


def test_a_response_column_gives_responses_with_their_problem(tmp_path):
    rows = [{"question": "1 + 1?", "answer": "2", "try": text} for text in ("2", "3", "2")]
    table = load(write_jsonl(tmp_path / "a.jsonl", rows), columns={"response": "try"})
    assert table.kind is Response
    assert [r.text for r in table] == ["2", "3"]
    assert len(table.problems) == 1
    assert [d.reason for d in table.dropped] == ["repeated"]


def test_excluded_problems_are_kept_out_and_kept_aside(tmp_path):
    rows = [{"question": f"{i} + 1?", "answer": str(i + 1)} for i in range(4)]
    path = write_jsonl(tmp_path / "a.jsonl", rows)
    rest = load(path, exclude=load(path, n=3))
    assert [p.question for p in rest] == ["3 + 1?"]
    assert len(rest.dropped) == 3


def test_a_generator_that_runs_dry_says_how_many_there_are():
    options = {"min_terms": 2, "max_terms": 2, "min_digits": 1, "max_digits": 1}
    with pytest.raises(DataError, match=r"only \d+ different problems"):
        load("gym:chain_sum", n=5000, options=options)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"question": "a", "answer": "1"}\n{"question": ', r"row 2: broken JSON"),
        ('{"question": "a", "answer": "1"}\n[1]', r"row 2: a row must be an object"),
        ('{"question": "a"}', r"row 1: no column for the answer"),
        ('{"question": " ", "answer": "1"}', r"row 1, field 'question': .* empty"),
        ('{"question": ["a"], "answer": "1"}', r"row 1, field 'question': .* not list"),
        ("", r"no rows"),
    ],
)
def test_a_bad_row_is_named(tmp_path, content, message):
    path = tmp_path / "bad.jsonl"
    path.write_text(content)
    with pytest.raises(DataError, match=message):
        load(str(path))


def test_bad_sources_and_settings_are_refused():
    for settings in ({"source": "gym:chain_sum"}, {"source": "s3:thing"}, {"source": "hf:"}):
        with pytest.raises(UsageError):
            load(**settings)
    with pytest.raises(UsageError, match="split"):
        load("gym:chain_sum", n=1, split="tests")
    with pytest.raises(UsageError, match="columns"):
        load("gym:chain_sum", n=1, columns={"questoin": "a"})


def test_a_benchmark_is_loaded_by_its_bare_or_marked_name(tmp_path):
    rows = [{"problem": f"What is {number}?", "answer": float(number)} for number in range(5)]
    write_jsonl(tmp_path / "amc23.jsonl", rows)
    table = load("amc23", data=str(tmp_path), n=3)
    assert [p.answer for p in table] == ["0", "1", "2"]
    assert {p.source for p in table} == {"benchmark:amc23"}
    rest = load("benchmark:amc23", data=str(tmp_path), exclude=table)
    assert [p.answer for p in rest] == ["3", "4"]
    assert len(rest.dropped) == 3


def test_a_file_of_a_benchmarks_name_is_read_as_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_jsonl(tmp_path / "gsm8k", [GSM8K_ROW])
    with pytest.raises(DataError, match="unknown kind of file"):
        load("gsm8k")
    write_jsonl(tmp_path / "gsm8k_test.jsonl", [GSM8K_ROW])
    assert len(load("benchmark:gsm8k", data=".")) == 1


def test_the_seed_orders_the_options_of_multiple_choice(tmp_path):
    row = {"question": "Which?", "options": ["one", "two", "three", "four"], "answer": "B"}
    rows = [row | {"question": f"Which {number}?"} for number in range(20)]
    path = write_jsonl(tmp_path / "mmlu_pro.jsonl", rows)
    first, again, other = (load("mmlu-pro", data=path, seed=seed) for seed in (1, 1, 2))
    assert [p.id for p in first] == [p.id for p in again]
    assert [p.meta["choices"] for p in first] != [p.meta["choices"] for p in other]
    backwards = load("mmlu-pro", data=write_jsonl(tmp_path / "b.jsonl", rows[::-1]), seed=1)
    assert {p.id for p in backwards} == {p.id for p in first}


def test_settings_that_do_not_belong_to_a_source_are_refused(tmp_path):
    path = write_jsonl(tmp_path / "a.jsonl", [GSM8K_ROW])
    with pytest.raises(UsageError, match="data: only a benchmark"):
        load(path, data=str(tmp_path))
    with pytest.raises(UsageError, match="knows its own format"):
        load("gsm8k", data=path, columns={"question": "q"})
    with pytest.raises(UsageError, match="has no 'train'"):
        load("amc23", data=path, split="train")
    with pytest.raises(UsageError, match="did you mean 'math-500'"):
        load("math500")


def test_the_default_split_of_a_generator_is_still_train():
    assert [p.id for p in load("gym:chain_sum", n=5)] == [
        p.id for p in load("benchmark:gym:chain_sum", n=5, split="train")
    ]


def test_a_folder_in_hub_layout_is_loaded(tmp_path):
    write_jsonl(tmp_path / "train.jsonl", [GSM8K_ROW])
    write_jsonl(tmp_path / "test.jsonl", [GSM8K_ROW, {"question": "1?", "answer": "#### 1"}])
    assert len(load(f"hf:{tmp_path}", split="test")) == 2
    with pytest.raises(DataError, match="validation"):
        load(f"hf:{tmp_path}", split="validation")


@pytest.mark.skipif("REDINK_DATA" not in os.environ, reason="REDINK_DATA names no data folder")
def test_gsm8k_train_loads_whole():
    table = load(str(Path(os.environ["REDINK_DATA"]) / "gsm8k_train.jsonl"))
    assert len(table) + len(table.dropped) == 7473


def test_responses_of_a_file_come_graded_where_there_is_a_reference_answer(tmp_path):
    path = tmp_path / "r.jsonl"
    rows = [
        {"question": "2+2?", "answer": "4", "response": "It is 4.\n#### 4"},
        {"question": "2+3?", "answer": "5", "response": "It is 6.\n#### 6"},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    table = load(str(path), columns={"response": "response"})
    assert [(r.outcome, r.answer) for r in table] == [("correct", "4"), ("wrong", "6")]


def test_a_set_of_responses_needs_no_reference_answers(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_text('{"question": "2+2?", "answer": "It is 4."}\n')
    table = load(str(path), columns={"response": "answer"})
    (response,) = table
    assert response.outcome == "ungraded"
    assert table.problems[response.problem_id].answer == ""


def test_a_missing_answer_column_is_still_an_error_without_responses(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_text('{"question": "2+2?", "text": "It is 4."}\n')
    with pytest.raises(DataError, match="no column for the answer"):
        load(str(path))


def test_a_set_of_critiques_in_another_format_becomes_critiques(tmp_path):
    path = tmp_path / "cft.json"
    row = {
        "instruction": "Please critique whether the following solution to the question is correct.",
        "input": "Question:\nWhat is 2+2?\n\nSolution:\nIt is 5.",
        "output": "It should be 4. Conclusion: wrong [END]",
    }
    path.write_text(json.dumps([row]))
    (critique,) = table = load(str(path), format="cft")
    assert critique.verdict == "wrong"
    assert table.responses[critique.response_id].text == "It is 5."
    with pytest.raises(UsageError, match="format"):
        load(str(path), format="cft", data=str(tmp_path))
