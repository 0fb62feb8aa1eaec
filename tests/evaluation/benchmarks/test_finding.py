"""Where data is looked for: what is given, then REDINK_DATA, then the hub."""

import json
import os
from pathlib import Path

import pytest

from redink.errors import DataError
from redink.evaluation.benchmarks import benchmark_file, benchmark_named, catalogue, find
from redink.stages.load import load

REAL = {"math-500": 500, "gsm8k": 1319, "minerva-math": 272, "olympiadbench": 675,
        "theoremqa": 800, "aime24": 30, "amc23": 40, "svamp": 1000}  # fmt: skip


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "empty"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.delenv("HF_DATASETS_CACHE", raising=False)


@pytest.fixture
def nowhere(monkeypatch):
    monkeypatch.delenv("REDINK_DATA", raising=False)


def write(path, *rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def amc(answer):
    return {"problem": f"What is {answer}?", "answer": answer}


def test_a_given_place_goes_before_the_environment(tmp_path, monkeypatch):
    given = write(tmp_path / "given" / "amc23.jsonl", amc(1))
    general = write(tmp_path / "general" / "amc23.jsonl", amc(2))
    monkeypatch.setenv("REDINK_DATA", str(general.parent))
    assert benchmark_file("amc23") == general
    assert benchmark_file("amc23", str(given.parent)) == given
    odd = write(tmp_path / "odd name.jsonl", amc(3))
    assert benchmark_file("benchmark:amc23", str(odd)) == odd
    assert [p.answer for p in load("amc23", data=str(odd))] == ["3"]
    empty = tmp_path / "nothing"
    empty.mkdir()
    assert benchmark_file("amc23", str(empty)) == general


@pytest.mark.parametrize("file", ["math-500.json", "math_500.parquet", "math500.csv"])
def test_plain_names_and_every_kind_of_file_are_found(tmp_path, nowhere, file):
    (tmp_path / file).write_text("")
    assert benchmark_file("math-500", str(tmp_path)) == tmp_path / file


def test_train_and_test_files_are_told_apart(tmp_path, nowhere):
    row = {"question": "?", "answer": "#### 1"}
    train = write(tmp_path / "gsm8k_train.jsonl", row)
    assert benchmark_file("gsm8k", str(tmp_path)) is None
    assert benchmark_file("gsm8k", str(tmp_path), "train") == train


def test_data_that_is_nowhere_names_every_place_looked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("REDINK_DATA", str(tmp_path / "gone"))
    with pytest.raises(DataError) as caught:
        load("gpqa-diamond", data=str(tmp_path))
    message = str(caught.value)
    for part in (f"{tmp_path} (given)", "gone (REDINK_DATA, no such folder)", "hf:Idavidrein/gpqa",
                 "accepted there first", "gpqa_diamond", ".jsonl", "--data"):  # fmt: skip
        assert part in message
    with pytest.raises(DataError, match="no such file or folder"):
        load("amc23", data=str(tmp_path / "typo.jsonl"))


def test_the_hub_counts_where_it_may_be_asked_or_was_fetched_before(tmp_path, nowhere, monkeypatch):
    benchmark = benchmark_named("amc23")
    assert find(benchmark) is None
    monkeypatch.delenv("HF_HUB_OFFLINE")
    assert str(find(benchmark)) == "hub"
    assert not find(benchmark).cached
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (tmp_path / "empty" / "hub" / "datasets--math-ai--amc23").mkdir(parents=True)
    assert find(benchmark).cached


def test_a_copy_of_the_hub_set_is_read_like_the_hub(tmp_path, nowhere):
    card = "---\nconfigs:\n- config_name: {0}\n  data_files:\n  - split: train\n    path: {0}.csv\n\
---\n"
    folder = tmp_path / "gpqa"
    folder.mkdir()
    (folder / "README.md").write_text(card.format("gpqa_diamond"))
    (folder / "gpqa_diamond.csv").write_text(
        "Question,Correct Answer,Incorrect Answer 1,Incorrect Answer 2,Incorrect Answer 3\n"
        "Which gas?,argon,neon,xenon,radon\n"
    )
    (problem,) = load("gpqa-diamond", data=str(tmp_path))
    assert problem.meta["choices"]["ABCD".index(problem.answer)] == "argon"


def test_all_configurations_of_a_hub_set_make_up_the_benchmark(tmp_path, nowhere):
    folder = tmp_path / "hendrycks_math"
    lines = ["---", "configs:"]
    for config in benchmark_named("math").hub.configs:
        row = {"problem": f"{config}?", "solution": r"\boxed{1}", "level": "Level 1", "type": "A"}
        for split in ("train", "test"):
            write(folder / config / f"{split}.jsonl", row | {"problem": f"{config} {split}?"})
        lines += [f"- config_name: {config}", "  data_files:"]
        for split in ("train", "test"):
            lines += [f"  - split: {split}", f"    path: {config}/{split}.jsonl"]
    (folder / "README.md").write_text("\n".join([*lines, "---", ""]))
    assert [p.question for p in load("math", data=str(tmp_path))][:2] == [
        "algebra test?", "counting_and_probability test?",
    ]  # fmt: skip
    trained = load("math", split="train", data=str(folder))
    assert len(trained) == 7
    assert trained[6].question == "precalculus train?"


def test_svamps_two_hub_splits_are_the_set(tmp_path, nowhere):
    row = {"Body": "a.", "Question": "How many?", "Answer": "1.0"}
    write(tmp_path / "SVAMP" / "train.jsonl", row)
    write(tmp_path / "SVAMP" / "test.jsonl", row | {"Body": "b."})
    assert [p.question for p in load("svamp", data=str(tmp_path))] == [
        "a. How many?", "b. How many?",
    ]  # fmt: skip


def test_pictures_of_a_hub_set_are_not_decoded(tmp_path, nowhere):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        {"Question": "1 + 1?", "Answer": "2", "Answer_type": "integer", "Picture": None},
        {"Question": "What is it?", "Answer": "2", "Answer_type": "integer",
         "Picture": {"bytes": b"no image", "path": None}},
    ]  # fmt: skip
    picture = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    text = [(name, pa.string()) for name in ("Question", "Answer", "Answer_type")]
    features = {name: {"dtype": "string", "_type": "Value"} for name, _ in text}
    features["Picture"] = {"_type": "Image"}
    schema = pa.schema([*text, ("Picture", picture)]).with_metadata(
        {"huggingface": json.dumps({"info": {"features": features}})}
    )
    folder = tmp_path / "TheoremQA" / "data"
    folder.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows, schema), folder / "test-00000-of-00001.parquet")
    table = load("theoremqa", data=str(tmp_path))
    assert [p.question for p in table] == ["1 + 1?"]
    assert [d.reason for d in table.dropped] == ["refers to a picture"]


