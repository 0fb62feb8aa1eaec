"""The verb evaluate, with an engine that says what the test wrote down."""

from dataclasses import dataclass, field

import pytest

from redink.engines.engine import Completion, Sampling
from redink.errors import DataError, ModelError, UsageError
from redink.records import Problem, problem_id
from redink.stages.evaluate import evaluate_with, name_benchmarks, name_models
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
                yield Completion(conversation.id, 0, self.says[word], 30, 12, finish)


def problem(question: str, answer: str) -> Problem:
    return Problem(problem_id(question, answer), question, answer, source="made")


PROBLEMS = problem_table([problem("one?", "1"), problem("two?", "2"), problem("half?", "1/2")])
SAMPLING = Sampling(max_tokens=64, seed=3)


def evaluated(engines, benchmarks=PROBLEMS, out=None, models=None):
    """Scores of one engine per arm, and the journals that were asked for."""
    journals = {}

    def open_engine(model, journal):
        journals[model] = journal
        return engines[model]

    names = models or {arm: arm for arm in engines}
    return evaluate_with(open_engine, names, benchmarks, SAMPLING, out), journals


SAYS = {"one": "#### 1", "two": "#### 3", "half": "so \\boxed{0.5}"}


def test_scores_keep_arms_problems_and_how_each_was_graded():
    scores, _ = evaluated({"sft": ScriptedEngine(SAYS), "cft": ScriptedEngine(SAYS)})
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
    scores, _ = evaluated({"sft": ScriptedEngine(SAYS), "cft": ScriptedEngine(SAYS)})
    assert len({s.response_id for s in scores}) == 6
    for score in scores:
        response = scores.responses[score.response_id]
        assert (response.model, response.origin) == (score.model, "evaluate")
        assert response.text == SAYS[scores.problems[score.problem_id].question[:-1]]
        assert response.sampling["max_tokens"] == 64
        assert (response.outcome, response.answer) == (score.outcome, score.extracted)


def test_the_table_survives_writing_and_reading(tmp_path):
    scores, _ = evaluated({"sft": ScriptedEngine(SAYS)})
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
    scores, _ = evaluated({"sft": ScriptedEngine(says, cut=frozenset({"one"}))})
    assert [s.outcome for s in scores] == ["truncated", "no_answer", "correct"]


def test_every_arm_has_a_journal_of_its_own_in_out(tmp_path):
    engines = {"a": ScriptedEngine(SAYS), "b": ScriptedEngine(SAYS)}
    _, journals = evaluated(engines, out=tmp_path, models={"sft": "a", "hf:org/name": "b"})
    names = {model: path.name for model, path in journals.items()}
    assert names == {"a": "answers-sft.sqlite", "b": "answers-hf_org_name.sqlite"}
    assert {path.parent for path in journals.values()} == {tmp_path}
    _, journals = evaluated(engines)
    assert set(journals.values()) == {None}


def test_several_benchmarks_keep_their_names():
    both = {"held": PROBLEMS, "other": problem_table([problem("two?", "2")])}
    scores, _ = evaluated({"sft": ScriptedEngine(SAYS)}, both)
    assert [s.benchmark for s in scores] == ["held"] * 3 + ["other"]


def test_an_engine_that_leaves_problems_out_is_an_error():
    with pytest.raises(ModelError, match="answered 1 of 3 problems of 'made' for arm 'sft'"):
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
    def open_engine(model, journal):
        raise AssertionError("opened")

    with pytest.raises(error, match=words):
        evaluate_with(open_engine, models, benchmarks, SAMPLING)
