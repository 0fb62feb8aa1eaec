"""What a critique says of the steps, however it says it."""

import pytest

from redink.critics.judgement import judgement_by_scores, judgement_of
from redink.critics.settings import CriticSettings, trained_prompt
from redink.errors import UsageError
from redink.records import Critique, Problem, Response
from redink.teachers.verdict import read_verdict
from redink.training.rendering import critique_messages, plain_solution

RESPONSE = Response("r1", "p1", "3 + 4 = 8\n8 + 5 = 13\n#### 13", "respond")
CASES = [
    ("Step 1: wrong.\nFirst wrong step: 1\nConclusion: wrong [END]", True, 0),
    ("First wrong step: 2\nConclusion: wrong", True, 1),
    ("First wrong step: 2. The answer happens to be right.\nConclusion: right", True, 1),
    ("First wrong step: none\nConclusion: right [END]", False, None),
    ("First wrong step: none\nConclusion: wrong [END]", True, None),
    ("First wrong step: 9\nConclusion: wrong", True, None),
    ("Step 1 is fine: 3 + 4.\nThe first mistake is in step 2. So.\nConclusion: wrong", True, 1),
    ("The final answer is wrong.\n\nConclusion: wrong", True, 2),
    ("I do not like it.\n\nConclusion: wrong", True, None),
    ("All is well.\n\nConclusion: right", False, None),
    ("Well, who knows.", None, None),
    ("Conclusion: right/wrong", None, None),
]


@pytest.mark.parametrize(("text", "flagged", "first_error"), CASES)
def test_a_critique_is_read_as_a_judgement_of_the_steps(text, flagged, first_error):
    reading = read_verdict(text)
    critique = Critique("c1", "r1", text, reading.verdict, why=reading.why)
    found = judgement_of("l1", critique, RESPONSE)
    assert (found.flagged, found.first_error) == (flagged, first_error)
    assert bool(found.why) == (flagged is None)


def test_the_teachers_own_place_counts():
    critique = Critique("c1", "r1", "It goes wrong.", "wrong", first_error=1)
    assert judgement_of("l1", critique, RESPONSE).first_error == 1


@pytest.mark.parametrize(
    ("scores", "flagged", "first_error"),
    [((0.9, 0.4, 0.3), True, 1), ((0.5, 0.9), False, None), ((0.1,), True, 0), ((), False, None)],
)
def test_the_first_step_below_the_threshold_is_the_first_error(scores, flagged, first_error):
    found = judgement_by_scores("l1", scores, 0.5)
    assert (found.flagged, found.first_error) == (flagged, first_error)


@pytest.mark.parametrize(
    "text",
    ["3 + 4 = <<3+4=7>>7\n#### 7 ", "{{ problem.answer }} {% raw %}", "\n a &amp; <b> \\n é\n\n x"],
)
def test_a_trained_critic_is_asked_as_in_training(text):
    problem = Problem("p1", f" What is {text}? ", "12", "It is 12.")
    trained = critique_messages(problem, Response("r1", "p1", text, "respond"))
    shown = Response("r1", "p1", plain_solution(text), "respond")
    asked = trained_prompt().ask(problem, shown)
    assert asked.messages == trained
    assert not asked.saw_reference


def test_models_of_this_machine_are_asked_as_trained_and_others_step_by_step():
    settings = CriticSettings()
    assert settings.teacher("smollm2-135m").prompt.name == "trained"
    assert settings.teacher("endpoint:m@http://127.0.0.1:1/v1").prompt.name == "steps"
    assert CriticSettings(preset="cft").teacher("smollm2-135m").prompt.name == "cft"


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(UsageError, match="threshold"):
        CriticSettings(threshold=1.0)
    with pytest.raises(UsageError, match="preset 'stepz' is unknown"):
        CriticSettings(preset="stepz")
