"""A run's folder is read from its files alone, finished or not."""

import json
import shutil

import pytest

from redink.errors import DataError
from redink.reports.run_folder import DeclaredStage, read_run
from tests.reports.world import INPUTS, STAGES, make_run


def test_a_finished_run_has_all_its_stages_in_order(tmp_path):
    run = read_run(make_run(tmp_path))
    assert [stage.name for stage in run.stages] == list(STAGES)
    assert all(stage.done for stage in run.stages)
    assert run.name == "trial"
    assert run.about == "Do critiques beat imitation here?"
    assert run.stage("problems").rows == 4
    assert run.stage("problems").dropped == {"more than n": 1}
    assert run.stage("drafts").inputs == {"problems": ("problems",)}
    assert run.stage("critiques").number("cost") == 0.25


def test_stages_to_come_are_there_without_facts(tmp_path):
    run = read_run(make_run(tmp_path, until="critiques"))
    assert [stage.name for stage in run.stages] == list(STAGES)
    assert [stage.name for stage in run.stages if stage.done] == list(STAGES[:4])
    assert run.stage("sft").verb == "finetune"
    assert run.stage("sft").folder is None


def test_an_interrupted_stage_has_its_folder(tmp_path):
    make_run(tmp_path, until="critiques")
    (tmp_path / "sft-00000000ff").mkdir()
    assert read_run(tmp_path).stage("sft").folder == tmp_path / "sft-00000000ff"
    assert not read_run(tmp_path).stage("sft").done


def test_of_two_folders_of_a_stage_the_one_that_the_run_speaks_of_is_read(tmp_path):
    make_run(tmp_path)
    [ours] = tmp_path.glob("drafts-*")
    other = tmp_path / "drafts-ffffffffff"
    shutil.copytree(ours, other)
    facts = json.loads((other / "stage.json").read_text())
    (other / "stage.json").write_text(json.dumps(facts | {"seconds": 99.0, "started": 999.0}))
    assert read_run(tmp_path).stage("drafts").folder == ours


def test_a_stage_of_older_settings_is_not_taken_for_one_that_is_done(tmp_path):
    make_run(tmp_path)
    facts = json.loads((tmp_path / "run.json").read_text())
    facts["stages"] = [stage for stage in facts["stages"] if stage["name"] != "report"]
    (tmp_path / "run.json").write_text(json.dumps(facts))
    assert not read_run(tmp_path).stage("report").done


def test_declared_stages_say_what_a_recipe_in_short_leaves_open(tmp_path):
    make_run(tmp_path, until="critiques")
    declared = [DeclaredStage(f"sft@{n}", "finetune", {"data": ("drafts",)}) for n in (1, 2)]
    run = read_run(tmp_path, declared)
    assert [stage.name for stage in run.stages][:2] == ["sft@1", "sft@2"]
    assert run.stage("sft@1").inputs == {"data": ("drafts",)}
    assert run.stage("critiques").done
    assert run.stage("critiques").inputs["responses"] == tuple(INPUTS["critiques"]["responses"])


@pytest.mark.parametrize("text", [None, "{", "[]", '{"stages": [1]}', '{"stages": 5}'])
def test_what_is_no_run_is_refused_by_name(tmp_path, text):
    if text is not None:
        (tmp_path / "run.json").write_text(text)
    with pytest.raises(DataError, match=r"no run folder.*redink run"):
        read_run(tmp_path)


@pytest.mark.parametrize("recipe", ["", "- a\n", "a: [", "stages: {x: 3}"])
def test_a_recipe_that_cannot_be_read_leaves_the_stages_that_are_done(tmp_path, recipe):
    make_run(tmp_path, until="drafts")
    facts = json.loads((tmp_path / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps(facts | {"recipe_text": recipe}))
    run = read_run(tmp_path)
    assert [stage.name for stage in run.stages if stage.done] == ["raw", "problems", "drafts"]
