"""Whoever trains on an exported file trains on what redink trains on."""

import json
from dataclasses import replace

import pytest

from redink.errors import DataError, UsageError
from redink.formats import export_table, import_rows
from redink.training.rendering import examples_from


def exported(tmp_path, table, name, **settings):
    path = export_table(table, tmp_path / "out.jsonl", name, **settings).files[0]
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def turns(examples):
    return [(e.prompt[0].content, e.completion[0].content) for e in examples]


def llama_factory_alpaca(row):
    """LLaMA-Factory's rule: instruction and input joined by one line break, empty ones left out."""
    return "\n".join(p for p in (row["instruction"], row["input"]) if p), row["output"]


TURNS = {
    "alpaca": llama_factory_alpaca,
    "sharegpt": lambda row: tuple(one["value"] for one in row["conversations"]),
    "trl": lambda row: (row["prompt"][0]["content"], row["completion"][0]["content"]),
    "openai": lambda row: tuple(one["content"] for one in row["messages"]),
    "cft": lambda row: (f"{row['instruction']}\n\n{row['input']}", row["output"]),
}


@pytest.mark.parametrize("name", TURNS)
def test_critiques_are_rendered_as_in_training(tmp_path, critiques, name):
    expected = turns(examples_from(critiques, "critique"))
    assert [TURNS[name](row) for row in exported(tmp_path, critiques, name)] == expected


@pytest.mark.parametrize("name", [name for name in TURNS if name != "cft"])
@pytest.mark.parametrize("kind", ["responses", "problems"])
def test_solutions_are_rendered_as_in_training(tmp_path, request, name, kind):
    table = request.getfixturevalue(kind)
    expected = turns(examples_from(table, "imitate"))
    assert [TURNS[name](row) for row in exported(tmp_path, table, name)] == expected


def test_imitating_critiques_is_imitating_what_they_mark(tmp_path, critiques):
    expected = turns(examples_from(critiques, "imitate"))
    rows = exported(tmp_path, critiques, "trl", objective="imitate")
    assert [TURNS["trl"](row) for row in rows] == expected


@pytest.mark.parametrize("name", TURNS)
@pytest.mark.parametrize("objective", ["critique+solution", "verdict", "shuffled"])
def test_other_objectives_are_rendered_as_in_training(tmp_path, judged, name, objective):
    expected = turns(examples_from(judged, objective))
    rows = exported(tmp_path, judged, name, objective=objective)
    assert [TURNS[name](row) for row in rows] == expected


@pytest.mark.parametrize("format", ["parquet", "hub"])
@pytest.mark.parametrize("objective", ["critique+solution", "verdict", "shuffled"])
def test_a_file_made_for_an_objective_is_a_table_to_train_on(tmp_path, judged, format, objective):
    export_table(judged, tmp_path / "out", format, objective=objective)
    written = tmp_path / ("out" if format == "hub" else "out.parquet")
    again = import_rows(written, format)
    assert turns(examples_from(again, "critique")) == turns(examples_from(judged, objective))
    assert len({critique.id for critique in again}) == len(judged)


def test_a_shuffled_critique_has_the_verdict_that_it_states(tmp_path, judged):
    export_table(judged, tmp_path / "out.jsonl", "trl", objective="shuffled", keep="all")
    for critique in import_rows(tmp_path / "out.jsonl", "trl"):
        assert critique.text.endswith(f"Conclusion: {critique.verdict}")
        assert critique.agrees is None


def test_a_row_that_an_objective_cannot_render_stops_the_export(tmp_path, critiques):
    with pytest.raises(DataError, match="has no verdict to learn"):
        export_table(critiques, tmp_path / "x", "trl", objective="verdict")


def test_an_end_mark_of_the_teachers_is_not_exported_as_it_is_not_trained_on(tmp_path, judged):
    marked = replace(
        judged, rows=tuple(replace(one, text=f"{one.text} [END]") for one in judged.rows)
    )
    assert exported(tmp_path, marked, "alpaca", keep="nothing") == exported(
        tmp_path / "plain", judged, "alpaca", keep="nothing"
    )
    export_table(marked, tmp_path / "kept.jsonl", "alpaca")
    again = import_rows(tmp_path / "kept.jsonl", "alpaca")
    assert [one.text for one in again] == [one.text for one in marked]


