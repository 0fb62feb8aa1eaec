"""Verdicts that were mended by hand count: the run makes anew what rests on them, and no more."""

import json

import pytest

from redink.edits import EditLog
from redink.errors import DataError
from redink.plan import make_plan
from redink.recipe import check_recipe
from redink.run import run_plan
from redink.tables import Table

RECIPE = {
    "stages": {
        "problems": {"do": "load", "source": "gym:chain_sum", "n": 6, "seed": 1},
        "drafts": {"do": "corrupt", "problems": "problems", "wrong": 0.5},
        "critiques": {"do": "critique", "responses": "drafts", "teacher": "symbolic"},
        "right": {"do": "select", "rows": "critiques", "verdict": "right"},
    }
}


@pytest.fixture
def run(tmp_path):
    def run(*, force=()):
        plan = make_plan(check_recipe(RECIPE, "edited", "edited.yaml"), tmp_path)
        done = run_plan(plan, force=force)
        folders = {name: planned.folder for name, planned in plan.by_name.items()}
        return folders, [result.name for result in done if not result.done_before]

    return run


def verdicts(folder):
    return {row.id: row.verdict for row in Table.read(folder)}


def a_right_one(folder):
    return next(row for row in Table.read(folder) if row.verdict == "right")


def test_a_mended_verdict_makes_anew_what_rests_on_it_and_nothing_else(run):
    before, _ = run()
    mended = a_right_one(before["critiques"])
    log = EditLog(before["critiques"])
    log.add(mended.id, mended.verdict, "wrong", author="ada", reason="the sum is 12")
    after, made = run()
    assert made == ["right"]
    assert after["critiques"] == before["critiques"]
    assert mended.id in verdicts(before["right"])
    assert mended.id not in verdicts(after["right"])
    log.undo(mended.id, mended.verdict, author="ada")
    again, made = run()
    assert (again["right"], made) == (before["right"], [])


def test_a_confirmed_verdict_makes_nothing_anew(run):
    folders, _ = run()
    row = a_right_one(folders["critiques"])
    EditLog(folders["critiques"]).add(row.id, row.verdict, "right", author="ada")
    assert run() == (folders, [])


def test_a_stage_that_is_done_again_keeps_the_edits_of_its_rows(run):
    folders, _ = run()
    row = a_right_one(folders["critiques"])
    EditLog(folders["critiques"]).add(row.id, row.verdict, "wrong", author="ada")
    run()
    folders, made = run(force=("critiques",))
    assert made == ["critiques", "right"]
    assert row.id in verdicts(folders["critiques"])
    assert row.id not in verdicts(folders["right"])


def test_a_run_says_what_it_is_before_its_first_stage_is_done(tmp_path, monkeypatch):
    source = tmp_path / "problems.jsonl"
    source.write_text('{"question": "1 + 1?", "answer": "2"}\n')
    stages = {"problems": {"do": "load", "source": str(source)}}
    plan = make_plan(check_recipe({"stages": stages}, "new", "new.yaml"), tmp_path / "runs")
    source.write_text("no JSON\n")
    with pytest.raises(DataError):
        run_plan(plan)
    facts = json.loads((plan.folder / "run.json").read_text())
    assert (facts["recipe"], facts["stages"]) == ("new", [])
