"""The verb evaluate, with an engine that says what the test wrote down."""

from dataclasses import dataclass, field, replace

import pytest

from redink.engines.engine import Completion, Sampling
from redink.errors import DataError, ModelError, UsageError
from redink.records import Problem, problem_id
from redink.stages.evaluate import evaluate, evaluate_with, name_benchmarks, name_models
from redink.tables import Table, problem_table


@dataclass
class ScriptedEngine:
    """Answers by the question's text, in reverse order; remembers what it was asked."""

    says: dict[str, str]
    name: str = "scripted"
    cut: frozenset[str] = frozenset()
    asked: list = field(default_factory=list)

    def complete(self, conversations, sampling):
        self.asked.append((conversations, sampling))
        for conversation in reversed(conversations):
            question = conversation.messages[-1].content
            word = next((key for key in self.says if key in question), None)
            if word is not None:
                finish = "length" if word in self.cut else "stop"
                for sample in range(sampling.samples):
                    yield Completion(conversation.id, sample, self.says[word], 30, 12, finish)


def problem(question: str, answer: str) -> Problem:
    return Problem(problem_id(question, answer), question, answer, source="made")


PROBLEMS = problem_table([problem("one?", "1"), problem("two?", "2"), problem("half?", "1/2")])
SAMPLING = Sampling(max_tokens=64, seed=3)


def evaluated(engines, benchmarks=PROBLEMS, models=None, sampling=SAMPLING, **more):
    """Scores of one engine per arm."""
    names = models or {arm: arm for arm in engines}
    return evaluate_with(engines.get, names, benchmarks, sampling, **more)


SAYS = {"one": "#### 1", "two": "#### 3", "half": "so \\boxed{0.5}"}


def test_scores_keep_arms_problems_and_how_each_was_graded():
    scores = evaluated({"sft": ScriptedEngine(SAYS), "cft": ScriptedEngine(SAYS)})
    assert [(s.model, s.outcome) for s in scores] == [
        (arm, outcome) for arm in ("sft", "cft") for outcome in ("correct", "wrong", "correct")
    ]
    assert [scores.problems[s.problem_id].question for s in scores[:3]] == ["one?", "two?", "half?"]
    half = scores[2]
    assert (half.benchmark, half.extracted, half.compared_by, half.n_tokens) == (
        "made",
        "0.5",
        "number",
        12,
    )


def test_two_arms_that_say_the_same_keep_their_own_responses():
    scores = evaluated({"sft": ScriptedEngine(SAYS), "cft": ScriptedEngine(SAYS)})
    assert len({s.response_id for s in scores}) == 6
    for score in scores:
        response = scores.responses[score.response_id]
        assert (response.model, response.origin) == (score.model, "evaluate")
        assert response.text == SAYS[scores.problems[score.problem_id].question[:-1]]
        assert response.sampling["max_tokens"] == 64
        assert (response.outcome, response.answer) == (score.outcome, score.extracted)


def test_the_table_survives_writing_and_reading(tmp_path):
    scores = evaluated({"sft": ScriptedEngine(SAYS)})
    scores.write(tmp_path)
    again = Table.read(tmp_path)
    assert again.rows == scores.rows
    assert again.responses == scores.responses
    assert again.problems == scores.problems


def test_the_prompt_is_the_prompt_of_training_and_decoding_is_greedy():
    from redink.training.rendering import question_messages

    engine = ScriptedEngine(SAYS)
    evaluated({"sft": engine})
    [(conversations, sampling)] = engine.asked
    assert sampling.temperature == 0.0
    assert [c.messages for c in conversations] == [tuple(question_messages(p)) for p in PROBLEMS]


def test_answers_that_were_cut_off_are_truncated_not_wrong():
    says = {**SAYS, "one": "first we have 7", "two": "I cannot say"}
    scores = evaluated({"sft": ScriptedEngine(says, cut=frozenset({"one"}))})
    assert [s.outcome for s in scores] == ["truncated", "no_answer", "correct"]


def test_several_samples_are_all_asked_for_and_scored():
    engine = ScriptedEngine(SAYS)
    sampling = Sampling(temperature=0.7, samples=3)
    scores = evaluated({"sft": engine}, sampling=sampling)
    assert [s.sample for s in scores] == [0, 1, 2] * 3
    assert len({s.response_id for s in scores}) == 9
    assert scores.responses[scores[0].response_id].sampling["temperature"] == 0.7


def test_a_named_prompt_is_put_and_kept_with_each_response():
    engine = ScriptedEngine(SAYS)
    scores = evaluated({"sft": engine}, prompt="boxed-cot")
    [(conversations, _)] = engine.asked
    assert all("\\boxed{}" in c.messages[0].content for c in conversations)
    assert {r.sampling["prompt"] for r in scores.responses.values()} == {"boxed-cot"}


def test_a_few_shot_prompt_is_a_text_with_its_stops():
    @dataclass
    class Raw(ScriptedEngine):
        def complete(self, conversations, sampling):
            self.asked.append((conversations, sampling))
            return (Completion(c.id, 0, "#### 1", 9, 3, "stop") for c in conversations)

    engine = Raw({})
    evaluated({"base": engine}, prompt="few-shot")
    [(conversations, sampling)] = engine.asked
    assert all(c.raw and not c.messages for c in conversations)
    assert "\nQuestion:" in sampling.stop


