"""Named prompts."""

import pytest

from redink.errors import UsageError
from redink.prompts import PROMPTS, prompt_named
from redink.records import Message, Problem

PROBLEM = Problem("p", " What is {x} + 1 if x = 2? ", "3")


def test_plain_is_the_prompt_of_training():
    from redink.training.rendering import question_messages

    assert prompt_named("plain").messages(PROBLEM) == question_messages(PROBLEM)


def test_the_papers_prompt_puts_the_request_in_the_system_message():
    system, user = prompt_named("qwen25-math-cot").messages(PROBLEM)
    request = "Please reason step by step, and put your final answer within \\boxed{}."
    assert system == Message("system", request)
    assert user == Message("user", "What is {x} + 1 if x = 2?")


@pytest.mark.parametrize("name", ["boxed-cot", "choice-cot"])
def test_a_request_follows_the_question(name):
    [message] = prompt_named(name).messages(PROBLEM)
    assert message.content.startswith("What is {x} + 1 if x = 2?\n\nPlease reason step by step")


@pytest.mark.parametrize("name", ["few-shot", "few-shot-boxed"])
def test_a_few_shot_prompt_ends_where_the_model_goes_on(name):
    prompt = prompt_named(name)
    text = prompt.text(PROBLEM)
    assert prompt.is_raw
    assert text.count("Question:") == text.count("Answer:") == len(prompt.shots) + 1 == 5
    assert text.endswith("Question: What is {x} + 1 if x = 2?\nAnswer:")
    assert any("Question:" in stop for stop in prompt.stop)


@pytest.mark.parametrize("name", ["few-shot", "few-shot-boxed"])
def test_the_worked_examples_are_right(name):
    from redink.grading.extraction import extract_answer

    for shot in prompt_named(name).shots:
        assert extract_answer(shot.solution) is not None
    answers = [extract_answer(shot.solution).answer for shot in prompt_named(name).shots]
    right = {
        "few-shot": ["22", "31", "144", "20"],
        "few-shot-boxed": ["7", "\\frac{3}{8}", "6\\sqrt{2}", "(-3, 3)"],
    }
    assert answers == right[name]


def test_an_unknown_prompt_names_those_there_are():
    with pytest.raises(UsageError, match="'cot' is unknown; use one of plain, boxed-cot"):
        prompt_named("cot")


def test_every_prompt_is_found_under_its_name():
    assert all(prompt.name == name and prompt.about for name, prompt in PROMPTS.items())
