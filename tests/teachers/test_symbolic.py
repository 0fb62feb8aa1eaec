"""The symbolic teacher on solutions of our own writing."""

import pytest

from redink.records import InjectedError, Problem, Response
from redink.teachers import SymbolicTeacher

PROBLEM = Problem(
    "p",
    "Mia has 16 hens. Each lays 3 eggs a day. She eats 8 eggs and sells the rest for $2 each. "
    "How much does she earn in a day?",
    "80",
    "The hens lay 16 * 3 = 48 eggs.\nMia sells 48 - 8 = 40 eggs.\n"
    "She earns 40 * $2 = $80.\n#### 80",
)


def _critique(text, style="full", problem=PROBLEM, outcome="ungraded", **more):
    response = Response("r", problem.id, text, "respond", outcome=outcome, **more)
    return SymbolicTeacher(style).critique(problem, response)


@pytest.mark.parametrize(
    "text",
    [
        PROBLEM.solution,
        "48 - 8 is 40, and 40 * 2 = 80.\nA: $80.00",
        "Sold are 3 * 16 - 8 = 40 eggs, for 2 * 40 = 80 dollars.\nThe answer is 80 dollars.",
        "All eggs would bring 48 * 2 = 96.\nThe eaten ones are worth 8 * 2 = 16.\n#### 80",
    ],
)
@pytest.mark.parametrize("style", ["full", "brief"])
def test_a_right_final_answer_makes_the_response_right(text, style):
    critique = _critique(text, style)
    assert (critique.verdict, critique.first_error) == ("right", None)
    assert critique.text.endswith("#### 80\nConclusion: right")


@pytest.mark.parametrize(
    ("text", "step", "said"),
    [
        ("16 * 3 = 46\n46 - 8 = 38\n38 * 2 = 76\n#### 76", 0, "48"),
        ("16 * 3 = 48\n48 + 8 = 56\n56 * 2 = 112\n#### 112", 1, "subtract"),
        ("16 * 3 = 48\n48 * 2 = 96\n#### 96", 1, "48 - 8 = 40"),
        ("16 * 3 = 48\n48 - 8 = 40\n#### 40", 2, "40 * 2 = 80"),
        ("16 * 3 = 48\n48 - 8 = 40\n40 * 2 = 80\n#### 48", 3, "80"),
        ("16 * 3 = 48\n48 - 8 = 40\n40 * 2 = 80\n#### 800", 3, "80"),
        ("16 + 3 = 19\n19 - 8 = 11\n11 * 2 = 22\n#### 22", 0, "multipl"),
        ("16 * 3 = 48\n8 - 48 = -40\n-40 * 2 = -80\n#### -80", 1, "48 - 8 = 40"),
        ("16 * 3 = 48\n48 - 5 = 43\n43 * 2 = 86\n#### 86", 1, "8"),
        ("16 * 3 = 48\n84 - 8 = 76\n76 * 2 = 152\n#### 152", 1, "48"),
        ("Each hen lays 7 eggs.\n16 * 7 = 112\n112 - 8 = 104\n104 * 2 = 208\n#### 208", 0, "7"),
    ],
)
def test_the_first_wrong_step_is_found_and_explained(text, step, said):
    critique = _critique(text)
    assert (critique.verdict, critique.first_error) == ("wrong", step)
    assert said in critique.text
    assert critique.text.endswith("#### 80\nConclusion: wrong")


def test_another_order_of_calculation_is_not_blamed():
    text = "16 * 3 = 48\n48 * 2 = 96\n8 * 2 = 16\n96 - 16 = 70\n#### 70"
    assert _critique(text).first_error == 3


def test_a_calculation_that_leads_nowhere_is_not_blamed():
    text = "A week has 16 * 7 = 112 hen days.\n16 * 3 = 48\n48 + 8 = 56\n56 * 2 = 112.5\n#### 112.5"
    assert _critique(text).first_error == 2


def test_a_harmless_slip_is_pointed_out_in_a_right_response():
    critique = _critique("16 * 3 = 47\n48 - 8 = 40\n40 * 2 = 80\n#### 80")
    assert critique.verdict == "right"
    assert "48" in critique.text.split("Conclusion")[0]
    assert "47" in critique.text


def test_the_correction_starts_where_the_response_went_wrong():
    text = "The hens lay 16 * 3 = 48 eggs.\nMia sells 48 + 8 = 56 eggs.\nShe earns 56 * $2 = $112."
    critique = _critique(f"{text}\n#### 112", "brief")
    assert critique.text.split("\n")[2:] == [
        "Mia sells 48 - 8 = 40 eggs.",
        "She earns 40 * $2 = $80.",
        "#### 80",
        "Conclusion: wrong",
    ]


def test_a_wrong_answer_without_readable_steps_gets_no_step():
    critique = _critique(
        "I guess\n#### 12", problem=Problem("p", "?", "7", "2x = 14\nx = 7\n#### 7")
    )
    assert (critique.verdict, critique.first_error) == ("wrong", None)


@pytest.mark.parametrize(
    ("text", "answer"), [("I do not know.", "80"), ("", "80"), ("#### x + 1", "2")]
)
def test_where_it_cannot_tell_the_verdict_is_none_and_it_says_so(text, answer):
    critique = _critique(text, problem=Problem("p", "?", answer, "1 + 1 = 2\n#### 2"))
    assert critique.verdict is None
    assert "cannot tell" in critique.text
    assert "Conclusion" not in critique.text


def test_it_never_looks_at_what_was_injected():
    text = "16 * 3 = 46\n46 - 8 = 38\n38 * 2 = 76\n#### 76"
    misled = InjectedError("wrong_operator", 2, "1", "2")
    honest = _critique(text, outcome="wrong")
    for outcome in ("wrong", "correct"):
        critique = _critique(text, outcome=outcome, error=misled)
        assert (critique.text, critique.first_error) == (honest.text, 0)
    assert _critique(text, outcome="correct").agrees is False
    assert honest.agrees is True
    assert _critique(text, outcome="ungraded").agrees is None


def test_the_wording_varies_with_the_response_and_the_seed():
    def text(response, seed):
        teacher = SymbolicTeacher(seed=seed)
        return teacher.critique(
            PROBLEM, Response(response, "p", "16 * 3 = 46\n46 * 2 = 92\n#### 92", "x")
        ).text

    assert text("a", 0) == text("a", 0)
    assert len({text(f"r{n}", 0) for n in range(20)}) > 10
    assert len({text("a", seed) for seed in range(20)}) > 10


def test_the_brief_style_is_shorter():
    text = "16 * 3 = 48\n48 - 8 = 40\n40 * 2 = 82\n#### 82"
    assert len(_critique(text, "brief").text) < 0.7 * len(_critique(text, "full").text)


def test_a_critique_is_complete():
    critique = _critique(PROBLEM.solution)
    assert (critique.teacher, critique.cost, critique.finish) == ("symbolic", 0.0, "stop")
    assert critique.response_id == "r"
