"""Answers at budgets: whole where they ended, cut off and asked for where they had not."""

import pytest

from redink.engines.engine import Sampling
from redink.prompts import prompt_named
from redink.records import Response
from redink.scaling.answers import Scaler
from redink.scaling.closing import BOXED, HASHES, Closer, Request, closing_for
from redink.scaling.cutting import Cutter, has_stated, without_open_line
from tests.scaling.thinker import PlainWords, Thinking, Words, problem

SHORT, LONG = problem("short?", "4"), problem("long?", "36")
TEXTS = {
    "short?": "2 + 2 = 4\n#### 4",
    "long?": "first I take 6\nthen 6 more\nthat is 12\nthree times 12 is 36\n#### 36",
}


def answers(budgets, replies=None, texts=None, samples=1, problems=(SHORT, LONG)):
    engine = Thinking(texts or TEXTS, replies or {})
    sampling = Sampling(0.7 if samples > 1 else 0.0, 1.0, 1, samples)
    scaler = Scaler(engine, prompt_named("plain"), sampling, budgets, HASHES, 8)
    found = scaler.answers(list(problems), "arm", "test")
    by_id = {one.id: one for one in problems}
    return engine, {
        (by_id[one.answer.response.problem_id].question, one.budget, one.answer.sample): (
            one.answer.response
        )
        for one in found
    }


def test_an_answer_that_ended_within_its_budget_stays_as_it_is():
    engine, found = answers((7, 30))
    for budget in (7, 30):
        response = found["short?", budget, 0]
        assert response.text == TEXTS["short?"]
        assert (response.outcome, response.n_tokens, response.finish) == ("correct", 7, "stop")
        assert response.sampling["ended"] is True
        assert response.sampling["asked"] is False
    assert [text for text in engine.asked if text.startswith("2 + 2")] == []


def test_one_that_had_not_is_cut_off_at_the_budget_and_asked_for():
    engine, found = answers((4, 30), {"long?": " 36"})
    response = found["long?", 4, 0]
    assert response.text == "first I take 6\n#### 36"
    assert sorted(engine.asked) == ["2 + 2 =\n####", "first I take 6\n####"]
    assert (response.outcome, response.answer) == ("correct", "36")
    assert (response.n_tokens, response.finish) == (4 + 1, "stop")
    assert response.sampling["asked"] is True
    assert response.model == "arm:4"
    assert found["long?", 30, 0].outcome == "correct"


def test_the_largest_budget_that_is_too_small_is_asked_about_as_well():
    _, found = answers((2, 8), {"long?": " 12"})
    assert found["long?", 8, 0].text.endswith("that\n#### 12")
    assert found["long?", 8, 0].outcome == "wrong"


def test_an_answer_cut_off_behind_its_statement_is_not_asked_for():
    texts = {"long?": "it is 36\n#### 36\nLet me go on and on and on"}
    engine, found = answers((7,), texts=texts, problems=[LONG])
    assert engine.asked == []
    assert found["long?", 7, 0].text == "it is 36\n#### 36\nLet me"
    assert found["long?", 7, 0].outcome == "correct"


def test_an_answer_cut_off_in_its_statement_is_asked_for_anew():
    texts = {"long?": "it is 36\n#### 36 legs in all"}
    engine, found = answers((5,), {"long?": " 36"}, texts, problems=[LONG])
    assert engine.asked == ["it is 36\n####"]
    assert found["long?", 5, 0].text == "it is 36\n#### 36"


def test_a_text_that_two_budgets_cut_at_the_same_place_is_asked_about_once():
    texts = {"long?": "so\n#### 36 is what I make of all that there is"}
    engine, found = answers((2, 3, 4), {"long?": " 36"}, texts, problems=[LONG])
    assert engine.asked == ["so\n####"]
    assert {found["long?", budget, 0].outcome for budget in (2, 3, 4)} == {"correct"}


def test_samples_keep_their_places():
    texts = {"long?": ["#### 36", "#### 35", "I think and think and think"]}
    _, found = answers((3, 5), {"long?": " 1"}, texts, samples=3, problems=[LONG])
    outcomes = [found["long?", 5, sample].outcome for sample in range(3)]
    assert outcomes == ["correct", "wrong", "wrong"]
    assert len({response.id for response in found.values()}) == 6


def test_a_reply_that_says_nothing_is_no_answer():
    _, found = answers((4, 30), {"long?": ""})
    assert found["long?", 4, 0].outcome in ("no_answer", "wrong")
    assert found["long?", 4, 0].answer in (None, "6")


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("it is 36\n#### 36\n", True),
        ("it is 36\n#### 36", False),
        ("so \\boxed{36}", True),
        ("so \\boxed{3", False),
        ("the answer is 36. Wait", False),
        ("36", False),
        ("it is 36\n##", False),
    ],
)
def test_only_a_finished_statement_counts(text, stated):
    assert has_stated(text, LONG) is stated


@pytest.mark.parametrize(
    ("text", "left"),
    [("a\n#### 3", "a"), ("a\nb ", "a\nb"), ("#### 3", ""), ("a\n##", "a"), ("a # b", "a # b")],
)
def test_a_statement_that_was_begun_is_taken_back(text, left):
    assert without_open_line(text) == left


def test_the_closing_phrase_is_in_the_form_that_the_prompt_asks_for():
    assert closing_for(prompt_named("plain")) == HASHES
    assert closing_for(prompt_named("few-shot")) == HASHES
    for name in ("boxed-cot", "qwen25-math-cot", "few-shot-boxed", "choice-cot"):
        assert closing_for(prompt_named(name)) == BOXED


@pytest.mark.parametrize("tokenizer", [Words(), PlainWords()])
def test_tokenizers_with_and_without_offsets_cut_alike(tokenizer):
    response = Response("r", "p", TEXTS["long?"], "scale", finish="stop")
    (found,) = Cutter(tokenizer).cuts([response], [1, 4, 100])
    assert [cut.text for cut in found] == ["first", "first I take 6", TEXTS["long?"]]
    assert [cut.tokens for cut in found] == [1, 4, 17]
    assert [cut.ended for cut in found] == [False, False, True]


def test_raw_prompts_are_continued_as_text():
    closer = Closer(Thinking({}, {}), prompt_named("few-shot"), HASHES, 8)
    conversation = closer.conversation("0", Request(LONG, "I take 6"))
    assert conversation.messages == ()
    assert conversation.raw.endswith("Question: long?\nAnswer: I take 6\n####")


@pytest.mark.usefixtures("capfd")
def test_a_text_that_a_model_cannot_go_on_with_stays_cut_off(tiny_student):
    from redink.engines.opening import open_engine

    engine = open_engine(tiny_student, dtype="float32", batch_size=4)
    closer = Closer(engine, prompt_named("plain"), HASHES, 6)
    control, long = "so <|im_end|> then", "too long for it " * 60
    fine, spelled, filled = closer.ask(
        [Request(LONG, "I take 6"), Request(LONG, control), Request(LONG, long)], "test"
    )
    assert fine.asked
    assert fine.text.startswith("I take 6\n####")
    assert 0 < fine.tokens <= 6
    assert (spelled.text, spelled.asked, spelled.finish) == (control, False, "length")
    assert (filled.text, filled.asked) == (long, False)