def test_one_shot_rows_stand_between_the_marks(tmp_path, critiques):
    rows = exported(tmp_path, critiques, "one-shot-cft")
    said = [row["messages"][1]["content"] for row in rows]
    assert said[0] == "Critique:\n3 + 4 is 7.\n\nConclusion: wrong [END]"


def test_trl_and_datasets_read_a_file_whose_last_rows_alone_carry_more(tmp_path, critiques):
    import datasets

    export_table(critiques, tmp_path / "out.jsonl", "trl")
    read = datasets.load_dataset(
        "json", data_files=str(tmp_path / "out.jsonl"), split="train", cache_dir=str(tmp_path)
    )
    assert read.column_names == ["prompt", "completion", "redink"]
    assert read[0]["redink"] == ""


@pytest.mark.parametrize(
    ("kind", "objective"),
    [
        ("responses", "critique"),
        ("problems", "critique"),
        ("responses", "verdict"),
        ("problems", "shuffled"),
        ("problems", "x"),
    ],
)
def test_an_objective_that_does_not_suit_the_table_is_refused(tmp_path, request, kind, objective):
    with pytest.raises(UsageError, match=objective):
        export_table(request.getfixturevalue(kind), tmp_path / "x", "trl", objective=objective)


def test_cft_rows_are_of_critiques_alone(tmp_path, responses):
    with pytest.raises(UsageError, match="format cft holds critiques"):
        export_table(responses, tmp_path / "x", "cft")


class TestOpenAI:
    def test_rows_have_messages_alone(self, tmp_path, critiques):
        rows = exported(tmp_path, critiques, "openai")
        assert all(set(row) == {"messages"} for row in rows)
        assert all(set(m) == {"role", "content"} for row in rows for m in row["messages"])

    def test_too_few_rows_are_remarked_on(self, tmp_path, critiques):
        assert "10 or more" in export_table(critiques, tmp_path / "x", "openai").remarks[0]

    def test_what_a_row_cannot_carry_stands_beside(self, tmp_path, critiques):
        result = export_table(critiques, tmp_path / "x.jsonl", "openai")
        assert [path.name for path in result.files] == ["x.jsonl", "x.jsonl.redink"]
        assert [r.text for r in import_rows(result.files[0], "openai").responses.values()] == [
            r.text for r in critiques.responses.values()
        ]

    def test_a_file_beside_that_belongs_to_other_rows_is_noticed(self, tmp_path, critiques):
        path = export_table(critiques, tmp_path / "x.jsonl", "openai").files[0]
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(reversed(lines)) * 2)
        rows = path.read_text().splitlines(keepends=True)
        path.write_text("".join([rows[0], rows[0], rows[2]]))
        with pytest.raises(DataError, match=r"row 2: the \.redink file beside"):
            import_rows(path, "openai")

    def test_empty_texts_are_barred(self, tmp_path, critiques):
        blank = replace(critiques, rows=(replace(critiques[0], text=" \n"), *critiques.rows[1:]))
        with pytest.raises(DataError, match="the completion is empty"):
            export_table(blank, tmp_path / "x", "openai")
        result = export_table(blank, tmp_path / "x", "openai", skip_bad=True)
        assert (result.rows, [one.id for one in result.skipped]) == (2, [critiques[0].id])

    def test_rows_that_are_not_trained_on_are_not_read(self, tmp_path, critiques):
        row = exported(tmp_path, critiques, "openai")[0]
        row["messages"][1]["weight"] = 0
        (tmp_path / "w.jsonl").write_text(json.dumps(row))
        with pytest.raises(DataError, match="weight 0"):
            import_rows(tmp_path / "w.jsonl", "openai")


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("alpaca", {"instruction": "a", "output": "b", "history": [["c", "d"]]}),
        ("alpaca", {"instruction": "a", "output": "b", "system": "c"}),
        ("sharegpt", {"conversations": [{"from": "human", "value": "a"}]}),
        ("openai", {"messages": [{"role": "system", "content": "a"}]}),
        ("one-shot-cft", {"messages": "x"}),
        ("trl", {"prompt": [{"role": "user", "content": "a"}] * 2, "completion": "b"}),
    ],
)
def test_rows_of_which_something_would_be_lost_are_refused(tmp_path, name, row):
    (tmp_path / "x.jsonl").write_text(json.dumps(row))
    with pytest.raises(DataError, match=r"x\.jsonl, row 1: "):
        import_rows(tmp_path / "x.jsonl", name)
