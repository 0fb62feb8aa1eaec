"""What a recipe says of the machine reaches every training, and is no part of any result."""

import pytest

from redink.errors import RecipeError, UsageError
from redink.hardware import Hardware, read_hardware
from redink.plan import make_plan
from redink.reach import check_hardware, hardware_notes
from redink.recipe import check_recipe, read_recipe

PROBLEMS = {"do": "load", "source": "gym:chain_sum", "n": 4}
TRAINING = {"do": "finetune", "data": "problems"}


def recipe(hardware=None, **changed):
    raw = {"stages": {"problems": PROBLEMS, "sft": {**TRAINING, **changed}}}
    return check_recipe(raw if hardware is None else {**raw, "hardware": hardware}, "made", "made")


def told(made):
    return {name: made.stage("sft").settings[name] for name in ("processes", "sharding")}


def test_every_training_is_told_of_the_hardware():
    assert told(recipe()) == {"processes": 1, "sharding": "none"}
    assert told(recipe({"gpus": 8, "sharding": "fsdp2"})) == {"processes": 8, "sharding": "fsdp2"}
    assert told(recipe({"processes": 2})) == {"processes": 2, "sharding": "none"}


def test_a_training_that_says_otherwise_is_left_alone():
    assert told(recipe({"gpus": 8, "sharding": "fsdp2"}, processes=1, sharding="none")) == {
        "processes": 1,
        "sharding": "none",
    }


def test_the_command_line_sets_it_where_the_recipe_says_nothing():
    assert read_recipe("quickstart", ["hardware.processes=2"]).hardware == Hardware(processes=2)
    assert read_recipe("cft-qwen2.5-math-7b", ["hardware.gpus=4"]).hardware.settings == {
        "processes": 4,
        "sharding": "fsdp2",
    }


def test_results_are_found_again_on_other_hardware(tmp_path):
    plans = [make_plan(recipe(which), tmp_path) for which in (None, {"processes": 2}, {"gpus": 8})]
    assert len({plan.by_name["sft"].folder for plan in plans}) == 1


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (8, "hardware must be a mapping"),
        ({"cards": 8}, "no field 'cards'; it has gpus, processes, sharding"),
        ({"gpus": 0}, "gpus must be 1 or more, not 0"),
        ({"processes": "two"}, "processes must be 1 or more, not 'two'"),
        ({"gpus": True}, "gpus must be 1 or more, not True"),
        ({"gpus": 2, "processes": 2}, "name one of them"),
        ({"sharding": 2}, "sharding must be a word, not 2"),
    ],
)
def test_hardware_that_cannot_be_is_refused(value, said):
    with pytest.raises(RecipeError, match=said):
        read_hardware(value, "made")


def test_more_gpus_than_there_are_end_a_run_before_it_begins(tmp_path, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    stages = make_plan(recipe({"gpus": 8}), tmp_path).stages
    with pytest.raises(UsageError, match="8 GPUs are asked for and this machine shows 2"):
        check_hardware(8, stages)
    check_hardware(2, stages)
    check_hardware(Hardware().gpus, stages)


SCORER = {"do": "fit", "data": "drafts"}
DRAFTS = {"do": "corrupt", "problems": "problems"}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (None, None),
        ({"processes": 1}, None),
        (
            {"processes": 2},
            "one process; the 2 processes of `hardware` are for finetune and reinforce stages",
        ),
        ({"gpus": 8}, "one GPU; the 8 GPUs of `hardware` are for finetune and reinforce stages"),
    ],
)
def test_scorers_are_fitted_by_one_process_and_that_is_said(asked, said, tmp_path):
    stages = {"problems": PROBLEMS, "drafts": DRAFTS, "orm": SCORER, "other": SCORER}
    raw = {"stages": stages} if asked is None else {"stages": stages, "hardware": asked}
    made = check_recipe(raw, "made", "made")
    assert "processes" not in made.stage("orm").settings
    planned = make_plan(made, tmp_path).stages
    check_hardware(made.hardware.gpus, planned)
    notes = hardware_notes(made.hardware, planned)
    assert notes == ([] if said is None else [f"note: orm, other: scorers are fitted on {said}"])
    assert hardware_notes(made.hardware, planned[:2]) == []


def test_validation_by_loss_takes_what_is_learned_and_by_accuracy_takes_problems():
    responses = {"do": "corrupt", "problems": "problems"}
    critiques = {"do": "critique", "responses": "responses"}
    validation = {"do": "load", "source": "gym:chain_sum", "n": 4, "seed": 5}
    stages = {
        "problems": PROBLEMS,
        "responses": responses,
        "critiques": critiques,
        "validation": validation,
    }

    def trained(**settings):
        sft = {"do": "finetune", "data": "critiques", "objective": "critique", **settings}
        return check_recipe({"stages": {**stages, "sft": sft}}, "made", "made")

    trained(validation="critiques", validate_by="loss")
    trained(validation="validation")
    with pytest.raises(RecipeError, match="on problems, not on critiques; or validate_by: loss"):
        trained(validation="critiques")
    with pytest.raises(RecipeError, match="validation by loss is on problems"):
        trained(validation="validation", validate_by="loss")


def test_reinforcement_is_told_too_and_a_divided_policy_is_refused_before_the_run(tmp_path):
    def made(hardware, **changed):
        policy = {"do": "reinforce", "problems": "problems", **changed}
        return check_recipe(
            {"stages": {"problems": PROBLEMS, "policy": policy}, "hardware": hardware}, "m", "m"
        )

    settings = made({"processes": 2}).stage("policy").settings
    assert (settings["processes"], settings["sharding"]) == (2, "none")
    divided = make_plan(made({"processes": 2, "sharding": "fsdp2"}), tmp_path).stages
    with pytest.raises(UsageError, match="reinforce: sharding = fsdp2 is not supported"):
        check_hardware(None, divided)
    whole = made({"processes": 2, "sharding": "fsdp2"}, sharding="none")
    check_hardware(None, make_plan(whole, tmp_path).stages)
    plans = [make_plan(made(which), tmp_path) for which in ({}, {"processes": 2})]
    assert len({plan.by_name["policy"].folder for plan in plans}) == 1
