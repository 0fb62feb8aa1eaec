"""Recipes are checked whole, and put in an order that can be run."""

import pytest

from redink.errors import RecipeError
from redink.recipe import builtin_recipes, check_recipe, read_recipe

LOAD = {"do": "load", "source": "gym:chain_sum", "n": 4}


def test_stages_come_after_their_inputs_however_they_are_written():
    recipe = check_recipe(
        {"stages": {"marked": {"do": "critique", "responses": "drafts"},
                    "drafts": {"do": "corrupt", "problems": "p"}, "p": LOAD}}, "r", "r",
    )  # fmt: skip
    assert [stage.name for stage in recipe.stages] == ["p", "drafts", "marked"]


def test_defaults_are_filled_in_and_overrides_are_read_as_yaml(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text("stages:\n  p: {do: load, source: 'gym:chain_sum', n: 4}\n")
    overrides = ["stages.p.n=9", "stages.p.options={max_terms: 3}"]
    stage = read_recipe(str(path), overrides).stage("p")
    assert stage.settings["n"] == 9
    assert stage.settings["options"] == {"max_terms": 3}
    assert stage.settings["split"] is None


def test_a_load_with_a_response_column_makes_responses():
    stages = {
        "tries": {"do": "load", "source": "x.jsonl", "columns": {"response": "try"}},
        "marked": {"do": "critique", "responses": "tries"},
    }
    assert check_recipe({"stages": stages}, "r", "r").stage("tries").produces == "responses"


def test_select_makes_what_it_is_given():
    stages = {
        "p": LOAD,
        "d": {"do": "corrupt", "problems": "p"},
        "s": {"do": "select", "rows": "d"},
    }
    assert check_recipe({"stages": stages}, "r", "r").stage("s").produces == "responses"


def test_an_objective_is_needed_for_each_table_and_must_suit_it():
    stages = {
        "p": LOAD,
        "d": {"do": "corrupt", "problems": "p"},
        "m": {"do": "finetune", "data": ["p", "d"], "objective": ["imitate"]},
    }
    with pytest.raises(RecipeError, match="one for each"):
        check_recipe({"stages": stages}, "r", "r")
    stages["m"]["objective"] = ["imitate", "critique"]
    with pytest.raises(RecipeError, match="learns from critiques"):
        check_recipe({"stages": stages}, "r", "r")


@pytest.mark.parametrize("name", builtin_recipes())
def test_every_built_in_recipe_is_valid_and_carries_its_own_command(name):
    recipe = read_recipe(name)
    assert recipe.about
    assert builtin_recipes()[name].startswith(f"# redink run {name} ")


def test_several_stages_of_one_kind_are_joined_and_of_two_kinds_refused():
    stages = {"a": LOAD, "b": LOAD | {"seed": 1}, "d": {"do": "corrupt", "problems": ["a", "b"]}}
    assert check_recipe({"stages": stages}, "r", "r").stage("d").inputs["problems"] == ("a", "b")
    stages["s"] = {"do": "select", "rows": ["a", "d"]}
    with pytest.raises(RecipeError, match="one kind"):
        check_recipe({"stages": stages}, "r", "r")
