"""Comparing arms."""

import json
import math

import pytest

from redink.errors import DataError, UsageError
from redink.evaluation import compare_arms
from redink.evaluation.conclusion import caveat, conclusions
from redink.evaluation.metrics import POOLED
from redink.records import Score

SHORT = {
    "c": "correct",
    "w": "wrong",
    "n": "no_answer",
    "t": "truncated",
    "u": "gold_unparsable",
}


def scores_of(arm, outcomes, benchmark="held", sample=0):
    short = {
        "c": "correct",
        "w": "wrong",
        "n": "no_answer",
        "t": "truncated",
        "u": "gold_unparsable",
    }
    return [
        Score(arm, benchmark, f"p{n}", sample, f"r{arm}{n}", short[letter], None, "none", 10 + n)
        for n, letter in enumerate(outcomes)
    ]


def test_counts_of_wins_losses_and_outcomes():
    scores = scores_of("sft", "ccwwnt") + scores_of("cft", "cwccww")
    comparison = compare_arms(scores, "sft")
    arm, paired = comparison.of("sft", "held"), comparison.difference("cft", "held")
    assert arm.outcomes == {"correct": 2, "wrong": 2, "no_answer": 1, "truncated": 1}
    assert (arm.accuracy, arm.mean_tokens) == (pytest.approx(2 / 6), 12.5)
    assert paired is not None
    assert (paired.wins, paired.losses, paired.both, paired.neither) == (2, 1, 1, 2)
    assert paired.difference == pytest.approx(1 / 6)
    assert paired.mcnemar_p == 1.0
    assert comparison.difference("sft", "held") is None
    assert comparison.benchmarks == ("held",)


def test_problems_without_readable_reference_answer_are_left_out_of_both():
    comparison = compare_arms(scores_of("a", "cwu") + scores_of("b", "ccu"), "a")
    assert comparison.of("a", "held").n_problems == 2
    assert comparison.of("a", "held").accuracy == 0.5
    assert comparison.of("a", "held").outcomes["gold_unparsable"] == 1
    assert comparison.difference("b", "held").n_problems == 2


def test_several_benchmarks_get_a_pooled_row():
    scores = [
        *scores_of("a", "cw", "one"), *scores_of("b", "cc", "one"),
        *scores_of("a", "wwww", "two"), *scores_of("b", "cwww", "two"),
    ]  # fmt: skip
    comparison = compare_arms(scores, "a")
    assert comparison.benchmarks == ("one", "two", POOLED)
    assert comparison.headline == POOLED
    assert comparison.of("b", POOLED).n_problems == 6
    assert comparison.of("b", POOLED).accuracy == pytest.approx(3 / 6)
    assert comparison.difference("b", POOLED).wins == 2


def test_several_samples_are_averaged_within_their_problem():
    scores = [
        *scores_of("a", "cw"), *scores_of("a", "ww", sample=1),
        *scores_of("b", "cc"), *scores_of("b", "cw", sample=1),
    ]  # fmt: skip
    comparison = compare_arms(scores, "a")
    assert comparison.of("a", "held").accuracy == 0.25
    assert comparison.of("a", "held").n_problems == 2
    assert comparison.of("a", "held").interval.method == "normal over problems"
    assert comparison.difference("b", "held").difference == 0.5
    assert comparison.difference("b", "held").mcnemar_p is None


def test_an_unknown_baseline_is_refused_with_the_names_there_are():
    with pytest.raises(UsageError, match="'base' is not among the arms; name one of: cft, sft"):
        compare_arms(scores_of("cft", "c") + scores_of("sft", "w"), "base")


def test_no_scores_and_double_scores_are_refused():
    with pytest.raises(DataError, match="no scores"):
        compare_arms([], "a")
    with pytest.raises(DataError, match="two scores for problem p0"):
        compare_arms(scores_of("a", "c") * 2, "a")


@pytest.mark.parametrize(
    ("arm", "words"),
    [
        ("c" * 30 + "w" * 10, "Did b beat a? Yes: 75.0 % against 25.0 %, +50.0 points"),
        ("w" * 40, "Did b beat a? No, it lost: 0.0 % against 25.0 %, −25.0 points"),
        ("c" * 11 + "w" * 29, "Did b beat a? Not shown: 27.5 % against 25.0 %, +2.5 points"),
        ("c" * 10 + "w" * 30, "Did b beat a? No: the two solved exactly the same problems"),
        ("u" * 40, "Did b beat a? Cannot be said: no problem counts in both arms."),
    ],
)
def test_the_conclusion_says_what_came_out(arm, words):
    comparison = compare_arms(scores_of("a", "c" * 10 + "w" * 30) + scores_of("b", arm), "a")
    assert conclusions(comparison)[0].startswith(words)


def test_a_difference_that_holds_zero_says_so():
    comparison = compare_arms(scores_of("a", "cwww") + scores_of("b", "ccww"), "a")
    assert conclusions(comparison)[0].endswith("the interval holds zero.")


def test_a_narrow_win_names_the_exact_p():
    """Five wins to none: Newcombe's interval leaves zero out, the exact test does not."""
    comparison = compare_arms(scores_of("a", "w" * 30) + scores_of("b", "c" * 5 + "w" * 25), "a")
    paired = comparison.difference("b", "held")
    assert not paired.interval.holds_zero
    assert paired.mcnemar_p == pytest.approx(2 / 32)
    assert "narrowly, for McNemar's exact p is 0.062" in conclusions(comparison)[0]


def test_the_caveat_states_problems_seeds_and_number_of_comparisons():
    scores = [s for arm in "abc" for s in scores_of(arm, "cw")]
    assert caveat(compare_arms(scores, "a")).startswith("2 problems, 1 training seed:")
    assert "for making 2 comparisons" in caveat(compare_arms(scores, "a"))


def test_json_has_no_undefined_numbers():
    comparison = compare_arms(scores_of("a", "u") + scores_of("b", "u"), "a")
    assert math.isnan(comparison.of("a", "held").accuracy)
    text = json.dumps(comparison.to_json(), allow_nan=False)
    assert json.loads(text)["metrics"][0]["accuracy"] is None
