"""The folder that is handed over: what lies in it, and what is refused."""

import json
from collections import Counter

import pytest

from redink.errors import UsageError
from redink.handover.handing import Origin, hand_over
from redink.handover.placement import Placement
from redink.records import Problem, Response, problem_id
from redink.tables import problem_table, response_table
from tests.handover.world import GAPS, handed_over, sums


def rows_of(path):
    return [json.loads(line) for line in path.open()]


def test_the_folder_is_whole(tiny_student, tmp_path):
    result = handed_over(tiny_student, tmp_path / "out", validation=sums(2, start=60))
    names = {path.name for path in result.folder.iterdir()}
    assert names == {
        "README.md", "train.sh", "reward.py", "reward.json", "handover.json", "prompts.jsonl",
        "validation.jsonl", "problems.jsonl",
    }  # fmt: skip
    assert [gap.name for gap in result.dropped] == list(GAPS)
    assert result.model == tmp_path / "out" / "trained" / "policy"
    record = json.loads((result.folder / "handover.json").read_text())
    assert record["policy"]["settings"]["beta"] == 2e-4
    assert record["version"] == "0.11.2"


def test_openrlhf_finds_a_prompt_for_each_problem_of_each_step(tiny_student, tmp_path):
    from datasets import load_dataset

    result = handed_over(tiny_student, tmp_path / "out", {"steps": 5})
    assert result.prompts == 5 * 4
    path = str(tmp_path / "out" / "prompts.jsonl")
    data = load_dataset("json", data_files=path, cache_dir=str(tmp_path / "cache"))["train"]
    known = sums().problems
    labels = [json.loads(row["label"]) for row in data]
    assert all(known[label["problem"]].answer == label["answer"] for label in labels)
    assert Counter(Counter(label["problem"] for label in labels).values()) == {2: 10}
    assert all(known[label["problem"]].question in row["prompt"] for label, row in zip(
        labels, data, strict=True))  # fmt: skip
    assert all(row["prompt"].endswith("<|im_start|>assistant\n") for row in data)


def test_replaced_problems_have_others_to_take_their_place(tiny_student, tmp_path):
    result = handed_over(tiny_student, tmp_path / "out", {"steps": 2, "dynamic_sampling": 3})
    assert result.prompts == 2 * 4 * (1 + 3)


def test_the_page_names_what_is_dropped_and_what_differs(tiny_student, tmp_path):
    origin = Origin(
        "policy", "redink hand-over t1", "t1", ("stages.scores.models=[start, {model}]",)
    )
    handed_over(tiny_student, tmp_path / "out", origin=origin)
    page = (tmp_path / "out" / "README.md").read_text()
    assert "| `reference` | it is a moving average" in page
    assert "| `penalty_form` | -1 takes the place" in page
    assert "Not run" in page
    assert f"--set 'stages.scores.models=[start, {tmp_path}/out/trained/policy]'" in page
    assert "redink run t1 --until STAGE" in page
    handed_over(
        tiny_student, tmp_path / "plain", {"reference": "fixed", "penalty_form": "add"}, drop=()
    )
    page = (tmp_path / "plain" / "README.md").read_text()
    assert "Nothing: every setting that alters the method has a counterpart." in page


def test_the_problems_of_responses_are_handed_over(tiny_student, tmp_path):
    known = sums().problems
    tries = [Response(f"r{n}", key, "7", "respond") for n, key in enumerate(list(known)[:4])]
    table = response_table(tries, {key: known[key] for key in list(known)[:4]})
    settings = {"steps": 1, "problems_per_step": 4, "samples": 2, "max_tokens": 8}
    hand_over(table, settings, tiny_student, tmp_path / "out", drop=GAPS, placement=Placement(1))
    labels = [json.loads(row["label"]) for row in rows_of(tmp_path / "out" / "prompts.jsonl")]
    assert {label["problem"] for label in labels} == set(list(known)[:4])


def test_a_reference_answer_that_no_grader_reads_is_left_out_and_named(tiny_student, tmp_path):
    bad = Problem(problem_id("What?", " "), "What?", " ")
    table = problem_table([*sums().rows, bad])
    settings = {"steps": 3, "problems_per_step": 4, "samples": 2, "max_tokens": 8}
    result = hand_over(
        table, settings, tiny_student, tmp_path / "out", drop=GAPS, placement=Placement(1)
    )
    assert bad.id in result.remarks[0]
    assert bad.id not in (tmp_path / "out" / "problems.jsonl").read_text()


@pytest.mark.parametrize(
    ("settings", "options", "message"),
    [
        ({"problems_per_step": 12}, {}, "10 problems are fewer than problems_per_step = 12"),
        ({}, {"validation": sums(3)}, "3 of the 3 problems of the validation"),
        ({"reward": {"format": 1.0}}, {}, "needs a reward with the part correct"),
        ({}, {"placement": Placement(3)}, "8 rollouts of a step"),
        ({}, {"to": "verl"}, "to = verl is unknown; use openrlhf"),
        ({"temperature": 0}, {}, "temperature = 0"),
    ],
)
def test_what_does_not_fit_is_refused(tiny_student, tmp_path, settings, options, message):
    with pytest.raises(UsageError, match=message):
        handed_over(tiny_student, tmp_path / "out", settings, **options)
    assert not (tmp_path / "out").exists()


def test_a_folder_is_replaced_when_asked_and_a_training_never(tiny_student, tmp_path):
    out = tmp_path / "out"
    handed_over(tiny_student, out)
    with pytest.raises(UsageError, match="replace it with --overwrite"):
        handed_over(tiny_student, out)
    handed_over(tiny_student, out, {"steps": 7}, overwrite=True)
    assert len(rows_of(out / "prompts.jsonl")) == 28
    (out / "trained" / "policy").mkdir(parents=True)
    with pytest.raises(UsageError, match="a training has written there"):
        handed_over(tiny_student, out, overwrite=True)
    other = tmp_path / "other"
    other.mkdir()
    (other / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="a folder of something else"):
        handed_over(tiny_student, other, overwrite=True)
