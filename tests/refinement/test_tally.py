"""Accuracy, tokens, drafts harmed and fixed, and the vote at equal tokens."""

import json
import random

import pytest

from redink.refinement.curve import Curve
from redink.refinement.strategy import ORACLE, parse_strategies
from redink.refinement.tally import arms_played, scores_of, tally
from tests.refinement.scripted import (
    ScriptedEngine,
    ScriptedJudge,
    desk_of,
    drafts_by,
    played,
    problem,
)

ONE, TWO, THREE = problem("one?", "1"), problem("two?", "2"), problem("three?", "3")
DRAFTS = {
    "one?": [("#### 1", 10), ("#### 1", 10), ("#### 7", 10)],
    "two?": [("#### 2", 20), ("#### 8", 20), ("#### 9", 20)],
    "three?": [("#### 4", 30), ("#### 4", 30), ("#### 3", 30)],
}
GREEDY = {"one?": ("#### 1", 5), "two?": ("#### 5", 5), "three?": ("#### 3", 5)}


def desk_with(**engines):
    model = ScriptedEngine(drafts_by(DRAFTS, greedy=GREEDY))
    return desk_of([ONE, TWO, THREE], {"model": model, **engines}, samples=3)


def tallied(desk, texts, oracle=True):
    from redink.refinement.plays import play

    strategies = parse_strategies(texts, desk.sampling.samples)
    arms = arms_played([(one, play(desk, one)) for one in strategies], oracle)
    benchmarks = {"made": list(desk.problems)}
    return arms, tally(arms, benchmarks, desk.greedy, desk.samples), scores_of(arms, benchmarks)


def rows_of(facts):
    return {row["name"]: row for row in facts["strategies"]}


class TestCurve:
    def curve(self):
        return Curve(desk_with().samples)

    def test_each_draft_counts_the_same_in_a_vote_of_n(self):
        votes = {n: list(self.curve().votes(n).values()) for n in (1, 2, 3)}
        assert votes[1] == pytest.approx([2 / 3, 1 / 3, 1 / 3])
        # Windows of two: one? 11, 17, 71; two? 28, 89, 92; three? 44, 43, 34. Ties count a half.
        assert votes[2] == pytest.approx([2 / 3, 1 / 3, 1 / 3])
        # two? is a tie of three.
        assert votes[3] == pytest.approx([1, 1 / 3, 0])

    def test_passes_are_estimated_without_bias(self):
        assert list(self.curve().passes(2).values()) == pytest.approx([1, 2 / 3, 2 / 3])
        assert list(self.curve().passes(3).values()) == [1, 1, 1]

    def test_between_two_sizes_the_line_is_straight(self):
        curve = self.curve()
        assert curve.tokens == 20
        assert list(curve.at_tokens(50, "votes").values()) == pytest.approx([5 / 6, 1 / 3, 1 / 6])
        assert curve.at_tokens(40, "votes") == curve.votes(2)
        assert curve.at_tokens(60, "votes") == curve.votes(3)
        assert list(curve.at_tokens(30, "passes").values()) == pytest.approx([5 / 6, 1 / 2, 1 / 2])

    def test_below_one_draft_it_is_one_and_beyond_all_of_them_nothing_is_known(self):
        assert self.curve().at_tokens(3, "votes") == self.curve().votes(1)
        assert self.curve().at_tokens(61, "votes") is None


