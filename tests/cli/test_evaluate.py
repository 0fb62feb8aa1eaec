"""redink evaluate, grade and compare, as a user types them."""

import json
import re
import shutil
import sqlite3
import sys

import pytest

from redink.cli import main
from redink.tables import Table


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """Runs a command line in a folder of its own; returns exit code, output, errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REDINK_DATA", raising=False)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["redink", *map(str, arguments)])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


@pytest.fixture
def mine(tmp_path):
    rows = [{"q": f"What is {n} + {n}?", "a": 2 * n} for n in range(6)]
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


SHORT = ("--max-tokens", 8, "--dtype", "float32", "--engine", "transformers")


def evaluate(call, model, mine, *more):
    columns = ("--question", "q", "--answer", "a")
    return call("evaluate", model, "-b", f"mine={mine}", *columns, *SHORT, *more)


def completions(tmp_path):
    [journal] = tmp_path.glob("runs/evaluate-*/completions.sqlite")
    with sqlite3.connect(journal) as connection:
        return set(connection.execute("SELECT * FROM completions").fetchall())


def test_a_file_of_ones_own_is_a_benchmark(call, tiny_student, mine):
    code, out, _ = evaluate(call, tiny_student, mine)
    assert code == 0
    assert re.search(r"mine · 6 problems", out)
    assert re.search(r"tiny +\d+\.\d %", out)


def test_a_second_run_generates_only_what_is_missing(call, tiny_student, mine, tmp_path):
    sampled = ("--samples", 2, "--temperature", 1)
    evaluate(call, tiny_student, mine, *sampled)
    first = completions(tmp_path)
    assert len(first) == 12
    code, _, err = evaluate(call, tiny_student, mine, *sampled)
    assert code == 0
    assert "already done" in err
    assert completions(tmp_path) == first
    evaluate(call, tiny_student, mine, "--samples", 3, "--temperature", 1)
    assert first < completions(tmp_path)
    assert len(completions(tmp_path)) == 18


def test_several_models_are_compared_with_the_first(call, tiny_student, mine, tmp_path):
    other = shutil.copytree(tiny_student, tmp_path / "other")
    code, out, _ = evaluate(call, tiny_student, mine, other)
    assert code == 0
    assert "Did other beat tiny? No: the two solved exactly the same" in " ".join(out.split())


def test_a_base_model_is_asked_as_it_would_be_trained(call, tiny_student, mine, tmp_path):
    base = shutil.copytree(tiny_student, tmp_path / "base")
    (base / "chat_template.jinja").unlink()
    code, out, err = evaluate(call, base, mine)
    assert code == 0
    assert err.count("no chat template, so it is asked with redink's plain one") == 1
    assert re.search(r"base +\d+\.\d %", out)


def test_show_prompt_shows_what_the_model_reads_and_runs_nothing(
    call, tiny_student, mine, tmp_path
):
    code, out, _ = evaluate(call, tiny_student, mine, "--prompt", "boxed-cot", "--show-prompt")
    assert code == 0
    assert "<|im_start|>user\nWhat is 0 + 0?\n\nPlease reason step by step" in out
    assert not (tmp_path / "runs").exists()


def test_grading_again_puts_a_wrong_outcome_right(call, tiny_student, mine, tmp_path):
    evaluate(call, tiny_student, mine)
    [folder] = tmp_path.glob("runs/evaluate-*")
    [stage] = folder.glob("scores-*")
    before = Table.read(stage)
    spoilt = [type(s)(**{**fields(s), "outcome": "correct", "why": "spoilt"}) for s in before]
    type(before)(**{**vars(before), "rows": tuple(spoilt)}).write(stage)
    code, out, _ = call("grade", folder)
    assert code == 0
    assert Table.read(stage).rows == before.rows
    assert "scores" in out
    assert json.loads((stage / "stage.json").read_text())["regraded"]


def fields(record):
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


def test_scores_of_two_runs_are_compared(call, tiny_student, mine, tmp_path):
    evaluate(call, tiny_student, mine)
    evaluate(call, tiny_student, mine, "--runs", "again")
    [first] = tmp_path.glob("runs/evaluate-*")
    [second] = tmp_path.glob("again/evaluate-*")
    code, out, _ = call("compare", first, second, "-o", "comparison")
    assert code == 0
    assert "solved exactly the same problems" in " ".join(out.split())
    assert (tmp_path / "comparison" / "report.html").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("evaluate", "no-such-model", "-b", "gym:chain_sum", "--n", "2"), "unknown model"),
        (("evaluate", "{student}", "-b", "math-5000"), "math-500"),
        (("evaluate", "{student}", "-b", "gym:chain_sum", "--samples", "2", "--temperature", "0"),
         "2 greedy answers"),
        (("evaluate", "{student}", "-b", "mine=nothing.jsonl"), "no such file"),
        (("evaluate", "{student}", "-b", "gym:chain_sum", "--prompt", "cot"), "'cot' is unknown"),
        (("grade", "nowhere"), "no run folder"),
        (("compare", "nowhere"), "no run folder"),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_error(call, tiny_student, arguments, words):
    code, _, err = call(*(a.format(student=tiny_student) for a in arguments))
    assert code in (1, 2)
    assert words in err
    assert "Traceback" not in err
