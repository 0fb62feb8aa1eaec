"""What a recipe says in short is written out before it is checked."""

import pytest

from redink.errors import RecipeError
from redink.evaluation.seeds import arm_of
from redink.expansion import expand
from redink.recipe import check_recipe

PROBLEMS = {"do": "load", "source": "gym:chain_sum", "n": 4}
HELDOUT = {"do": "load", "source": "gym:chain_sum", "n": 4, "split": "test"}


def recipe(**stages):
    return {"stages": {"problems": PROBLEMS, "heldout": HELDOUT, **stages}}


def checked(raw):
    return check_recipe(raw, "made", "made")


SEEDED = recipe(
    sft={"do": "finetune", "data": "problems", "seed": [1, 2]},
    cft={"do": "finetune", "data": "problems", "learning_rate": 1e-4},
    scores={"do": "evaluate", "models": ["student", "sft", "cft"], "benchmarks": "heldout"},
    report={"do": "compare", "scores": "scores", "baseline": "sft"},
)


def test_a_list_of_seeds_is_one_training_for_each():
    made = checked(SEEDED)
    assert made.stage("sft@1").settings["seed"] == 1
    assert made.stage("sft@2").settings["seed"] == 2
    assert made.stage("scores").inputs["models"] == ("student", "sft@1", "sft@2", "cft")
    assert made.stage("report").settings["baseline"] == "sft"
    assert [arm_of(name) for name in ("sft@1", "cft")] == ["sft", "cft"]


def test_the_recipe_as_written_is_what_is_kept():
    assert "seed:\n    - 1\n    - 2" in checked(SEEDED).text
    assert "sft@1" not in checked(SEEDED).text


@pytest.mark.parametrize("seeds", [[], [1, 1]])
def test_seeds_that_say_nothing_are_refused(seeds):
    raw = recipe(sft={"do": "finetune", "data": "problems", "seed": seeds})
    with pytest.raises(RecipeError, match="name each seed once, at least one"):
        expand(raw)


def test_one_model_cannot_be_an_arm_of_several_seeds():
    raw = recipe(
        sft={"do": "finetune", "data": "problems", "seed": [1, 2]},
        more={"do": "finetune", "data": "problems", "student": "sft"},
    )
    with pytest.raises(RecipeError, match="stage 'more': student 'sft' is trained with several"):
        expand(raw)


def test_a_benchmark_named_where_problems_are_wanted_is_loaded():
    scores = {"do": "evaluate", "models": "student", "benchmarks": ["heldout", "math-500"]}
    raw = expand(recipe(scores=scores))
    assert raw["stages"]["math-500"] == {"do": "load", "source": "math-500"}
    assert checked(recipe(scores=scores)).stage("math-500").produces == "problems"


def test_validation_is_every_trainings_unless_it_names_its_own():
    raw = recipe(
        chosen={**HELDOUT, "split": "validation"},
        sft={"do": "finetune", "data": "problems"},
        cft={"do": "finetune", "data": "problems", "validation": "heldout"},
        rl={"do": "reinforce", "problems": "problems", "seed": [1, 2]},
    )
    made = checked({**raw, "validation": "chosen"})
    assert [made.stage(f"rl@{seed}").inputs["validation"] for seed in (1, 2)] == [("chosen",)] * 2
    assert made.stage("sft").inputs["validation"] == ("chosen",)
    assert made.stage("cft").inputs["validation"] == ("heldout",)


def test_two_models_of_one_name_are_refused():
    scores = {"do": "evaluate", "models": ["a/model-1", "b/model-1"], "benchmarks": "heldout"}
    with pytest.raises(RecipeError, match="two models would both be called 'model-1'"):
        checked(recipe(scores=scores))


def test_wrong_types_are_left_for_the_checks():
    assert expand({"stages": ["load"]}) == {"stages": ["load"]}
    with pytest.raises(RecipeError, match="allow_overlap must be true or false"):
        checked({**SEEDED, "allow_overlap": "yes"})