class TestTally:
    def test_drafts_harmed_and_fixed_are_counted_against_the_greedy_draft(self):
        refiner = ScriptedEngine(lambda m, i, s: ("#### 2", 7))
        _, facts, _ = tallied(desk_with(global_refiner=refiner), ["greedy", "global", "majority"])
        rows = rows_of(facts)
        figures = {n: (r["right"], r["harmed"], r["fixed"], r["tokens"]) for n, r in rows.items()}
        assert figures == {
            "greedy": (2, 0, 0, 5),
            "global": (1, 2, 1, 12),
            "majority-3": (2, 1, 1, 60),
            "oracle:global": (3, 0, 1, 12),
            "oracle:3-drafts": (3, 0, 1, 60),
        }
        assert {r["drafts_right"] for r in rows.values()} == {2}

    def test_blind_choice_among_answers_and_among_different_texts(self):
        _, facts, _ = tallied(desk_with(), ["greedy", "majority-3"])
        rows = rows_of(facts)
        # one? two of three are right, one of two texts; two? one of three; three? one of three, one
        # of two texts.
        assert rows["majority-3"]["blind"] == pytest.approx((2 / 3 + 1 / 3 + 1 / 3) / 3)
        assert rows["majority-3"]["blind_text"] == pytest.approx((1 / 2 + 1 / 3 + 1 / 2) / 3)
        assert rows["greedy"]["blind"] == rows["greedy"]["blind_text"] == rows["greedy"]["accuracy"]

    def test_the_vote_at_equal_tokens_stands_beside_each_strategy(self):
        refiner = ScriptedEngine(lambda m, i, s: ("#### 2", 45))
        _, facts, _ = tallied(desk_with(global_refiner=refiner), ["global", "greedy"])
        equal = rows_of(facts)["global"]["at_equal_tokens"]
        # 50 tokens: half way between votes of two and of three drafts.
        assert equal["drafts"] == 2.5
        assert equal["majority"] == pytest.approx((5 / 6 + 1 / 3 + 1 / 6) / 3)
        assert equal["difference"] == pytest.approx(1 / 3 - 4 / 9)
        assert equal["interval"][0] < equal["difference"] < equal["interval"][1]
        cheap = rows_of(facts)["greedy"]["at_equal_tokens"]
        assert (cheap["drafts"], cheap["majority"]) == (1.0, pytest.approx(4 / 9))
        dear = ScriptedEngine(lambda m, i, s: ("#### 2", 99))
        _, facts, _ = tallied(desk_with(global_refiner=dear), ["global"])
        assert rows_of(facts)["global"]["at_equal_tokens"] is None

    def test_scores_hold_all_tokens_that_were_sampled_for_the_answer(self):
        refiner = ScriptedEngine(lambda m, i, s: ("#### 2", 7))
        _, facts, scores = tallied(desk_with(global_refiner=refiner), ["global", "majority-2"])
        assert [(s.model, s.n_tokens, s.sample) for s in scores[:6]] == [
            ("global", 12, 0),
            ("global", 12, 0),
            ("global", 12, 0),
            ("majority-2", 20, 0),
            ("majority-2", 40, 0),
            ("majority-2", 60, 0),
        ]
        json.dumps(facts, allow_nan=False)

    def test_a_problem_whose_reference_cannot_be_read_is_left_out(self):
        from dataclasses import replace

        desk = desk_with()
        key = next(iter(desk.problems))
        first = desk.greedy[key]
        broken = replace(first.answer.response, outcome="gold_unparsable")
        desk.greedy[key] = replace(first, answer=replace(first.answer, response=broken))
        _, facts, scores = tallied(desk, ["greedy"])
        assert rows_of(facts)["greedy"]["problems"] == 2
        assert len(scores) == 3

    def test_several_benchmarks_are_pooled_beside_their_own_rows(self):
        from redink.refinement.plays import play

        desk = desk_with()
        first, *others = desk.problems
        strategies = parse_strategies(["greedy", "majority"], 3)
        arms = arms_played([(one, play(desk, one)) for one in strategies], False)
        benchmarks = {"a": [first], "b": others}
        facts = tally(arms, benchmarks, desk.greedy, desk.samples)
        rights = {(r["benchmark"], r["name"]): r["right"] for r in facts["strategies"]}
        assert rights["all benchmarks", "greedy"] == rights["a", "greedy"] + rights["b", "greedy"]
        assert rights["all benchmarks", "majority-3"] == 2
        assert facts["majority"]["all benchmarks"][0]["tokens"] == 20
        assert {s.benchmark for s in scores_of(arms, benchmarks)} == {"a", "b"}

    def test_one_problem_has_no_interval_but_figures(self):
        model = ScriptedEngine(drafts_by(DRAFTS, greedy=GREEDY))
        desk = desk_of([ONE], {"model": model}, samples=3)
        _, facts, _ = tallied(desk, ["majority"])
        assert rows_of(facts)["majority-3"]["at_equal_tokens"]["interval"] == [None, None]
        json.dumps(facts, allow_nan=False)


EVERY = [
    "greedy",
    "majority",
    "majority-2",
    "best-of:orm",
    "best-of-2:sorm-mean",
    "best-of:critic",
    "weighted-majority:sorm-product",
    "self-critique",
    "self-critique:two-stage",
    "critique-then-refine-2",
    "global",
    "local:sorm",
    "local:critic",
    "glore",
    "draft/majority/critique-then-refine-1+orm",
    "beam-4:sorm-last",
]


@pytest.mark.parametrize("seed", range(12))
def test_no_strategy_ever_beats_its_own_oracle(seed):
    """In worlds where models and scorers say anything at all."""

    def anything(messages, sample, sampling):
        draw = random.Random(f"{seed} {sample} {[m.content for m in messages]} {sampling.stop}")
        step = draw.choice(["a = 1", "b = 2", "Step 1 is wrong."])
        lines = [f"{step} {draw.randint(0, 99)}" for _ in range(draw.randint(0, 3))]
        ends = [f"#### {draw.randint(1, 3)}", "Conclusion: wrong", "Conclusion: right", "hm"]
        if sampling.stop:
            return draw.choice([*lines, ends[0]]), draw.randint(1, 9)
        return "\n".join([*lines, draw.choice(ends), ends[0]]), draw.randint(1, 40)

    def any_score(text):
        draw = random.Random(f"{seed} {text}")
        return [draw.random() for line in text.split("\n") if line.strip()]

    roles = ("model", "critic", "global_refiner", "local_refiner")
    problems = [problem(f"question {i}?", str(1 + i % 3)) for i in range(6)]
    desk = desk_of(
        problems,
        {role: ScriptedEngine(anything) for role in roles},
        {name: ScriptedJudge(any_score) for name in ("orm", "sorm", "critic")},
        samples=4,
    )
    strategies = parse_strategies(EVERY, 4)
    _, facts, scores = tallied(desk, EVERY)
    rows = rows_of(facts)
    for strategy in strategies:
        if strategy.answers > 1:
            oracle = rows[ORACLE + strategy.pool]
            assert rows[strategy.name]["accuracy"] <= oracle["accuracy"], strategy.name
            assert oracle["harmed"] == 0 or "drafts" in strategy.pool or strategy.kind == "beam"
        for question, pick in played(desk, strategy.name).items():
            assert pick.chosen.is_right <= pick.oracle().chosen.is_right, question
            assert pick.tokens >= (pick.chosen.response.n_tokens or 0)
    outcomes = {s.outcome for s in scores}
    assert {"correct", "wrong"} <= outcomes
    for score in scores:
        assert score.response_id in desk.writer.responses
