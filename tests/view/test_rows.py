"""Pages of rows: order, filters, search, counts."""

import pytest

from tests.view.conftest import HOSTILE, client_of, got, posted


def ids(answer):
    return [row["id"] for row in answer["rows"]]


def test_the_run_lists_its_stages_in_order_with_their_kinds(client):
    run = got(client, "/api/run")
    assert [(s["name"], s["kind"], s["rows"], s["done"]) for s in run["stages"]] == [
        ("problems", "problems", 12, True), ("drafts", "responses", 12, True),
        ("critiques", "critiques", 12, True), ("scores", "scores", 36, True),
    ]  # fmt: skip
    assert run["scores"] == [
        {"stage": "scores", "arms": ["sft", "sft@1", "sft@2", "cft"],
         "benchmarks": ["legs", "sums"],
             "correct": pytest.approx({"sft": 1 / 3, "sft@1": 1 / 3, "sft@2": 1 / 3, "cft": 2 / 3})}
    ]  # fmt: skip
    assert (run["reviewer"], run["writable"], run["bundle"]) == ("ada", True, False)


def test_suspicious_rows_come_first_in_the_order_of_their_marks(client):
    rows = got(client, "/api/rows/critiques")["rows"]
    assert [(row["id"], row["suspicious"]) for row in rows[:6]] == [
        ("c002", ["disagrees"]), ("c007", ["disagrees"]), ("c005", ["unreadable"]),
        ("c004", ["truncated"]), ("c003", ["no answer"]), ("c006", ["grader unsure"]),
    ]  # fmt: skip
    assert [row["suspicious"] for row in rows[6:]] == [[]] * 6
    assert [row["id"] for row in rows[6:8]] == ["c001", "c008"]


def test_the_tables_own_order_and_the_longest_first(client):
    ordered = got(client, "/api/rows/critiques", sort="order")
    assert [row["order"] for row in ordered["rows"]] == list(range(12))
    longest = got(client, "/api/rows/drafts", sort="longest")
    lengths = [row["chars"] for row in longest["rows"]]
    assert ids(longest)[0] == "r000"
    assert lengths == sorted(lengths, reverse=True)


def test_pages_are_cut_where_they_are_asked_to_be(client):
    whole = ids(got(client, "/api/rows/critiques"))
    page = got(client, "/api/rows/critiques", offset=5, limit=3)
    assert (page["total"], page["matching"], page["offset"]) == (12, 12, 5)
    assert ids(page) == whole[5:8]
    assert ids(got(client, "/api/rows/critiques", offset=100)) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"agrees": "false"}, {"c002", "c007"}),
        ({"verdict": "none"}, {"c005"}),
        ({"verdict": ["none", "wrong"]}, {"c005", "c007"}),
        ({"outcome": "no_answer"}, {"c003"}),
        ({"outcome": "correct", "agrees": "false"}, {"c007"}),
        ({"why": "no conclusion"}, {"c005"}),
        ({"suspicious": ["truncated", "no answer"]}, {"c003", "c004"}),
        ({"benchmark": "sums"}, set()),
        ({"edited": "true"}, set()),
        ({"model": "nobody"}, set()),
    ],
)
def test_filters_keep_the_rows_with_one_of_their_values(client, query, found):
    answer = got(client, "/api/rows/critiques", **query)
    assert set(ids(answer)) == found
    assert answer["matching"] == len(found)


def test_a_facet_counts_what_every_other_filter_and_the_search_keep(client):
    facets = got(client, "/api/rows/critiques", agrees="false", outcome="wrong")["facets"]
    assert facets["outcome"] == {"correct": 1, "wrong": 1}
    assert facets["agrees"] == {"false": 1}
    found = got(client, "/api/rows/critiques", q='"fine, 7"')["facets"]
    assert found["agrees"] == {"false": 1}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("fine, 8", {"c007", "c008"}),
        ("FINE 8", {"c007", "c008"}),
        ('"take 8"', {"c008"}),
        ('"8 take"', set()),
        ("8+1", {"c008"}),
        ("<script>ALERT(1)</script>", {"c000"}),
        ("\u202eevil", {"c000"}),
        (r"\frac{1}{$", {"c000"}),
        (".*", set()),
        ('"', {f"c{n:03d}" for n in range(12)}),
    ],
)
def test_a_search_finds_every_word_in_question_response_or_critique(client, text, found):
    assert set(ids(got(client, "/api/rows/critiques", q=text))) == found


def test_each_kind_of_table_can_be_searched(client):
    assert ids(got(client, "/api/rows/problems", q="What is $7")) == ["p007"]
    assert ids(got(client, "/api/rows/drafts", q='then "answer is 9"')) == ["r008"]
    assert set(ids(got(client, "/api/rows/scores", q="cft p004"))) == {"cft-p004"}


def test_hostile_values_are_shown_as_text_and_filter_all_the_same(client):
    row = next(r for r in got(client, "/api/rows/critiques")["rows"] if r["id"] == "c000")
    assert "\x1b" not in row["title"]
    assert "\u202e" not in row["title"]
    assert row["title"].startswith("<script>alert(1)</script>")
    facets = got(client, "/api/rows/critiques")["facets"]
    value = next(value for value in facets["model"] if value != "tiny")
    assert value.startswith(HOSTILE[:20])
    assert ids(got(client, "/api/rows/critiques", model=value)) == ["c000"]


@pytest.mark.parametrize(
    "query", [{"sort": "size"}, {"offset": "-1"}, {"limit": "many"}, {"offset": "1e9"}]
)
def test_a_wrong_query_is_refused_in_a_sentence(client, query):
    reply = client.get("/api/rows/critiques", params=query)
    assert reply.status_code == 400
    assert next(iter(query)) in reply.json()["error"]


@pytest.mark.parametrize("stage", ["nothing", "..", "%2e%2e", "critiques-3333333333", "run.json"])
def test_an_unknown_stage_is_refused_with_the_stages_there_are(client, stage):
    reply = client.get(f"/api/rows/{stage}")
    assert reply.status_code in (400, 404)
    assert "error" in reply.json()


def test_a_judged_row_says_so(client):
    posted(client, "/api/edits", {"stage": "critiques", "id": "c002", "new": "wrong"})
    answer = got(client, "/api/rows/critiques", edited="true")
    assert ids(answer) == ["c002"]
    assert (answer["rows"][0]["edited"], answer["rows"][0]["verdict"]) == (True, "right")
    assert answer["rows"][0]["verdict_now"] == "wrong"
    assert answer["facets"]["edited"] == {"false": 11, "true": 1}


def test_one_stages_folder_can_be_viewed_alone(run_folder):
    folder = next(run_folder.glob("critiques-*"))
    client = client_of(folder)
    (stage,) = got(client, "/api/run")["stages"]
    assert stage["kind"] == "critiques"
    assert got(client, f"/api/rows/{stage['name']}")["total"] == 12


def test_a_stage_that_is_finished_meanwhile_appears(run_folder, client):
    got(client, "/api/run")
    done = next(run_folder.glob("drafts-*"))
    (run_folder / "more-5555555555").symlink_to(done)
    assert "more" in [stage["name"] for stage in got(client, "/api/run")["stages"]]
    assert got(client, "/api/rows/more")["total"] == 12
