"""The verb scale: scores at budgets, its figures, killed and gone on with."""

import json
import os
import random
import signal
import time

import pytest

import redink.engines.transformers as engines
from redink.engines.engine import Sampling
from redink.engines.journal import Journal
from redink.errors import DataError, UsageError
from redink.evaluation.comparison import compare_arms
from redink.reports.scaling_table import print_scaling
from redink.stages.evaluate import evaluate
from redink.stages.scale import scale, scale_with
from redink.tables import Table, problem_table
from tests.forked import forked
from tests.scaling.thinker import Thinking, problem

PROBLEMS = problem_table([problem(f"{n} + {n}?", str(2 * n)) for n in range(10, 18)])
TEXTS = {p.question: f"let me think of it\nit is\n#### {p.answer}" for p in PROBLEMS}
REPLIES = {p.question: " 1" if n % 2 else f" {p.answer}" for n, p in enumerate(PROBLEMS)}


def scaled(out=None, models=("thinker",), budgets=(3, 20), samples=1):
    return scale_with(
        lambda name: Thinking(TEXTS, REPLIES),
        {name: name for name in models},
        {"held": PROBLEMS},
        Sampling(0.7 if samples > 1 else 0.0, 1.0, 1, samples),
        budgets,
        out=out,
    )


def test_every_model_has_a_score_at_every_budget_and_its_response_is_there(tmp_path):
    scores = scaled(tmp_path, models=("a@1", "a@2", "b"))
    arms = list(dict.fromkeys(score.model for score in scores))
    assert arms == ["a:3@1", "a:20@1", "a:3@2", "a:20@2", "b:3", "b:20"]
    assert len(scores) == 6 * 8
    for score in scores:
        response = scores.responses[score.response_id]
        assert (response.model, response.origin) == (score.model, "scale")
        assert (response.outcome, response.answer) == (score.outcome, score.extracted)
        assert response.problem_id == score.problem_id in scores.problems
    scores.write(tmp_path)
    assert Table.read(tmp_path).rows == scores.rows


def test_figures_say_how_accuracy_and_answers_grow_with_the_budget(tmp_path):
    scaled(tmp_path)
    facts = json.loads((tmp_path / "scaling.json").read_text())
    assert facts["budgets"] == [3, 20]
    assert facts["closings"] == {"held": "\n####"}
    small, large = facts["rows"]
    assert (small["model"], small["benchmark"], small["budget"]) == ("thinker", "held", 3)
    assert (small["accuracy"], large["accuracy"]) == (0.5, 1.0)
    assert (small["asked"], small["ended"], small["answered"]) == (1.0, 0.0, 1.0)
    assert (large["asked"], large["ended"], large["answered"]) == (0.0, 1.0, 1.0)
    assert (small["tokens"], large["tokens"]) == (4.0, 9.0)
    assert small["interval"][0] < 0.5 < small["interval"][1]
    (gain,) = facts["gains"]
    assert (gain["from"], gain["to"], gain["difference"]) == (3, 20, 0.5)
    assert gain["interval"][0] > 0


def test_models_at_budgets_compare_with_each_other_over_the_same_problems():
    comparison = compare_arms(scaled(models=("a", "b")).rows, "a:3")
    assert comparison.arms == ("a:3", "a:20", "b:3", "b:20")
    found = comparison.difference("b:20", "held")
    assert (found.difference, found.wins, found.losses) == (0.5, 4, 0)


def test_several_samples_are_averaged():
    scores = scaled(samples=3)
    assert len(scores) == 2 * 8 * 3
    assert scores.provenance["scaling"]["rows"][0]["answers"] == 24


def test_the_terminal_tells_accuracy_gain_and_who_was_asked(capsys):
    print_scaling(scaled().provenance["scaling"])
    said = capsys.readouterr().out
    assert "Thinking budgets · held · 8 problems" in said
    assert "+50.0" in said
    assert "100.0" in said


def real(student, journal=None, out=None, models=None):
    return scale(
        models or {"tiny": student},
        {"held": PROBLEMS},
        budgets=["1x", "2x", "4x"],
        unit=6,
        answer_tokens=5,
        dtype="float32",
        batch_size=4,
        journal=journal,
        out=out,
    )


@pytest.mark.usefixtures("capfd")
def test_at_the_largest_budget_answers_that_ended_are_those_of_evaluate(tiny_student, monkeypatch):
    monkeypatch.setattr("redink.engines.transformers.end_of_turn_ids", lambda *a: range(90, 320))
    plain = evaluate({"tiny": tiny_student}, {"held": PROBLEMS}, max_tokens=24, dtype="float32")
    scores = real(tiny_student)
    ended = 0
    for one in plain:
        response = plain.responses[one.response_id]
        (score,) = (s for s in scores if (s.problem_id, s.model) == (one.problem_id, "tiny:24"))
        if response.finish == "stop":
            ended += 1
            assert scores.responses[score.response_id].text == response.text
            assert score.outcome == one.outcome
    assert ended


def work(student, journal, out, log):
    """Scales, noting what is put into the journal."""
    engines.COMMIT_SECONDS = 0.02
    put = Journal.put
    notes = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def logged(journal, items):
        items = list(items)
        put(journal, items)
        os.write(notes, "".join(f"{key}\n" for key, _ in items).encode())

    Journal.put = logged
    real(student, journal, out).write(out)


@pytest.mark.usefixtures("capfd")
def test_killed_at_any_moment_it_goes_on_and_samples_nothing_twice(tiny_student, tmp_path):
    journal, log, out = tmp_path / "j.sqlite", tmp_path / "log", tmp_path / "out"
    out.mkdir()
    draw = random.Random(3)
    for kills in range(10):
        before = log.stat().st_size if log.exists() else 0
        process = forked(work, tiny_student, journal, out, log)
        while process.is_alive() and (log.stat().st_size if log.exists() else 0) == before:
            time.sleep(0.002)
        if kills < 2:
            time.sleep(draw.random() * 0.03)
            process.kill()
        process.join(120)
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
    assert kills == 2
    kept = log.read_text().split()
    assert len(kept) == len(set(kept))
    fresh = real(tiny_student)
    assert Table.read(out).rows == fresh.rows
    assert json.loads((out / "scaling.json").read_text()) == fresh.provenance["scaling"]


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"samples": 2, "temperature": 0.0}, "samples"),
        ({"answer_tokens": 0}, "answer_tokens"),
        ({"budgets": []}, "budgets"),
        ({"models": ["endpoint:m@http://127.0.0.1:9/v1"]}, "server"),
    ],
)
def test_impossible_settings_are_refused_before_any_model_is_opened(settings, named):
    given = {"models": ["nobody"], "benchmarks": PROBLEMS, **settings}
    with pytest.raises(UsageError, match=named):
        scale(**given)


def test_an_empty_benchmark_is_refused():
    with pytest.raises(DataError, match="no problems"):
        scale(["nobody"], {"none": problem_table([])})
