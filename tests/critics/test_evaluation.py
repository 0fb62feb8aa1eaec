"""Critics of every kind on benchmarks of first errors, with a journal."""

import json

import pytest

from redink.critics import CriticSettings, evaluate_critic, marked_set
from redink.critics.printing import print_critics
from redink.engines.journal import Journal
from redink.errors import DataError, ModelError, UsageError
from redink.stages.corrupt import corrupt
from redink.stages.fit import fit
from redink.stages.label import label
from redink.tables import Table
from tests.critics.marked import benchmark, problems
from tests.scoring.cued import cued_step_labels
from tests.stages.test_critique_models import Served


@pytest.fixture(scope="module")
def injected():
    """Responses whose first error was injected, and sound ones."""
    drafts = corrupt(problems(40), wrong=0.5, seed=1)
    return marked_set("injected", label(drafts, source="injected", balance=True))


def shown(rows):
    from io import StringIO

    from rich.console import Console

    stream = StringIO()
    print_critics(rows, Console(file=stream, width=80))
    return stream.getvalue()


def test_the_symbolic_teacher_finds_injected_errors(injected):
    (row,) = evaluate_critic(["symbolic"], [injected], CriticSettings())
    found = row.figures.found
    assert (found.error.count, found.correct.count) == (20, 20)
    assert found.correct.value == 1.0
    assert found.error.value >= 0.8
    assert row.figures.unreadable.value == 0.0
    assert "Critics · injected · 40 responses" in shown([row])


def test_a_critic_that_writes_nothing_readable_is_counted_and_never_guessed(
    tmp_path, tiny_student, injected
):
    settings = CriticSettings(max_tokens=8, dtype="float32", journal=tmp_path / "c.sqlite")
    (row,) = evaluate_critic([str(tiny_student)], [injected], settings, tmp_path)
    figures = row.figures
    assert figures.unreadable.value == 1.0
    assert sum(figures.why.values()) == 40
    assert (figures.found.error.value, figures.found.correct.value) == (0.0, 0.0)
    assert figures.found.f1.value == 0.0
    assert figures.readable.f1.value is None
    assert "unreadable: " in shown([row])
    with Journal(tmp_path / "c.sqlite") as journal:
        made = journal.usage().completions
    assert made == 40
    (again,) = evaluate_critic([str(tiny_student)], [injected], settings, tmp_path)
    assert again == row
    with Journal(tmp_path / "c.sqlite") as journal:
        assert journal.usage().completions == made


def test_more_responses_ask_only_for_what_is_missing(tmp_path, tiny_student):
    table = label(corrupt(problems(12), wrong=0.5), source="injected", balance=False)
    settings = CriticSettings(max_tokens=4, dtype="float32", journal=tmp_path / "c.sqlite")
    for n, made in ((5, 5), (12, 12)):
        evaluate_critic([str(tiny_student)], [marked_set("mine", table, n)], settings)
        with Journal(tmp_path / "c.sqlite") as journal:
            assert journal.usage().completions == made


def test_what_a_critic_said_is_kept(tmp_path, injected):
    evaluate_critic(["symbolic"], [injected], CriticSettings(), tmp_path)
    lines = (tmp_path / "judgements" / "symbolic-injected.jsonl").read_text().splitlines()
    kept = [json.loads(line) for line in lines]
    assert [one["labels_id"] for one in kept] == [item.labels.id for item in injected.items]
    assert [one["true_first_error"] for one in kept] == [i.first_error for i in injected.items]
    table = Table.read(tmp_path / "critiques" / "symbolic-injected")
    assert {row.response_id for row in table} == {item.response.id for item in injected.items}


@pytest.fixture(scope="module")
def cued_scorer(tmp_path_factory, tiny_student):
    """A scorer that has learned that a word shows wrong steps."""
    how = {"learning_rate": 3e-3, "epochs": 8, "batch_size": 4, "precision": "fp32"}
    out = tmp_path_factory.mktemp("scorer")
    return fit(cued_step_labels(32), base=tiny_student, kind="sorm", out=out, **how)


def test_a_scorer_is_measured_by_its_steps_as_well(tmp_path, cued_scorer):
    held_out = marked_set("cued", cued_step_labels(16, start=100))
    (row,) = evaluate_critic([str(cued_scorer)], [held_out], CriticSettings(), tmp_path)
    assert row.kind == "scorer"
    steps = row.figures.steps
    assert steps.auroc.count == 48
    assert steps.auroc.value > 0.95
    assert steps.accuracy.value > 0.85
    assert row.figures.found.error.value > 0.7
    assert "labelled steps" in shown([row])
    assert not (tmp_path / "critiques").exists()


def test_a_threshold_moves_what_is_called_wrong(cued_scorer):
    held_out = marked_set("cued", cued_step_labels(16, start=100))
    low, high = (
        evaluate_critic([str(cued_scorer)], [held_out], CriticSettings(threshold=t))[0].figures
        for t in (0.001, 0.999)
    )
    assert low.flagged.value < high.flagged.value
    assert low.steps.auroc == high.steps.auroc
    assert low.steps.reliability == high.steps.reliability


def test_a_models_verdicts_are_scored_step_by_step(tiny_student):
    marked = benchmark(0, None, 2, None)
    (row,) = evaluate_critic([f"verdict:{tiny_student}"], [marked], CriticSettings())
    assert row.kind == "verdict"
    assert row.figures.steps.auroc.count == 12
    assert row.figures.unreadable.value == 0.0


@pytest.fixture
def server():
    served = Served()
    yield served
    served.shutdown()
    served.server_close()


def test_an_endpoint_is_asked_step_by_step_and_once(tmp_path, server):
    marked = benchmark(0, 1, None)
    settings = CriticSettings(journal=tmp_path / "c.sqlite")
    (row,) = evaluate_critic([server.name()], [marked], settings)
    assert row.figures.found.error.value == 0.5
    assert row.figures.found.correct.value == 0.0
    assert (row.prompt_tokens, row.completion_tokens, row.cost) == (300, 60, None)
    assert sum(server.asked.values()) == 3
    assert all("Step 1: " in user for user in server.asked)
    assert evaluate_critic([server.name()], [marked], settings) == [row]
    assert sum(server.asked.values()) == 3


def test_a_reply_that_never_came_is_unreadable(tmp_path, server):
    marked = benchmark(0, 1, None, None, 2)
    server.refuse = lambda user: "+ 4 = " in user
    settings = CriticSettings(journal=tmp_path / "c.sqlite")
    (row,) = evaluate_critic([server.name()], [marked], settings)
    assert row.figures.why == {"no reply": 1}
    server.refuse = lambda user: True
    with pytest.raises(ModelError, match="requests failed"):
        evaluate_critic([server.name("n")], [marked], settings)


def test_names_must_tell_critics_and_benchmarks_apart(injected):
    with pytest.raises(UsageError, match="two critics are called 'symbolic'"):
        evaluate_critic(["symbolic", "symbolic"], [injected], CriticSettings())
    with pytest.raises(UsageError, match="two have one name"):
        evaluate_critic(["symbolic"], [injected, injected], CriticSettings())


def test_the_symbolic_teacher_says_what_it_lacks(tmp_path):
    from redink.formats import import_rows

    path = tmp_path / "rows.json"
    path.write_text('[{"problem": "Q", "steps": ["a = 1", "b = 2"], "label": 1}]')
    marked = marked_set("mine", import_rows(path, "processbench"))
    with pytest.raises(DataError, match="no reference solution"):
        evaluate_critic(["symbolic"], [marked], CriticSettings())
