"""The closed loop on what `refine` with critiques writes: by hand, and by a tiny run."""

import re
from fractions import Fraction

import pyarrow.parquet as pq
import pytest

from redink.critics import closed_loop
from redink.engines.engine import Sampling
from redink.plan import make_plan
from redink.recipe import check_recipe
from redink.records import Critique, Response
from redink.refinement.following import follow
from redink.refinement.models import Models
from redink.refinement.writing import Writer
from redink.run import run_plan
from redink.stages.select import select
from redink.tables import Table, critique_table, response_table
from tests.refinement.scripted import ScriptedEngine, problem

PROBLEMS = {one.id: one for one in (problem("1 + 1?", "2"), problem("2 + 2?", "4"))}
ONE, TWO = PROBLEMS
DRAFTS = {
    "d1": Response("d1", ONE, "1 + 1 = 3\n#### 3", "respond", outcome="wrong"),
    "d2": Response("d2", ONE, "1 + 1 = 2\n#### 2", "respond", outcome="correct"),
    "d3": Response("d3", TWO, "2 + 2 = 5\n#### 5", "respond", outcome="wrong"),
}
SAID = {
    "a1": ("d1", "good", "#### 2"),  # three right refinements of three
    "a2": ("d2", "good", "#### 2, #### 9, #### 9"),  # one of three: harmed
    "a3": ("d3", "good", "#### 4, nothing, #### 9"),  # one of three; one without an answer
    "b1": ("d1", "poor", "#### 9"),  # none
    "b3": ("d3", "poor", "#### 4, #### 4, #### 9"),  # two of three
}
"""Critique → the response it marks, its teacher, and what each refinement says, the last one
again for further samples."""


def critiques():
    rows = [
        Critique(key, draft, f"Note {key}. Conclusion: wrong", "wrong", teacher=teacher)
        for key, (draft, teacher, _) in SAID.items()
    ]
    return critique_table(rows, DRAFTS, PROBLEMS)


def refined(table):
    """What `refine` makes of the critiques, written and read again as a stage's table is."""

    def say(messages, sample, sampling):
        key = re.search(r"Note (\w\d)\.", messages[0].content)[1]
        texts = SAID[key][2].split(", ")
        return texts[min(sample, len(texts) - 1)]

    engine = ScriptedEngine(say)
    writer = Writer(Models({"model": "model"}, {"model": engine}.__getitem__))
    return follow(table, writer, Sampling(0.7, 1.0, 64, 3, 1))


def test_the_figures_of_what_refine_writes_are_those_counted_by_hand(tmp_path):
    table = critiques()
    refined(table).write(tmp_path)
    good, poor = closed_loop(table, Table.read(tmp_path))
    assert (good.teacher, good.refinements, good.unfollowed, good.ungraded) == ("good", 9, 0, 0)
    assert good.good.value == pytest.approx((1 + 1 / 3 + 1 / 3) / 3)
    assert good.fixed.value == pytest.approx((1 + 1 / 3) / 2)
    assert good.kept.value == pytest.approx(1 / 3)
    assert good.before.value == pytest.approx(1 / 3)
    assert (poor.teacher, poor.refinements) == ("poor", 6)
    assert poor.good.value == poor.fixed.value == pytest.approx((0 + 2 / 3) / 2)
    assert (poor.kept.value, poor.before.value) == (None, 0.0)


def test_the_loop_and_the_filter_of_useful_critiques_count_the_same():
    table = critiques()
    found = refined(table)
    for useful, kept in ((1, ["a1", "a2", "a3", "b3"]), (2, ["a1", "b3"]), (3, ["a1"])):
        assert [row.id for row in select(table, refined=found, useful=useful)] == kept
    ids = select(table, refined=found, useful=2)
    followers = [row for row in found if row.sampling["follows"] in {one.id for one in ids}]
    good, poor = closed_loop(ids, response_table(followers, PROBLEMS))
    assert (good.good.value, poor.good.value) == (1.0, pytest.approx(2 / 3))


TERMS = {"min_terms": 2, "max_terms": 2, "min_digits": 1, "max_digits": 1}


def recipe(student):
    """Sums with and without an error, a follower that has learned them, and what it makes of
    their critiques."""
    fast = {"learning_rate": 1e-2, "epochs": 40, "batch_size": 4}
    stages = {
        "sums": {"do": "load", "source": "gym:chain_sum", "n": 8, "seed": 1, "options": TERMS},
        "warmup": {"do": "finetune", "data": "sums", **fast},
        "drafts": {"do": "corrupt", "problems": "sums", "wrong": 0.5},
        "critiques": {"do": "critique", "responses": "drafts", "teacher": "symbolic",
                      "style": "brief"},
        "wrong": {"do": "select", "rows": "critiques", "verdict": "wrong"},
        "follower": {"do": "finetune", "student": "warmup", "data": "wrong",
                     "objective": "refine-global", **fast},
        "refined": {"do": "refine", "critiques": "critiques", "model": "follower", "samples": 4,
                    "temperature": 1.0, "top_p": 1.0, "max_tokens": 24},
    }  # fmt: skip
    return check_recipe({"student": str(student), "stages": stages}, "loop", "loop.yaml")


@pytest.fixture(scope="module")
def plan(tmp_path_factory, tiny_student):
    made = make_plan(recipe(tiny_student), tmp_path_factory.mktemp("runs"))
    run_plan(made)
    return made


def is_right(row, answers):
    """Graded anew, without redink: the whole number behind `####` in the last line."""
    found = re.fullmatch(r"(?s)(?:.*\n)?#### (-?\d+)", row["text"].strip())
    return found is not None and found[1] == answers[row["problem_id"]]


def test_a_runs_figures_are_those_of_its_files_counted_without_redink(plan):
    place = {name: plan.by_name[name].folder for name in ("critiques", "refined")}
    rows = pq.read_table(place["refined"] / "responses.parquet").to_pylist()
    marks = pq.read_table(place["critiques"] / "critiques.parquet").to_pylist()
    drafts = pq.read_table(place["critiques"] / "responses.parquet").to_pylist()
    problems = pq.read_table(place["refined"] / "problems.parquet").to_pylist()
    answers = {row["id"]: row["answer"] for row in problems}
    was_right = {row["id"]: row["outcome"] == "correct" for row in drafts}
    shares = {}
    for mark in marks:
        own = [is_right(row, answers) for row in rows if mark["id"] in row["sampling"]]
        assert len(own) == 4
        shares[mark["id"]] = Fraction(sum(own), 4)
    split = {
        before: [shares[m["id"]] for m in marks if was_right[m["response_id"]] is before]
        for before in (True, False)
    }
    (found,) = closed_loop(Table.read(place["critiques"]), Table.read(place["refined"]))
    assert (found.teacher, found.refinements) == ("symbolic", 32)
    assert len(split[True]) == len(split[False]) == 4
    assert found.before.value == 0.5
    assert found.good.value == pytest.approx(float(sum(shares.values()) / 8))
    assert found.fixed.value == pytest.approx(float(sum(split[False]) / 4))
    assert found.kept.value == pytest.approx(float(sum(split[True]) / 4))
    assert 0 < sum(shares.values()) < 8, "refinements of one kind alone show nothing"
