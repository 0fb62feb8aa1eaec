"""Labelled responses, and answers whose steps have scores, as the page is told of them."""

import json
import re

import pytest

from redink.reports import strategies
from redink.view import scored
from redink.view.bundle import write_bundle
from redink.view.run import ViewedRun
from tests.view.conftest import client_of, got
from tests.view.labelled_run import write_labelled_run


@pytest.fixture
def folder(tmp_path):
    return write_labelled_run(tmp_path / "run")


@pytest.fixture
def labelled(folder):
    return client_of(folder)


def ids(answer):
    return {row["id"] for row in answer["rows"]}


def test_labels_are_rows_to_page_through(labelled):
    stages = {one["name"]: one for one in got(labelled, "/api/run")["stages"]}
    assert (stages["labels"]["kind"], stages["labels"]["rows"]) == ("labels", 8)
    rows = {row["id"]: row for row in got(labelled, "/api/rows/labels", sort="order")["rows"]}
    assert list(rows) == [f"l{n}" for n in range(1, 9)]
    assert [rows[f"l{n}"]["first_error"] for n in (1, 2, 3, 5)] == [1, None, 1, 2]
    assert rows["l1"]["title"] == "What is 1 + 1?"
    assert (rows["l1"]["tokens"], rows["l1"]["model"]) == (11, "tiny")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"has_error": "yes"}, {"l1", "l3", "l5", "l6", "l7"}),
        ({"has_error": "no"}, {"l2", "l8"}),
        ({"has_error": "none"}, {"l4"}),
        ({"error_kind": "wrong_sum"}, {"l3"}),
        ({"labelled": "injected"}, {"l3"}),
        ({"labelled": ["processbench", "injected"]}, {"l3", "l4"}),
        ({"outcome": "no_answer"}, {"l4"}),
        ({"source": "sums", "has_error": "no"}, {"l2", "l8"}),
        ({"suspicious": "disagrees"}, {"l7"}),
        ({"q": "formula"}, set()),
        ({"q": '"The end is 7"'}, {"l5"}),
    ],
)
def test_filters_and_search_keep_the_labelled_responses_with_their_values(labelled, query, found):
    assert ids(got(labelled, "/api/rows/labels", **query)) == found


def test_a_label_that_the_grader_speaks_against_comes_first(labelled):
    rows = got(labelled, "/api/rows/labels")["rows"]
    assert (rows[0]["id"], rows[0]["suspicious"]) == ("l7", ["disagrees"])


def test_each_step_comes_with_its_label_and_its_tries(labelled):
    item = got(labelled, "/api/item/labels/l1")
    assert [step["wrong"] for step in item["response"]["steps"]] == [False, True, False]
    known = item["labels"]
    assert (known["source"], known["first_error"], known["sound"]) == ("continuations", 1, False)
    assert known["steps"] == [
        {"label": "right", "found": "right", "successes": 5, "tries": 8, "used": 5},
        {"label": "wrong", "found": "wrong", "successes": 2, "tries": 8, "used": 0},
        {"label": "wrong", "found": "wrong", "successes": 0, "tries": 0, "used": 0},
    ]
    assert item["step_scores"] is None


def test_a_label_that_was_left_out_is_no_label_and_says_what_was_found(labelled):
    sound = got(labelled, "/api/item/labels/l2")["labels"]
    assert [one["label"] for one in sound["steps"]] == ["right", None, "right"]
    assert [one["found"] for one in sound["steps"]] == ["right"] * 3
    assert sound["sound"] is True
    unknown = got(labelled, "/api/item/labels/l4")["labels"]
    assert (unknown["sound"], unknown["steps"][1]["found"]) == (False, None)


def test_steps_that_a_formula_holds_together_keep_their_numbers(labelled):
    steps = got(labelled, "/api/item/labels/l5")["response"]["steps"]
    assert [(one["first"], one["count"], one["wrong"]) for one in steps] == [
        (0, 1, False), (1, 3, True), (4, 1, False),
    ]  # fmt: skip


def test_labels_of_other_steps_are_never_put_beside_a_response(labelled):
    known = got(labelled, "/api/item/labels/l8")["labels"]
    assert (known["misfit"], known["steps"]) == ("1 label for 2 solution steps", [])


def test_hostile_values_are_shown_as_text(labelled):
    item = got(labelled, "/api/item/labels/l6")
    facets = got(labelled, "/api/rows/labels")["facets"]
    for text in (item["labels"]["source"], *facets["labelled"], *facets["error_kind"]):
        assert not set("\x1b\u202e") & set(text)
    value = next(one for one in facets["error_kind"] if one.startswith("<img"))
    assert ids(got(labelled, "/api/rows/labels", error_kind=value)) == {"l6"}


def test_answers_with_step_scores_are_found_and_show_them(labelled):
    answer = got(labelled, "/api/rows/answers", scored="yes")
    assert ids(answer) == {"greedy-p1", "majority-p1"}
    assert answer["facets"]["scored"] == {"none": 88, "yes": 2}
    item = got(labelled, "/api/item/answers/greedy-p1")
    assert item["step_scores"] == {
        "scorers": ["sorm", "orm"], "threshold": 0.5, "first_error": 1,
        "steps": [[0.81, 0.4], [0.4996, 0.3], [0.1, 0.2]],
    }  # fmt: skip
    assert got(labelled, "/api/item/answers/local:sorm-p1")["step_scores"] is None


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"examples": 7}', '{"examples": [{"problem": "p1"}]}',
     '{"examples": [{"problem": "p1", "steps": [{"text": "x", "sorm": "high"}]}]}',
     '{"examples": [{"problem": "p1", "steps": [{"text": "x", "sorm": NaN}]}]}',
     '{"examples": [{"problem": "p1", "steps": []}]}'],
)  # fmt: skip
def test_a_broken_file_of_strategies_hides_no_answer(folder, text):
    (folder / "answers-0000000001" / "strategies.json").write_text(text)
    client = client_of(folder)
    assert got(client, "/api/rows/answers")["total"] == 90
    assert got(client, "/api/item/answers/greedy-p1")["step_scores"] is None


def test_the_viewer_reads_the_file_that_refine_writes():
    assert scored.FILE == strategies.FILE


def test_a_bundle_holds_labels_and_in_any_case_the_scored_answers(folder, tmp_path):
    told = write_bundle(ViewedRun(folder), tmp_path / "out.html", limit=3)
    page = (tmp_path / "out.html").read_text()
    data = re.search(r'<script type="application/json" id="answers">(.*?)</script>', page)
    held = json.loads(data[1])
    assert told.rows == 6
    assert [row["id"] for row in held["/api/rows/labels"]["rows"]] == ["l7", "l4", "l1"]
    kept = [row["id"] for row in held["/api/rows/answers"]["rows"]]
    assert kept == ["greedy-p0", "greedy-p1", "majority-p1"]
    assert held["/api/item/answers/majority-p1"]["step_scores"]["first_error"] == 1
    assert held["/api/item/labels/l1"]["labels"]["steps"][0]["tries"] == 8
