"""Each data set's own way of counting steps, on rows as that data set has them."""

import json

import pytest

from redink.errors import DataError
from redink.formats import export_table, import_rows

QUESTION, STEPS = "What is 3 + 4 + 5?", ["3 + 4 = 7.", "7 + 5 = 13.", "The answer is 13."]
CHAIN = ["Step 1: 3 + 4 = 7.", "Step 2: 7 + 5 = 13.", "Step 3: The answer is: 13"]
RIGHT = ["3 + 4 = 7.", "7 + 5 = 12."]


def processbench(steps, label):
    return {
        "id": "gsm8k-1", "generator": "Qwen2-7B", "problem": QUESTION, "steps": steps,
        "final_answer_correct": label == -1, "label": label,
    }  # fmt: skip


def prmbench(steps, errors):
    return {
        "idx": "circular_1", "classification": "circular", "question": QUESTION,
        "original_question": QUESTION, "modified_question": QUESTION, "original_process": RIGHT,
        "modified_process": steps, "modified_steps": errors, "error_steps": errors, "reason": "So.",
    }  # fmt: skip


def mistake(steps, index):
    return {
        "input": QUESTION, "steps": steps, "answer": "13", "target": "12", "mistake_index": index,
    }  # fmt: skip


def mr_gsm8k(steps, step):
    said = "correct" if step == "N/A" else "wrong"
    return {
        "uuid": "0a1b", "question": QUESTION, "ground_truth_solution": "It is 12.",
        "ground_truth_answer": "12", "model_output_steps": steps,
        "model_output_answer_correctness": said, "model_output_solution_correctness": said,
        "model_output_solution_first_error_step": step,
        "model_output_solution_first_error_reason": "N/A" if step == "N/A" else "12, not 13.",
        "question_type": "original",
    }  # fmt: skip


def shepherd(steps, signs):
    def text(marks):
        pairs = zip(steps, marks, strict=True)
        return f"{QUESTION} " + "\n".join(f"{step} {mark}" for step, mark in pairs)

    return {"input": text(["ки"] * len(steps)), "label": text(signs), "task": "GSM8K"}


def rlhflow(steps, signs):
    turns = []
    for place, (step, sign) in enumerate(zip(steps, signs, strict=True)):
        said = step if place else f"{QUESTION} {step}"
        turns += [{"role": "user", "content": said}, {"role": "assistant", "content": sign}]
    return {"conversations": turns}


def trl(steps, labels):
    return {"prompt": QUESTION, "completions": steps, "labels": labels}


def qwen(steps, labels):
    system = "Please reason step by step, and put your final answer within \\boxed{}."
    return {
        "messages": [
            {"role": "system", "content": system},
            {"role": "user", "content": QUESTION},
            {"role": "assistant", "content": "".join(f"{step}<extra_0>" for step in steps)},
        ],
        "labels": labels,
    }


T, F, N = True, False, None
CASES = [
    ("processbench", processbench(STEPS, 1), (T, F, N), 1),
    ("processbench", processbench(STEPS, 0), (F, N, N), 0),
    ("processbench", processbench(RIGHT, -1), (T, T), N),
    ("prmbench", prmbench(STEPS, [2]), (T, F, T), 1),
    ("prmbench", prmbench(STEPS, [1, 3]), (F, T, F), 0),
    ("prmbench", prmbench(RIGHT, []), (T, T), N),
    ("bigbench-mistake", mistake(STEPS, 1), (T, F, N), 1),
    ("bigbench-mistake", mistake(STEPS, 0), (F, N, N), 0),
    ("bigbench-mistake", mistake(RIGHT, None), (T, T), N),
    ("mr-gsm8k", mr_gsm8k(STEPS, 2), (T, F, N), 1),
    ("mr-gsm8k", mr_gsm8k(STEPS, 1), (F, N, N), 0),
    ("mr-gsm8k", mr_gsm8k(RIGHT, "N/A"), (T, T), N),
    ("math-shepherd", shepherd(CHAIN, "+--"), (T, F, F), 1),
    ("math-shepherd", shepherd(CHAIN, "-+-"), (F, T, F), 0),
    ("math-shepherd", shepherd(CHAIN, "+++"), (T, T, T), N),
    ("rlhflow", rlhflow(CHAIN, "+--"), (T, F, F), 1),
    ("rlhflow", rlhflow(CHAIN, "+++"), (T, T, T), N),
    ("trl-stepwise", trl(STEPS, [True, False, False]), (T, F, F), 1),
    ("trl-stepwise", trl(RIGHT, [True, True]), (T, T), N),
    ("qwen-prm", qwen(STEPS, [1, 0, 0]), (T, F, F), 1),
    ("qwen-prm", qwen(RIGHT, [1, 1]), (T, T), N),
]
NAMES = [f"{name}-{number}" for number, (name, *_) in enumerate(CASES)]


def written(tmp_path, *rows):
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(rows))
    return path