def test_a_bad_row_of_a_benchmark_is_named_with_its_file(tmp_path, nowhere):
    path = write(tmp_path / "amc23.jsonl", amc(1), {"problem": "?"})
    with pytest.raises(DataError, match=rf"{path}, row 2: no field answer"):
        load("amc23", data=str(tmp_path))


@pytest.mark.skipif("REDINK_DATA" not in os.environ, reason="REDINK_DATA names no data folder")
@pytest.mark.parametrize("name", REAL)
def test_the_real_files_load_whole(name):
    table = load(name)
    assert len(table) + len(table.dropped) == REAL[name] == catalogue()[name].size
    assert len(table.dropped) == (40 if name == "theoremqa" else 0)
    assert len({problem.question for problem in table}) == len(table)
    assert all(problem.source == f"benchmark:{name}" for problem in table)
    assert Path(os.environ["REDINK_DATA"]) in benchmark_file(name).parents


@pytest.mark.skipif("REDINK_DATA" not in os.environ, reason="REDINK_DATA names no data folder")
def test_the_real_train_split_of_gsm8k_shares_nothing_with_its_test_split():
    from redink.problems.overlap import overlap

    train, test = load("gsm8k", split="train"), load("gsm8k")
    assert len(train) == 7473
    assert overlap(test, train) == []
