"""Strategies as recipes name them."""

import pytest

from redink.errors import UsageError
from redink.refinement.strategy import (
    arms_of,
    completions_at_most,
    misfit,
    needs,
    parse_strategies,
    parse_strategy,
)


@pytest.mark.parametrize(
    ("text", "name", "n", "by"),
    [
        ("greedy", "greedy", 1, ""),
        ("majority", "majority-8", 8, ""),
        ("majority-3", "majority-3", 3, ""),
        ("majority@3", "majority-3", 3, ""),
        ("best-of", "best-of-8:orm", 8, "orm"),
        ("best-of-3:sorm", "best-of-3:sorm-min", 3, "sorm-min"),
        ("best-of:critic", "best-of-8:critic", 8, "critic"),
        ("weighted-majority-4:sorm-product", "weighted-majority-4:sorm-product", 4, "sorm-product"),
        ("self-critique", "self-critique:single-pass", 1, "single-pass"),
        ("critique-then-refine", "critique-then-refine-3", 3, ""),
        ("critique-then-refine-1", "critique-then-refine-1", 1, ""),
        ("global", "global", 1, ""),
        ("local", "local:sorm", 1, "sorm"),
        ("beam", "beam-4:sorm-last", 4, "sorm-last"),
    ],
)
def test_a_strategy_is_read_with_its_number_and_its_choice(text, name, n, by):
    strategy = parse_strategy(text, 8)
    assert (strategy.name, strategy.n, strategy.by) == (name, n, by)
    assert parse_strategy(strategy.name, 8) == strategy


def test_glore_chooses_among_draft_global_and_local_by_the_orm():
    glore = parse_strategy("glore", 8)
    assert glore.name == "draft/global/local:sorm+orm"
    assert [part.name for part in glore.parts] == ["greedy", "global", "local:sorm"]
    assert parse_strategy(glore.name, 8) == glore


def test_no_name_looks_like_a_training_seed():
    from redink.evaluation.seeds import arm_of

    for arm in arms_of(["majority@3", "majority-4", "best-of@2:orm", "beam"], 8):
        assert arm_of(arm) == arm


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("vote", "unknown; there are"),
        ("majority-9", "wants 9 drafts, the stage samples 8"),
        ("majority-1", "too few"),
        ("global-3", "takes no number"),
        ("best-of:llm", "behind the colon stands orm"),
        ("global:orm", "behind the colon stands nothing"),
        ("draft+orm", "two strategies or more"),
        ("draft/global+nobody", "two strategies or more"),
        ("Majority", "unknown"),
    ],
)
def test_what_is_no_strategy_is_refused_by_name(text, reason):
    with pytest.raises(UsageError, match=reason):
        parse_strategy(text, 8)


def test_a_strategy_named_twice_is_played_once():
    assert [s.name for s in parse_strategies(["majority", "majority-8"], 8)] == ["majority-8"]


def test_each_pool_of_drafts_has_one_oracle_and_a_single_draft_none():
    arms = arms_of(["greedy", "majority", "best-of:orm", "best-of-3:orm", "global"], 8)
    assert arms[5:] == ["oracle:8-drafts", "oracle:3-drafts", "oracle:global"]
    assert arms_of(["majority"], 8, oracle=False) == ["majority-8"]


def test_what_strategies_need_is_known_before_anything_runs():
    strategies = parse_strategies(["glore", "critique-then-refine", "best-of:sorm-mean"], 8)
    assert set(needs(strategies)) == {"orm", "sorm", "critic", "global_refiner", "local_refiner"}
    settings = {"strategies": ["local:critic"], "samples": 8}
    assert "needs critic" in misfit(settings, ["problems", "local_refiner"])
    assert misfit(settings, ["problems", "local_refiner", "critic"]) is None
    assert "problems" in misfit(settings, [])
    assert "problems" in misfit(settings, ["problems", "critiques"])
    assert misfit(settings, ["critiques"]) is None
    assert "unknown" in misfit({"strategies": ["x"], "samples": 8}, ["problems"])


def test_an_estimate_counts_what_is_shared_once():
    assert completions_at_most(["greedy", "majority", "best-of:orm"], 8) == (9, 0)
    assert completions_at_most(["glore", "global", "local:sorm"], 3) == (4 + 2, 0)
    assert completions_at_most(["local:critic", "critique-then-refine-2"], 3) == (4 + 3, 1 + 2)
    assert completions_at_most(["beam-4:sorm-last"], 3) == (4 + 4, 0)


def test_no_estimate_is_exceeded():
    """Whatever is played, no more is sampled than was said before."""
    from tests.refinement.scripted import (
        ScriptedEngine,
        ScriptedJudge,
        desk_of,
        played,
        problem,
    )

    texts = ["majority", "glore", "critique-then-refine-2", "self-critique:two-stage"]
    roles = ("model", "critic", "global_refiner", "local_refiner")
    engines = {
        role: ScriptedEngine(lambda m, i, s: f"Step 1 is wrong {i}.\nConclusion: wrong\n#### 9")
        for role in roles
    }
    judges = {name: ScriptedJudge(lambda text: [0.1, 0.2, 0.3]) for name in ("orm", "sorm")}
    desk = desk_of([problem("one?", "1")], engines, judges, samples=4)
    for text in texts:
        played(desk, text)
    sampled = sum(len(c) * s.samples for e in engines.values() for c, s in e.asked)
    assert sampled <= sum(completions_at_most(texts, 4))
