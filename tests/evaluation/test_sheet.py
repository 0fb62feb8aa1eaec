"""Which problems are used, and what is said about the others."""

import pytest

from redink.errors import DataError
from redink.evaluation.seeds import arm_of, by_arm, seed_of
from redink.evaluation.sheet import sheets
from redink.records import Score


def score(model, problem, outcome="correct", sample=0, benchmark="held"):
    return Score(model, benchmark, problem, sample, "r", outcome, "1", "number")


def only(scores):
    (sheet,) = sheets(scores)
    return sheet


def test_arms_on_partly_different_problems_share_what_both_answered():
    scores = [score("a", f"p{n}") for n in range(5)] + [score("b", f"p{n}") for n in range(3, 10)]
    sheet = only(scores)
    assert sheet.problems == ("p3", "p4")
    assert sheet.notes == (
        "held: the arms answered different problems (a 5 and b 7); "
        "only the 2 that all share are used",
    )


def test_the_trainings_of_an_arm_share_their_problems_too():
    sheet = only([score("a@1", "p"), score("a@1", "q"), score("a@2", "p")])
    assert sheet.problems == ("p",)
    assert "a@1 2 and a@2 1" in sheet.notes[0]


def test_a_problem_whose_reference_one_arm_could_not_be_held_against_counts_for_none():
    """A literal match alone would count it only where it was solved."""
    sheet = only([score("a", "p"), score("a", "q"), score("b", "p", "gold_unparsable"),
                  score("b", "q", "wrong")])  # fmt: skip
    assert sheet.problems == ("q",)
    assert sheet.notes == ("held: 1 problem whose reference answer cannot be read left out",)


def test_ungraded_samples_are_left_out_and_problems_without_any_other_too():
    sheet = only([
        score("a", "p"), score("a", "p", "ungraded", 1), score("a", "q", "ungraded"),
    ])  # fmt: skip
    assert sheet.problems == ("p",)
    assert sheet.shares("a") == [[1.0]]
    assert sheet.notes == ("held: 1 problem without a graded answer of every arm left out",)


def test_arms_with_unlike_numbers_of_samples_are_named():
    sheet = only([score("a", "p"), score("b", "p"), score("b", "p", sample=1)])
    assert sheet.notes == (
        "held: the arms have different numbers of answers per problem (a 1 and b 2)",
    )
    assert (sheet.is_single("a"), sheet.is_single("b")) == (True, False)


def test_nothing_is_said_where_nothing_is_left_out():
    assert only([score("a", "p"), score("b", "p", "truncated")]).notes == ()


def test_a_score_that_stands_twice_is_refused():
    with pytest.raises(DataError, match="two scores for problem p of 'held', sample 0"):
        sheets([score("a", "p"), score("a", "p", "wrong")])


@pytest.mark.parametrize(
    ("model", "arm", "seed"),
    [
        ("cft@1", "cft", "1"),
        ("cft", "cft", ""),
        ("endpoint:qwen@http://host:1", "endpoint:qwen@http://host:1", ""),
        ("cft@", "cft@", ""),
        ("@1", "@1", ""),
        ("cft@best", "cft@best", ""),
    ],
)
def test_the_arm_is_what_stands_before_the_seed(model, arm, seed):
    assert (arm_of(model), seed_of(model)) == (arm, seed)


def test_models_are_grouped_by_arm_and_ordered_by_seed():
    grouped = by_arm(["sft@10", "cft@1", "sft@2", "base", "sft@10"])
    assert grouped == {"sft": ("sft@2", "sft@10"), "cft": ("cft@1",), "base": ("base",)}
    assert list(grouped) == ["sft", "cft", "base"]