@pytest.mark.parametrize(("format", "row", "labels", "first_error"), CASES, ids=NAMES)
def test_labels_are_read_by_the_data_sets_own_counting(tmp_path, format, row, labels, first_error):
    (read,) = table = import_rows(written(tmp_path, row), format)
    assert (read.labels, read.first_error) == (labels, first_error)
    assert read.source == format
    response = table.responses[read.response_id]
    plain = RIGHT if len(labels) == 2 else STEPS
    steps = CHAIN if format in ("math-shepherd", "rlhflow") else plain
    assert response.text == "\n".join(steps)
    assert table.problems[response.problem_id].question == QUESTION


@pytest.mark.parametrize(("format", "row", "labels", "first_error"), CASES, ids=NAMES)
def test_a_data_sets_row_is_written_back_as_it_was(tmp_path, format, row, labels, first_error):
    table = import_rows(written(tmp_path, row), format)
    exported = export_table(table, tmp_path / "back.json", format)
    assert json.loads((tmp_path / "back.json").read_text()) == [row]
    assert (exported.rows, exported.carried) == (1, 0)


def test_what_a_row_says_beside_its_labels_is_kept(tmp_path):
    (read,) = table = import_rows(written(tmp_path, processbench(RIGHT, -1)), "processbench")
    response = table.responses[read.response_id]
    assert (response.model, response.outcome) == ("Qwen2-7B", "correct")
    assert read.meta == {"id": "gsm8k-1"}
    (read,) = table = import_rows(written(tmp_path, mr_gsm8k(STEPS, 2)), "mr-gsm8k")
    problem = table.problems[table.responses[read.response_id].problem_id]
    assert (problem.answer, problem.solution) == ("12", "It is 12.")
    assert read.meta["reason"] == "12, not 13."


def test_a_wrong_solution_whose_step_nobody_named_has_no_labels(tmp_path):
    row = mr_gsm8k(STEPS, 2) | {"model_output_solution_first_error_step": "N/A"}
    (read,) = import_rows(written(tmp_path, row), "mr-gsm8k")
    assert (read.labels, read.first_error) == ((N, N, N), N)


def test_shares_of_right_continuations_are_kept_beside_the_labels(tmp_path):
    (read,) = import_rows(written(tmp_path, trl(STEPS, [1, 0.5, 0.25])), "trl-stepwise")
    assert read.labels == (T, T, F)
    assert read.meta["values"] == [1, 0.5, 0.25]


def test_an_ignored_label_is_no_label_and_never_a_right_one(tmp_path):
    (read,) = import_rows(written(tmp_path, trl(STEPS, [True, -100, False])), "trl-stepwise")
    assert (read.labels, read.first_error) == ((T, N, F), N)


BROKEN = [
    ("processbench", processbench(STEPS, 3), "names step 3, and the 3 steps are numbered from 0"),
    ("processbench", processbench(STEPS, -2), "names step -2"),
    ("processbench", processbench(STEPS, True), "not the number of a step"),
    ("processbench", processbench([], -1), "holds no step"),
    ("processbench", processbench(["3 + 4 = 7.", " \n"], -1), "step 2 of 2 is empty"),
    ("prmbench", prmbench(STEPS, [0]), "numbered from 1 to 3"),
    ("prmbench", prmbench(STEPS, [4]), "numbered from 1 to 3"),
    ("prmbench", prmbench(STEPS, None), "list of the wrong steps"),
    ("bigbench-mistake", mistake(STEPS, 3), "numbered from 0 to 2"),
    ("mr-gsm8k", mr_gsm8k(STEPS, 0), "numbered from 1 to 3"),
    ("mr-gsm8k", mr_gsm8k(STEPS, 4), "numbered from 1 to 3"),
    (
        "mr-gsm8k",
        mr_gsm8k(STEPS, 2) | {"model_output_solution_correctness": "correct"},
        "called correct",
    ),
    ("math-shepherd", shepherd(CHAIN, "+-?"), "part at step 3"),
    ("math-shepherd", shepherd(CHAIN, "+++") | {"label": "What is 3?"}, "part at step 1"),
    ("math-shepherd", {"input": "Q Step 1: a", "label": "Q Step 1: a"}, "holds no 'ки'"),
    ("math-shepherd", {"input": "Q Step 1: a ки b", "label": "Q Step 1: a + b"}, "without 'ки'"),
    ("math-shepherd", {"input": "Q 1: a ки", "label": "Q 1: a +"}, "no 'Step 1:'"),
    ("rlhflow", rlhflow(CHAIN, "++*"), "no label of a step"),
    ("rlhflow", {"conversations": rlhflow(CHAIN, "+++")["conversations"][:-1]}, "by turns"),
    ("trl-stepwise", trl(STEPS, [True, False]), "2 labels for 3 steps"),
    ("trl-stepwise", trl(STEPS, [True, False, 2]), "no label of a step"),
    ("qwen-prm", qwen(STEPS, [1, 0]), "2 labels for 3 steps"),
    ("qwen-prm", qwen(["a<extra_0>"], [1]), "1 labels for 2 steps"),
]


@pytest.mark.parametrize(("format", "row", "message"), BROKEN)
def test_a_row_against_the_convention_is_refused_by_number(tmp_path, format, row, message):
    path = written(tmp_path, row)
    with pytest.raises(DataError, match=r"row 1: .*--skip-bad") as raised:
        import_rows(path, format)
    assert message in str(raised.value)
