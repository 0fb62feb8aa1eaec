"""Two arms side by side."""

import pytest

from redink.view.difference import marked_difference
from tests.test_mathml import names_of
from tests.view.conftest import got


def test_problems_are_sorted_by_which_arm_solved_them(client):
    answer = got(client, "/api/compare/scores", a="sft@1", b="cft")
    assert answer["counts"] == {"a": 0, "b": 4, "both": 4, "neither": 4}
    assert (answer["total"], answer["matching"]) == (12, 12)
    assert [row["case"] for row in answer["rows"][:4]] == ["b"] * 4
    first = answer["rows"][0]
    assert (first["a"]["outcome"], first["b"]["outcome"]) == ("wrong", "correct")
    assert (first["a"]["extracted"], first["b"]["extracted"]) == ("0", "1")


def test_swapping_the_arms_swaps_the_counts(client):
    one = got(client, "/api/compare/scores", a="sft@1", b="cft")["counts"]
    other = got(client, "/api/compare/scores", a="cft", b="sft@1")["counts"]
    assert (one["a"], one["b"]) == (other["b"], other["a"])


@pytest.mark.parametrize(
    ("query", "count"),
    [({"only": "disagree"}, 4), ({"only": "a"}, 0), ({"only": "both"}, 4), ({"q": "p004"}, 1),
     ({"benchmark": "legs"}, 6), ({"benchmark": "legs", "only": "b"}, 2), ({"limit": 1}, 12)],
)  # fmt: skip
def test_pairs_can_be_filtered_and_searched(client, query, count):
    assert got(client, "/api/compare/scores", a="sft@1", b="cft", **query)["matching"] == count


def test_an_arm_trained_twice_stands_for_both_of_its_models(client):
    answer = got(client, "/api/compare/scores", a="sft", b="cft")
    assert answer["counts"]["b"] == 4
    assert {row["a"]["samples"] for row in answer["rows"]} == {2}
    item = got(client, f"/api/compare/scores/{answer['rows'][0]['problem_id']}", a="sft", b="cft")
    assert [one["model"] for one in item["a"]] == ["sft@1", "sft@2"]
    assert [one["model"] for one in item["b"]] == ["cft"]


def test_one_problem_shows_both_answers_with_what_differs_marked(client):
    item = got(client, "/api/compare/scores/p005", a="sft@1", b="cft")
    assert item["problem"]["id"] == "p005"
    a, b = item["a"][0], item["b"][0]
    assert (a["compared_by"], a["outcome"], b["outcome"]) == ("number", "wrong", "correct")
    assert "<mark>cft</mark>" in b["diff_html"]
    assert names_of(b["diff_html"]).text == b["text"]


@pytest.mark.parametrize(
    "query",
    [{"a": "nobody", "b": "cft"}, {"a": "cft"}, {"a": "cft", "b": "sft", "benchmark": "no"},
     {"a": "cft", "b": "sft", "only": "some"}],
)  # fmt: skip
def test_what_cannot_be_compared_is_refused_in_a_sentence(client, query):
    reply = client.get("/api/compare/scores", params=query)
    assert reply.status_code == 400
    assert "use" in reply.json()["error"]


def test_only_scores_are_compared_and_only_problems_that_are_there(client):
    assert client.get("/api/compare/critiques?a=x&b=y").status_code == 400
    assert client.get("/api/compare/scores/p999?a=sft&b=cft").status_code == 404


@pytest.mark.parametrize(
    ("text", "other", "marked"),
    [
        ("a b c", "a b c", "a b c"),
        ("a b c", "a x c", "a <mark>b</mark> c"),
        ("", "a", ""),
        ("<b>", "", "<mark>&lt;b&gt;</mark>"),
        ("x\u202ey", "xy", "<mark>x<span"),
    ],
)
def test_the_words_that_the_other_text_lacks_are_marked(text, other, marked):
    assert marked_difference(text, other).startswith(marked)


def test_texts_too_long_to_compare_are_shown_without_marks():
    text = "word " * 5000
    assert marked_difference(text, "other") == text
