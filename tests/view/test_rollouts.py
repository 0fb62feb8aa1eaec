"""A training's rollouts: the newest first, filtered, while their log grows and is taken back."""

import json

import pytest

from redink.reinforcement.rollouts import RolloutLog, rollouts_table
from redink.view.appended import Source
from redink.view.rollouts import RolloutIndex
from tests.view.conftest import client_of, got
from tests.view.trained_run import FOLDER, log_steps, problem, problems, rollout, write_trained_run


@pytest.fixture
def folder(tmp_path):
    return write_trained_run(tmp_path / "run")


@pytest.fixture
def trained(folder):
    return client_of(folder)


@pytest.fixture
def log(folder):
    return folder / FOLDER / "rollouts.jsonl"


def page(client, **query):
    return got(client, "/api/rollouts/policy", **query)


def orders(answer):
    return [row["order"] for row in answer["rows"]]


def written(log):
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_rollouts_come_newest_first_with_what_they_are_worth(trained):
    answer = page(trained, limit=5)
    assert (answer["total"], answer["matching"], orders(answer)) == (24, 24, [23, 22, 21, 20, 19])
    first, second = answer["rows"][:2]
    assert (first["step"], first["outcome"], first["faults"]) == (3, "wrong", ["repetition"])
    assert (first["reward"], first["advantage"], first["entropy"]) == (0.0, 0.75, 0.5)
    assert first["parts"] == {"correct": 0.0, "format": 1.0}
    assert (first["tokens"], first["title"][:15]) == (13, "A box holds 4 p")
    assert second["advantage"] is None
    assert orders(page(trained, offset=20, limit=50)) == [3, 2, 1, 0]


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ({"step": "2"}, lambda line: line["step"] == 2),
        ({"step": "2-3"}, lambda line: line["step"] >= 2),
        ({"step": ["1", "3"]}, lambda line: line["step"] != 2),
        ({"outcome": "correct"}, lambda line: line["outcome"] == "correct"),
        ({"fault": "repetition"}, lambda line: line["faults"]),
        ({"fault": "none", "outcome": "wrong"}, lambda line: line["sample"] in (1, 2)),
        ({"fault": "garbled"}, lambda line: False),
        ({"trained": "no"}, lambda line: line["advantage"] is None),
        ({"problem": problem(2).id}, lambda line: line["problem_id"] == problem(2).id),
        ({"problem": "unknown"}, lambda line: False),
        ({"q": '"holds 3"'}, lambda line: line["problem_id"] == problem(3).id),
        ({"q": "pens zebra"}, lambda line: False),
        ({"q": '"STEP 2, sample"'}, lambda line: line["step"] == 2),
        # One word stands in the question, the other in what was drawn.
        ({"q": '"holds 3" "sample 1"'}, lambda line: line["problem_id"] == problem(3).id
         and line["sample"] == 1),
        ({"q": "policy"}, lambda line: False),
    ],
)  # fmt: skip
def test_filters_and_search_keep_the_rollouts_that_fit(trained, log, query, kept):
    wanted = [number for number, line in enumerate(written(log)) if kept(line)]
    answer = page(trained, **query)
    assert orders(answer) == wanted[::-1]
    assert answer["matching"] == len(wanted)


def test_each_filter_counts_what_the_others_leave(trained):
    facets = page(trained, outcome="wrong", step="3")["facets"]
    assert facets == {
        "outcome": {"wrong": 6, "correct": 2},
        "fault": {"none": 4, "repetition": 2},
        "trained": {"yes": 4, "no": 2},
    }


def test_new_rollouts_are_read_on_and_move_no_page_that_is_held(folder, trained):
    held = page(trained, limit=3)["upto"]
    log_steps(folder / FOLDER, 4, 4)
    assert page(trained)["total"] == 32
    later = page(trained, upto=held, offset=3, limit=3)
    assert (later["total"], later["newer"], orders(later)) == (24, 8, [20, 19, 18])


def test_a_line_is_shown_once_it_is_whole(trained, log):
    line = json.dumps(written(log)[0] | {"id": "late"}) + "\n"
    for part, total in ((line[:40], 24), (line[40:-1], 24), (line[-1:], 25)):
        with log.open("a") as stream:
            stream.write(part)
        assert page(trained)["total"] == total
    assert page(trained)["rows"][0]["id"] == "late"


def test_a_log_that_was_taken_back_to_a_checkpoint_is_noticed(folder, trained, log):
    before = page(trained, limit=50)
    place = folder / FOLDER
    log_steps(place, 4, 6)
    assert page(trained)["total"] == 48
    RolloutLog(place).rewind(2)
    assert [row["step"] for row in page(trained)["rows"]] == [2] * 8 + [1] * 8
    log_steps(place, 3, 3)
    assert page(trained, limit=50)["rows"] == before["rows"]


def test_a_log_that_was_taken_back_and_grew_between_two_looks_is_noticed(folder, trained):
    page(trained)
    place = folder / FOLDER
    RolloutLog(place).rewind(1)
    log_steps(place, 7, 12)
    steps = [row["step"] for row in page(trained, limit=500)["rows"]]
    assert steps[::8] == [12, 11, 10, 9, 8, 7, 1]