def test_auto_takes_the_benchmarks_own_prompt_and_plain_for_others():
    engine = ScriptedEngine(SAYS)
    rows = [replace(row, source="benchmark:math-500") for row in PROBLEMS]
    benchmarks = {"math-500": problem_table(rows[:1]), "own": problem_table(PROBLEMS[1:])}
    scores = evaluated({"sft": engine}, benchmarks, prompt="auto")
    prompts = {
        score.benchmark: scores.responses[score.response_id].sampling["prompt"] for score in scores
    }
    assert prompts == {"math-500": "boxed-cot", "own": "plain"}


def test_a_judge_is_asked_after_all_arms_and_counted_apart():
    words = problem_table([problem("who wins?", "the first player")])
    engines = {
        "a": ScriptedEngine({"who": "The answer is player one, in any case."}),
        "judge": ScriptedEngine({"who": "yes"}),
    }
    without = evaluated({"a": engines["a"]}, words)
    assert without[0].outcome == "wrong"
    judged = evaluated(engines, words, models={"a": "a"}, judge="judge")
    assert (judged[0].outcome, judged[0].compared_by) == ("correct", "judge")
    assert judged.responses[judged[0].response_id].outcome == "correct"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"samples": 4, "temperature": 0.0}, "4 greedy answers"),
        ({"preset": "papers"}, "use paper"),
        ({"preset": "paper", "max_tokens": 64}, "max_tokens is set too"),
        ({"prompt": "cot"}, "prompt 'cot' is unknown"),
    ],
)
def test_settings_that_make_no_sense_are_refused_before_a_model_is_opened(settings, words):
    with pytest.raises(UsageError, match=words):
        evaluate(["no-such-model"], PROBLEMS, **settings)


def test_the_paper_preset_asks_as_the_paper_did(tiny_student):
    from redink.evaluation.presets import PAPER

    scores = evaluate([tiny_student], problem_table(PROBLEMS[:1]), preset="paper")
    [response] = scores.responses.values()
    assert response.sampling["prompt"] == "qwen25-math-cot"
    assert response.sampling["temperature"] == 0
    assert response.sampling["max_tokens"] == 2048
    assert "[END]" in response.sampling["stop"]
    assert any("grader" in line for line in PAPER.departures)


def test_a_journal_of_finished_answers_is_used_by_another_call(tiny_student, tmp_path):
    journal = tmp_path / "completions.sqlite"
    more = {"max_tokens": 8, "journal": journal, "temperature": 1.0}
    two = evaluate([tiny_student], problem_table(PROBLEMS[:2]), samples=2, **more)
    seen = rows_of(journal)
    assert len(seen) == 4
    evaluate([tiny_student], problem_table(PROBLEMS[:2]), samples=2, **more)
    assert rows_of(journal) == seen
    more_samples = evaluate([tiny_student], problem_table(PROBLEMS[:2]), samples=3, **more)
    assert len(rows_of(journal)) == 6
    texts = {(s.problem_id, s.sample): more_samples.responses[s.response_id].text
             for s in more_samples}  # fmt: skip
    assert all(texts[s.problem_id, s.sample] == two.responses[s.response_id].text for s in two)


def rows_of(journal):
    import sqlite3

    with sqlite3.connect(journal) as connection:
        return set(connection.execute("SELECT * FROM completions").fetchall())


def test_several_benchmarks_keep_their_names():
    both = {"held": PROBLEMS, "other": problem_table([problem("two?", "2")])}
    scores = evaluated({"sft": ScriptedEngine(SAYS)}, both)
    assert [s.benchmark for s in scores] == ["held"] * 3 + ["other"]


def test_an_engine_that_leaves_problems_out_is_an_error():
    with pytest.raises(ModelError, match="sft on made: engine 'scripted' gave 1 of 3 answers"):
        evaluated({"sft": ScriptedEngine({"one": "#### 1"})})


def test_models_are_named_after_themselves():
    assert name_models(["smollm2-135m", "runs/q/cft-12ab/model"]) == {
        "smollm2-135m": "smollm2-135m",
        "cft-12ab": "runs/q/cft-12ab/model",
    }
    assert name_models("smollm2-135m") == {"smollm2-135m": "smollm2-135m"}


def test_benchmarks_are_named_after_their_stage_or_source():
    staged = Table(Problem, PROBLEMS.rows, provenance={"stage": "heldout"})
    assert list(name_benchmarks(staged)) == ["heldout"]
    assert list(name_benchmarks([PROBLEMS, PROBLEMS])) == ["made", "made-2"]


@pytest.mark.parametrize(
    ("models", "benchmarks", "error", "words"),
    [
        ([], PROBLEMS, UsageError, "no model"),
        (["a/x", "b/x"], PROBLEMS, UsageError, "same name"),
        (["x"], {}, UsageError, "no benchmark"),
        (["x"], {"held": problem_table([])}, DataError, "'held' has no problems"),
    ],
)
def test_nothing_is_opened_for_wrong_input(models, benchmarks, error, words):
    def open_engine(model):
        raise AssertionError("opened")

    with pytest.raises(error, match=words):
        evaluate_with(open_engine, models, benchmarks, SAMPLING)
