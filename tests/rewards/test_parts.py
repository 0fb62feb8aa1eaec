"""The parts that rules decide: exact values."""

import pytest

from redink.errors import UsageError
from redink.prompts import prompt_named
from redink.records import Problem, problem_id
from redink.rewards import Rollout, answer_form_of, check_reward
from redink.rewards.parts import is_stated, overlong


def problem(answer, **meta):
    question = "How many hens are there?"
    return Problem(problem_id(question, answer), question, answer, meta=meta)


def stated(text, form="marked", finish="stop", of=None):
    return is_stated(Rollout(of or problem("14"), text, 10, finish), form)


@pytest.mark.parametrize(
    ("n_tokens", "value"),
    [(0, 0.0), (16_384, 0.0), (16_385, -1 / 4096), (18_432, -0.5), (20_480, -1.0), (20_999, -1.0)],
)
def test_the_soft_punishment_is_dapos(n_tokens, value):
    assert overlong(n_tokens, 20_480, 4_096) == value


def test_an_answer_is_stated_where_the_text_marks_it():
    assert stated("7 + 7 = 14\n#### 14")
    assert stated("So it is $\\boxed{14}$.")
    assert stated("The answer is 14.")
    assert not stated("7 + 7 = 14")
    assert not stated("So it is $\\boxed{14")
    assert not stated("")


def test_a_form_that_is_asked_for_is_the_only_one():
    texts = {"hashes": "#### 14", "boxed": "\\boxed{14}", "phrase": "The answer is 14."}
    for form in texts:
        assert {name: stated(text, form) for name, text in texts.items()} == {
            name: name == form for name in texts
        }


def test_an_option_is_stated_where_it_is_named_as_the_answer():
    choice = problem("B", answer_type="choice", choices=["12", "14", "16"])
    assert stated("The answer is (B).", of=choice)
    assert stated("\\boxed{B}", "boxed", of=choice)
    assert not stated("Perhaps many hens.", of=choice)


def test_the_asked_form_is_read_off_the_prompt():
    forms = {
        name: answer_form_of(prompt_named(name)) for name in ("plain", "boxed-cot", "few-shot")
    }
    assert forms == {"plain": "marked", "boxed-cot": "boxed", "few-shot": "hashes"}


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"corect": 1.0}, "'corect' is unknown; use correct, partial"),
        ({}, "no part has a weight above 0"),
        ({"correct": 0.0}, "no part has a weight above 0"),
        ({"correct": -1.0}, "reward.correct"),
        ({"correct": "1"}, "reward.correct"),
        ({"correct": True}, "reward.correct"),
        ({"correct": float("nan")}, "reward.correct"),
        ("correct", "no set of weights"),
    ],
)
def test_wrong_weights_are_refused(parts, said):
    with pytest.raises(UsageError, match=said):
        check_reward(parts)


def test_weights_come_in_the_parts_own_order():
    found = check_reward({"length": 1, "format": 0, "correct": 1})
    assert list(found.items()) == [("correct", 1.0), ("format", 0.0), ("length", 1.0)]