def test_a_log_that_was_written_over_in_place_is_noticed(trained, log):
    page(trained)
    lines = written(log)
    with log.open("r+") as stream:
        for line in [*lines, *lines]:
            stream.write(json.dumps(line | {"step": 9}) + "\n")
    answer = page(trained, limit=500)
    assert (answer["total"], {row["step"] for row in answer["rows"]}) == (48, {9})
    log.write_text("")
    assert page(trained)["total"] == 0
    log.unlink()
    assert page(trained)["total"] == 0


def test_what_was_indexed_is_read_from_the_same_file_though_another_took_its_name(log, folder):
    index = RolloutIndex(log)
    before = index.now()
    RolloutLog(folder / FOLDER).rewind(0)
    assert before.line(23)["step"] == 3
    assert len(index.now()) == 0


def test_a_page_reads_what_is_new_and_what_it_shows_and_no_more(folder, trained, log, monkeypatch):
    log_steps(folder / FOLDER, 4, 200)
    page(trained)
    read = []
    plain = Source.read

    def counted(source, place, size):
        found = plain(source, place, size)
        read.append(len(found))
        return found

    monkeypatch.setattr(Source, "read", counted)
    assert page(trained, offset=800, limit=10)["total"] == 1600
    assert sum(read) < 10 * 1000 < log.stat().st_size / 50
    read.clear()
    log_steps(folder / FOLDER, 201, 201)
    assert page(trained, limit=10)["total"] == 1608
    assert sum(read) < 20 * 1000


def test_a_rollout_is_shown_with_its_problem_and_its_texts_escaped(trained, log):
    line = written(log)[1]
    item = got(trained, f"/api/rollout/policy/{line['id']}")
    assert (item["problem"]["id"], item["group"]) == (line["problem_id"], 4)
    assert item["problem"]["source"] == "pens"
    assert "<math" in item["problem"]["question_html"]
    html = "".join(step["html"] for step in item["response"]["steps"])
    assert "<img" not in html
    assert "&lt;img src=x" in html
    assert "<math" in html
    assert "\u202e" not in item["response"]["text"]
    assert (item["response"]["outcome"], item["response"]["tokens"]) == ("wrong", 11)
    assert (item["kl"], item["logprob"], item["sample"]) == (0.0005, -0.25, 1)


def test_the_problem_is_found_in_the_table_that_the_training_leaves(folder, log):
    known = {one.id: one for one in problems()}
    rollouts_table(folder / FOLDER, known).write(folder / FOLDER / "rollouts")
    (folder / "pens-0000000000" / "problems.parquet").unlink()
    item = got(client_of(folder), f"/api/rollout/policy/{written(log)[0]['id']}")
    assert item["problem"]["question"].startswith("A box holds 1 pens.")


def test_a_rollout_whose_problem_no_table_has_is_shown_without_it(folder, log):
    for path in folder.glob("*/problems.parquet"):
        path.write_bytes(b"broken")
    client = client_of(folder)
    assert page(client)["rows"][0]["title"] == ""
    assert got(client, f"/api/rollout/policy/{written(log)[0]['id']}")["problem"] is None


@pytest.mark.parametrize(
    "change",
    [{"outcome": "<b>"}, {"outcome": None}, {"faults": None}, {"faults": ["\u202e", 7]},
     {"reward": "high"}, {"parts": [1]}, {"parts": {"\x1b": float("nan")}}, {"text": None},
     {"answer": 7}, {"finish": {}}, {"n_tokens": True}, {"n_tokens": 1e400}, {"kl": "x"}],
)  # fmt: skip
def test_a_rollout_with_broken_fields_is_shown_as_far_as_it_can_be(trained, log, change):
    with log.open("a") as stream:
        stream.write(json.dumps(written(log)[0] | {"id": "odd"} | change) + "\n")
    row = page(trained)["rows"][0]
    assert row["id"] == "odd"
    assert "\x1b" not in json.dumps(row)
    item = got(trained, "/api/rollout/policy/odd")
    assert item["response"]["outcome"] in ("correct", "ungraded")


@pytest.mark.parametrize(
    "line", ["", "[]", "{}", '{"step": 4}', '{"step": 4, "id": 7, "problem_id": "p"}', "\x00", "{"]
)
def test_a_line_that_is_no_rollout_hides_none(folder, trained, log, line):
    with log.open("a") as stream:
        stream.write(line + "\n")
    log_steps(folder / FOLDER, 4, 4)
    assert page(trained)["total"] == 32


def test_many_kinds_of_faults_are_told_apart_as_far_as_there_is_room(trained, log):
    with log.open("a") as stream:
        for number in range(80):
            line = vars(rollout(4, problem(1), 0, id=f"x{number}", faults=(f"fault{number}",)))
            stream.write(json.dumps(line) + "\n")
    facets = page(trained)["facets"]["fault"]
    assert sum(facets.values()) == 24 + 80
    assert page(trained, fault="fault3")["matching"] == 1


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("rollouts/policy?step=first", 400, "give one as 12"),
        ("rollouts/policy?step=1-", 400, "give one as 12"),
        ("rollouts/policy?offset=-1", 400, "is no count"),
        ("rollouts/pens", 400, "use policy"),
        ("rollout/policy/nothing", 404, "last checkpoint"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_a_sentence(trained, path, status, says):
    reply = trained.get(f"/api/{path}")
    assert (reply.status_code, says in reply.json()["error"]) == (status, True)
