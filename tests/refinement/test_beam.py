"""Step-level beam search by the SORM."""

import pytest

from redink.errors import UsageError
from tests.refinement.scripted import (
    ScriptedEngine,
    ScriptedJudge,
    by_line,
    desk_of,
    played,
    problem,
)

ONE = problem("one?", "1")
TREE = {
    "": ["bad start", "good start", "poor start", "bad start"],
    "good start": ["wrong turn", "right turn"],
    "poor start": ["#### 9", "right turn"],
    "good start\nright turn": ["#### 1", "#### 1"],
    "good start\nwrong turn": ["#### 8", "#### 8"],
    "poor start\nright turn": ["#### 7", "#### 7"],
}
SORM = by_line(bad=0.1, poor=0.4, wrong=0.2, good=0.8, right=0.7, **{"#### 9": 0.3, "#### 7": 0.2})


def walk(tree):
    def say(messages, sample, sampling):
        assert sampling.stop[0] == "\n"
        begun = messages[-1].content if messages[-1].role == "assistant" else ""
        assert not begun or begun.endswith("\n")
        return tree[begun.rstrip("\n")][sample]

    return say


def work(tree=TREE, sorm=SORM, **more):
    engine = ScriptedEngine(walk(tree))
    return desk_of([ONE], {"model": engine}, {"sorm": ScriptedJudge(sorm)}, **more), engine


def test_the_best_prefixes_are_kept_and_gone_on_with():
    desk, engine = work()
    pick = played(desk, "beam-4:sorm-last")["one?"]
    assert pick.chosen.text == "good start\nright turn\n#### 1"
    begun = [
        sorted(c.messages[-1].content for c in conversations if c.messages[-1].role == "assistant")
        for conversations, _ in engine.asked
    ]
    assert begun[0] == []
    assert begun[1] == ["good start\n", "poor start\n"]
    # Both `right turn`s score 0.7, `wrong turn` 0.2; `#### 9` was finished before.
    assert sorted(begun[2] + (begun[3] if len(begun) > 3 else [])) == [
        "good start\nright turn\n",
        "poor start\nright turn\n",
    ]


def test_every_step_that_was_drawn_counts():
    desk, _ = work()
    pick = played(desk, "beam-4:sorm-last")["one?"]
    # four starts of 2; four second steps, three of 2 and one of 2; then 3 // 2 = 1 step for each
    # of two prefixes, 2 tokens each.
    assert pick.tokens == 8 + 8 + 4
    assert pick.chosen.response.n_tokens == 6
    assert {one.text for one in pick.among} == {
        "poor start\n#### 9",
        "good start\nright turn\n#### 1",
        "poor start\nright turn\n#### 7",
    }


def test_how_step_scores_are_joined_decides_among_whole_answers():
    tree = {
        "": ["good start", "good start", "poor start", "poor start"],
        "good start": ["wrong: \\boxed{8}"] * 2,
        "poor start": ["right: \\boxed{1}"] * 2,
    }
    # last: 0.7 against 0.2; product: 0.28 against 0.16; mean: 0.55 against 0.5
    for by in ("last", "product", "mean", "min"):
        desk, _ = work(tree, by_line(wrong=0.2, right=0.7, good=0.8, poor=0.4))
        chosen = played(desk, f"beam-4:sorm-{by}")["one?"].chosen
        assert chosen.text == "poor start\nright: \\boxed{1}", by
    desk, _ = work(tree, by_line(wrong=0.5, right=0.6, good=0.9, poor=0.4))
    assert played(desk, "beam-4:sorm-min")["one?"].chosen.text == "good start\nwrong: \\boxed{8}"


def test_an_empty_line_is_passed_over_and_two_end_an_answer():
    def say(messages, sample, sampling):
        begun = messages[-1].content if messages[-1].role == "assistant" else ""
        return {"": "a step", "a step\n": "", "a step\n\n": "#### 1"}.get(begun, "")

    engine = ScriptedEngine(say)
    desk = desk_of([ONE], {"model": engine}, {"sorm": ScriptedJudge(lambda text: [0.5])})
    assert played(desk, "beam-2:sorm-last")["one?"].chosen.text == "a step\n#### 1"
    silent = ScriptedEngine(lambda m, i, s: "so" if m[-1].role == "user" else "")
    desk = desk_of([ONE], {"model": silent}, {"sorm": ScriptedJudge(lambda text: [0.5])})
    pick = played(desk, "beam-2:sorm-last")["one?"]
    assert (pick.chosen.text, pick.chosen.is_right) == ("so", False)


def test_an_answer_without_end_is_stopped_at_the_limit_of_tokens():
    engine = ScriptedEngine(lambda m, i, s: ("on and on", 20))
    desk = desk_of([ONE], {"model": engine}, {"sorm": ScriptedJudge(lambda text: [0.5])})
    response = played(desk, "beam-2:sorm-last")["one?"].chosen.response
    assert (response.n_tokens, response.finish, response.outcome) == (80, "length", "truncated")


def test_a_prompt_that_is_a_text_is_refused():
    from dataclasses import replace

    from redink.prompts import prompt_named

    desk, _ = work()
    desk = replace(desk, prompt=prompt_named("few-shot"))
    with pytest.raises(UsageError, match="choose another prompt"):
        played(desk, "beam")
