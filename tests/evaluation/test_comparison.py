"""Comparing arms."""

import dataclasses
import json
import math

import pytest

from redink.errors import DataError, UsageError
from redink.evaluation import compare_arms
from redink.evaluation.conclusion import caveat, conclusions
from redink.evaluation.metrics import MACRO, POOLED
from redink.records import Score

SHORT = {
    "c": "correct",
    "w": "wrong",
    "n": "no_answer",
    "t": "truncated",
    "u": "gold_unparsable",
}


def scores_of(arm, outcomes, benchmark="held", sample=0):
    return [
        Score(arm, benchmark, f"p{n}", sample, f"r{arm}{n}", SHORT[letter], None, "none", 10 + n)
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
    assert comparison.benchmarks == ("one", "two", MACRO, POOLED)
    assert comparison.headline == POOLED
    assert comparison.of("b", POOLED).n_problems == 6
    assert comparison.of("b", POOLED).accuracy == pytest.approx(3 / 6)
    assert comparison.difference("b", POOLED).wins == 2
    assert comparison.difference("b", POOLED).difference == pytest.approx(2 / 6)


def test_the_average_of_benchmarks_counts_each_the_same():
    scores = [
        *scores_of("a", "cw", "one"), *scores_of("b", "cc", "one"),
        *scores_of("a", "wwww", "two"), *scores_of("b", "cwww", "two"),
    ]  # fmt: skip
    comparison = compare_arms(scores, "a")
    assert comparison.of("b", MACRO).accuracy == pytest.approx((1 + 1 / 4) / 2)
    paired = comparison.difference("b", MACRO)
    assert paired.difference == pytest.approx((1 / 2 + 1 / 4) / 2)
    assert (paired.test, paired.mcnemar_p) == ("sign flips", None)


def test_benchmarks_of_one_size_need_no_second_average():
    scores = [s for arm in "ab" for name in ("one", "two") for s in scores_of(arm, "cw", name)]
    assert compare_arms(scores, "a").benchmarks == ("one", "two", POOLED)


def test_a_benchmark_that_one_arm_lacks_is_compared_but_not_pooled():
    scores = [s for arm in "ab" for name in ("one", "two") for s in scores_of(arm, "ccww", name)]
    scores += scores_of("c", "cccc", "two")
    comparison = compare_arms(scores, "a")
    assert comparison.benchmarks == ("one", "two")
    assert comparison.headline == "two"
    assert comparison.find("c", "one") is None
    assert comparison.difference("c", "one") is None
    assert comparison.difference("b", "one").n_problems == 4
    assert "one: no answers of c; the rows over all benchmarks leave it out" in comparison.notes
    assert len(conclusions(comparison)) == 2


def test_scores_of_two_runs_are_compared_on_the_problems_they_share():
    scores = scores_of("a", "ccccww") + scores_of("b", "wwcc")
    comparison = compare_arms(scores, "a")
    assert comparison.of("a", "held").n_problems == comparison.of("b", "held").n_problems == 4
    assert comparison.of("a", "held").accuracy == 1.0
    assert comparison.difference("b", "held").difference == -0.5
    assert "only the 4 that all share are used" in comparison.notes[0]


def test_several_samples_are_averaged_within_their_problem():
    scores = [
        *scores_of("a", "cw"), *scores_of("a", "ww", sample=1),
        *scores_of("b", "cc"), *scores_of("b", "cw", sample=1),
    ]  # fmt: skip
    comparison = compare_arms(scores, "a")
    assert comparison.of("a", "held").accuracy == 0.25
    assert comparison.of("a", "held").n_problems == 2
    assert comparison.of("a", "held").interval.method == "Wilson, effective size"
    paired = comparison.difference("b", "held")
    assert (paired.difference, paired.p, paired.test) == (0.5, 0.5, "sign flips")
    assert paired.interval.low < 0.5 < paired.interval.high


def test_several_samples_have_their_pass_rates_and_vote():
    scores = [
        s for number, letters in enumerate(("cwc", "ccw", "www", "wnw"))
        for s in scores_of("a", letters, sample=number)
    ]  # fmt: skip
    arm = compare_arms(scores, "a").of("a", "held")
    assert (arm.samples, arm.n_samples, arm.n_problems) == (4, 12, 3)
    assert [at.k for at in arm.passes] == [1, 2, 4]
    assert arm.passes[0].value == pytest.approx(arm.accuracy) == pytest.approx(4 / 12)
    assert arm.passes[2].value == 1.0
    assert arm.majority.k == 4


def test_a_missing_sample_never_makes_pass_at_k_certain():
    scores = scores_of("a", "cc") + scores_of("a", "c", sample=1)
    arm = compare_arms(scores, "a").of("a", "held")
    assert [(at.k, at.n_problems, at.left_out) for at in arm.passes] == [(1, 2, 0), (2, 1, 1)]


def seeds_of(arm, *letters):
    return [s for n, row in enumerate(letters, 1) for s in scores_of(f"{arm}@{n}", row)]


def test_training_seeds_are_averaged_with_their_spread():
    scores = seeds_of("a", "ccww", "cwww") + seeds_of("b", "cccc", "cccw", "ccww")
    comparison = compare_arms(scores, "a")
    assert comparison.arms == ("a", "b")
    assert comparison.n_seeds == {"a": 2, "b": 3}
    arm = comparison.of("b", "held")
    assert arm.accuracy == pytest.approx(0.75)
    assert [(seed.seed, seed.accuracy) for seed in arm.seeds] == [("1", 1), ("2", 0.75), ("3", 0.5)]
    assert arm.seeds_deviation == pytest.approx(0.25)
    assert comparison.of("a", "held").n_problems == 4
    paired = comparison.difference("b", "held")
    assert paired.difference == pytest.approx(0.375)
    assert paired.interval.method == "bootstrap over problems and seeds"
    assert (paired.wins, paired.losses, paired.seeds) == (3, 0, (3, 2))


def test_a_seed_is_the_same_training_on_every_benchmark():
    one = scores_of("a@1", "cccc", "one") + scores_of("a@2", "wwww", "one")
    two = scores_of("a@2", "wwww", "two") + scores_of("a@1", "cccc", "two")
    arm = compare_arms(one + two, "a").of("a", POOLED)
    assert [(seed.seed, seed.accuracy) for seed in arm.seeds] == [("1", 1.0), ("2", 0.0)]


def test_the_baseline_is_named_without_a_seed():
    scores = seeds_of("a", "cw", "cc") + scores_of("b", "cw")
    with pytest.raises(UsageError, match="'a@1' is one training of several; name one of: a, b"):
        compare_arms(scores, "a@1")


def test_identical_samples_do_not_make_a_certain_zero():
    scores = [s for arm in "ab" for n in range(3) for s in scores_of(arm, "ccwwww", sample=n)]
    comparison = compare_arms(scores, "a")
    interval = comparison.difference("b", "held").interval
    assert interval.low < 0.0 < interval.high
    assert "No: the two did alike" in conclusions(comparison)[0]


def test_answers_of_the_judge_are_counted_apart():
    scores = [dataclasses.replace(s, compared_by="judge") for s in scores_of("a", "cw")]
    assert compare_arms(scores + scores_of("a", "c", "two"), "a").of("a", "held").judged == 2


def test_marks_are_kept():
    comparison = compare_arms(scores_of("a", "c"), "a", marks=["validation overlaps held"])
    assert comparison.to_json()["marks"] == ["validation overlaps held"]


def test_the_order_of_the_scores_changes_nothing():
    scores = seeds_of("a", "ccwwcw", "cwwwcc") + seeds_of("b", "ccccww", "cccwcc")
    reversed_scores = scores_of("x", "") + sorted(
        scores, key=lambda s: (s.model, s.problem_id[::-1])
    )
    there, back = compare_arms(scores, "a"), compare_arms(reversed_scores, "a")
    assert there.differences == back.differences


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
    assert (
        "the interval holds zero. A difference of this size needs about 29 problems"
        in (conclusions(comparison)[0])
    )


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


def test_the_caveat_says_what_training_seeds_cover():
    both = caveat(compare_arms(seeds_of("a", "cw", "cc") + seeds_of("b", "cw", "ww"), "a"))
    assert both.startswith("2 problems, 2 training seeds: the intervals cover the choice of ")
    assert "problems and the chance in training an arm again." in both
    assert "2-3 seeds say little about the spread" in both
    one = caveat(compare_arms(seeds_of("a", *["cw"] * 4) + scores_of("b", "cw"), "a"))
    assert "training seeds: a 4 and b 1" in one
    assert "the chance in training a again, not in training b" in one
    assert "say little" not in one


def test_a_difference_drowned_by_training_asks_for_seeds():
    scores = seeds_of("a", "c" * 20 + "w" * 20, "w" * 40) + seeds_of(
        "b", "c" * 22 + "w" * 18, "w" * 40
    )
    comparison = compare_arms(scores, "a")
    assert comparison.difference("b", "held").problems_needed is None
    assert "needs more training seeds, not more problems" in conclusions(comparison)[0]


def test_json_has_no_undefined_numbers():
    comparison = compare_arms(scores_of("a", "u") + scores_of("b", "u"), "a")
    assert math.isnan(comparison.of("a", "held").accuracy)
    text = json.dumps(comparison.to_json(), allow_nan=False)
    assert json.loads(text)["metrics"][0]["accuracy"] is None
