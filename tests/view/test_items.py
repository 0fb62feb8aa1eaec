"""One row in full, and the verdicts that reviewers give."""

import json

import pytest

from tests.test_mathml import names_of
from tests.view.conftest import HOSTILE, client_of, got, posted


def texts_in(value):
    if isinstance(value, dict):
        for name, one in value.items():
            if isinstance(one, str):
                yield name, one
            yield from texts_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts_in(one)


def test_a_critique_comes_with_its_response_and_problem(client):
    item = got(client, "/api/item/critiques/c007")
    assert item["problem"]["id"] == "p007"
    assert item["problem"]["answer"] == "8"
    assert "<math" in item["problem"]["question_html"]
    assert "$5 and $6" in item["problem"]["question_html"]
    assert [step["wrong"] for step in item["response"]["steps"]] == [False, True, False]
    assert item["critique"]["agrees"] is False
    assert (item["score"], item["edits"], item["verdict_now"]) == (None, [], "wrong")


def test_a_score_comes_with_the_answer_that_was_graded(client):
    item = got(client, "/api/item/scores/cft-p004")
    assert item["score"]["extracted"] == "1"
    assert item["response"]["text"].startswith("The cft thinks")
    assert item["critique"] is None


@pytest.mark.parametrize(
    "path",
    ["item/critiques/c000", "item/drafts/r000", "item/problems/p000", "item/scores/cft-p000",
     "compare/scores/p000?a=sft&b=cft", "rows/critiques", "rows/problems"],
)  # fmt: skip
def test_hostile_text_is_text_in_every_field(client, path):
    reply = client.get(f"/api/{path}")
    assert reply.status_code == 200
    for name, text in texts_in(reply.json()):
        assert not set("\x1b\u202e\u202c\x00") & set(text), name
        if name.endswith("html"):
            found = names_of(text)
            assert not found.elements & {"script", "img", "textarea", "a", "b", "iframe", "svg"}
            assert not {a for a in found.attributes if a.startswith("on") or a in ("href", "style")}


def test_hostile_text_can_still_be_read_in_full(client):
    item = got(client, "/api/item/critiques/c000")
    shown = names_of(item["critique"]["html"]).text
    for part in (
        "<script>alert(1)</script>",
        "javascript:alert(3)",
        "⟨U+202E⟩evil",
        "⟨ESC⟩[31mred",
    ):
        assert part in shown
        assert part in item["critique"]["text"]
    assert HOSTILE[:30] in item["response"]["error"]["true_value"]


@pytest.mark.parametrize("row", ["nothing", "../../run.json", "%00", "' OR 1=1"])
def test_a_row_that_is_not_there_is_missing(client, row):
    assert client.get(f"/api/item/critiques/{row}").status_code == 404


def test_a_verdict_is_kept_over_a_restart_and_can_be_undone(run_folder, client):
    body = {"stage": "critiques", "id": "c007", "new": "right", "reason": "it is <b>right</b>"}
    answer = posted(client, "/api/edits", body).json()
    assert answer["verdict_now"] == "right"
    assert answer["edit"]["author"] == "ada"
    again = client_of(run_folder)
    item = got(again, "/api/item/critiques/c007")
    assert item["verdict_now"] == "right"
    assert item["critique"]["verdict"] == "wrong"
    assert [edit["reason"] for edit in item["edits"]] == ["it is <b>right</b>"]
    undone = posted(again, "/api/edits/undo", {"stage": "critiques", "id": "c007"}).json()
    assert undone["verdict_now"] == "wrong"
    edits = got(client, "/api/item/critiques/c007")["edits"]
    assert [edit["undone"] for edit in edits] == [True, False]
    lines = next(run_folder.glob("critiques-*/edits.jsonl")).read_text().splitlines()
    assert [json.loads(line)["new"] for line in lines] == ["right", "wrong"]


def test_two_viewers_of_one_run_both_keep_their_verdicts(run_folder):
    first, second = client_of(run_folder, author="ada"), client_of(run_folder, author="bob")
    for client, row in ((first, "c001"), (second, "c001"), (first, "c002"), (second, "c003")):
        body = {"stage": "critiques", "id": row, "new": "unsure"}
        assert posted(client, "/api/edits", body).status_code == 200
    for client in (first, second):
        assert got(client, "/api/review/critiques") == {
            "reviewed": 3, "total": 12, "disagreements": 2, "reviewed_disagreements": 1,
        }  # fmt: skip
        edits = got(client, "/api/item/critiques/c001")["edits"]
        assert [edit["author"] for edit in edits] == ["ada", "bob"]


@pytest.mark.parametrize(
    "change",
    [{"new": "maybe"}, {"new": None}, {"stage": "drafts"}, {"stage": "no"}, {"stage": 7},
     {"id": None}, {"author": "a" * 200}, {"reason": "r" * 5000}],
)  # fmt: skip
def test_a_wrong_verdict_is_refused_and_nothing_is_written(run_folder, client, change):
    body = {"stage": "critiques", "id": "c001", "new": "right", **change}
    reply = posted(client, "/api/edits", body)
    assert reply.status_code == 400
    assert reply.json()["error"]
    assert not list(run_folder.glob("*/edits.jsonl"))


@pytest.mark.parametrize("body", [[], "text", 7])
def test_a_write_is_one_json_object(client, body):
    assert posted(client, "/api/edits", body).status_code == 400


def test_a_verdict_on_a_row_that_is_not_there_is_refused(client):
    body = {"stage": "critiques", "id": "c999", "new": "right"}
    assert posted(client, "/api/edits", body).status_code == 404


def test_a_viewer_that_may_not_write_refuses(run_folder):
    client = client_of(run_folder, writable=False)
    body = {"stage": "critiques", "id": "c001", "new": "right"}
    assert posted(client, "/api/edits", body).status_code == 400
