"""The verb critique with language models as teachers, against a server that counts."""

import json
import threading
from collections import Counter
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import redink.teachers.llm as llm
from redink.engines.engine import Failure
from redink.errors import BudgetError, DataError, ModelError, UsageError
from redink.progress import Progress
from redink.records import Critique, Problem, Response
from redink.stages.critique import critique
from redink.tables import Table, response_table
from redink.teachers.asking import _Line
from redink.teachers.estimate import estimate
from redink.teachers.summary import Summary
from redink.teachers.verdict import Reading


class Served(ThreadingHTTPServer):
    """Says that a solution is right where its text says so; counts what it is asked."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked = Counter()
        self.bodies = []
        self.lock = threading.Lock()
        self.refuse = lambda user: False
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def name(self, model="m"):
        return f"endpoint:{model}@http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *said):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        user = body["messages"][-1]["content"]
        with self.server.lock:
            self.server.asked[user] += 1
            self.server.bodies.append(body)
        if self.server.refuse(user):
            return self.reply(400, {"error": {"message": "no such thing"}})
        verdict = "right" if "(well done)" in user else "wrong"
        text = f"First wrong step: 1\nConclusion: {verdict} [END]"
        self.reply(200, {
            "choices": [{"message": {"content": text}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 20},
        })  # fmt: skip

    def reply(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def server():
    served = Served()
    yield served
    served.shutdown()
    served.server_close()


def drafts(count, right=lambda n: n % 2 == 0):
    """Responses that the server calls right where their number is `right`; all graded correct."""
    problems = {f"p{n}": Problem(f"p{n}", f"What is {n} + 1?", str(n + 1)) for n in range(count)}
    rows = [
        Response(
            f"r{n}", f"p{n}", f"{n} + 1 = {n + 1}{' (well done)' if right(n) else ''}",
            "load", outcome="correct",
        )
        for n in range(count)
    ]  # fmt: skip
    return response_table(rows, problems)


def numbers(rows):
    return [int(row.response_id[1:]) for row in rows]


def test_each_response_is_critiqued_with_the_papers_sampling(server, tmp_path):
    prices = {"m": [10.0, 100.0]}
    table = critique(drafts(6), teacher=server.name(), prices=prices, journal=tmp_path / "j")
    assert numbers(table) == list(range(6))
    assert [row.verdict for row in table] == ["right", "wrong"] * 3
    assert [row.agrees for row in table] == [True, False] * 3
    assert [row.first_error for row in table] == [None, 0] * 3
    first = table[0]
    assert (first.teacher, first.preset, first.finish, first.why) == ("m", "cft", "stop", "")
    assert (first.prompt_tokens, first.completion_tokens) == (100, 20)
    assert first.cost == pytest.approx(0.003)
    body = server.bodies[0]
    assert (body["temperature"], body["top_p"], body["max_tokens"]) == (0.3, 0.95, 3200)
    table.write(tmp_path / "table")
    assert Table.read(tmp_path / "table").rows == table.rows


def test_another_way_of_reading_or_keeping_asks_for_nothing_again(server, tmp_path, monkeypatch):
    common = {"teacher": server.name(), "journal": tmp_path / "j"}
    critique(drafts(8), **common)
    assert len(server.bodies) == 8
    kept = critique(drafts(8), keep={"verdict": "right"}, **common)
    assert numbers(kept) == [0, 2, 4, 6]
    assert {item.reason for item in kept.dropped} == {"verdict wrong"}
    monkeypatch.setattr(llm, "read_verdict", lambda text, finish: Reading("right"))
    assert {row.verdict for row in critique(drafts(8), **common)} == {"right"}
    assert len(server.bodies) == 8
    changed = critique(drafts(9), **common)
    assert len(changed) == 9
    assert len(server.bodies) == 9


def test_a_failed_request_drops_its_row_and_is_asked_for_again(server, tmp_path):
    server.refuse = lambda user: "What is 3 +" in user
    common = {"teacher": server.name(), "journal": tmp_path / "j"}
    table = critique(drafts(8), **common)
    assert numbers(table) == [0, 1, 2, 4, 5, 6, 7]
    [dropped] = table.dropped
    assert dropped.id == "r3"
    assert dropped.reason.startswith("no critique: ")
    assert sum(Summary.of(table).failed.values()) == 1
    server.refuse = lambda user: False
    assert numbers(critique(drafts(8), **common)) == list(range(8))
    assert len(server.bodies) == 9


def test_when_most_requests_fail_the_stage_says_so_and_keeps_the_rest(server, tmp_path):
    server.refuse = lambda user: "What is 1 +" not in user
    common = {"teacher": server.name(), "journal": tmp_path / "j"}
    with pytest.raises(ModelError, match=r"3 of 4 requests failed.*what is done is kept"):
        critique(drafts(4), **common)
    server.refuse = lambda user: False
    critique(drafts(4), **common)
    assert len(server.bodies) == 4 + 3


def test_accept_gives_exactly_the_first_that_pass_in_order(server, tmp_path):
    right = lambda n: n % 3 == 1  # noqa: E731
    common = {"teacher": server.name(), "journal": tmp_path / "j", "accept": 7}
    table = critique(drafts(100, right), keep={"agrees": True}, **common)
    assert numbers(table) == [1, 4, 7, 10, 13, 16, 19]
    assert len(table) + len(table.dropped) == 100
    asked = len(server.bodies)
    assert 20 <= asked < 40
    again = critique(drafts(100, right), keep={"agrees": True}, **common)
    assert (again.rows, again.dropped) == (table.rows, table.dropped)
    assert len(server.bodies) == asked
    reasons = Counter(item.reason for item in table.dropped)
    assert reasons == {"agrees false": 13, "not needed: enough passed before it": 80}


def test_accept_that_runs_out_of_responses_says_how_many_passed(server, tmp_path):
    common = {"teacher": server.name(), "journal": tmp_path / "j"}
    with pytest.raises(DataError, match="5 of 10 responses passed, accept wants 6"):
        critique(drafts(10), keep={"verdict": ["right"]}, accept=6, **common)
    assert len(critique(drafts(10), keep={"verdict": ["right"]}, accept=5, **common)) == 5
    assert len(server.bodies) == 10


def test_a_mixture_gives_each_row_the_same_teacher_whatever_the_order(server, tmp_path):
    shares = {server.name("a"): 0.25, server.name("b"): 0.75}
    rows = drafts(200)
    table = critique(rows, teacher=shares, journal=tmp_path / "j", seed=3)
    by = {row.response_id: row.teacher for row in table}
    assert numbers(table) == list(range(200))
    assert 30 <= Counter(by.values())["a"] <= 70
    backwards = response_table(rows.rows[::-1], rows.problems)
    turned = dict(reversed(shares.items()))
    again = critique(backwards, teacher=turned, journal=tmp_path / "j", seed=3)
    assert {row.response_id: row.teacher for row in again} == by
    assert len(server.bodies) == 200
    assert sum(max(0, count - 1) for count in server.asked.values()) == 0


def test_a_budget_stops_and_a_new_one_goes_on(server, tmp_path):
    common = {"teacher": server.name(), "journal": tmp_path / "j", "concurrency": 2}
    money = {"prices": {"m": [10.0, 100.0]}, "max_tokens": 20}
    with pytest.raises(BudgetError):
        critique(drafts(30), max_cost=0.04, **money, **common)
    done = len(server.bodies)
    assert 0 < done <= 14
    assert len(critique(drafts(30), max_cost=1.0, **money, **common)) == 30
    assert len(server.bodies) == 30
    assert set(server.asked.values()) == {1}


def test_a_limit_of_cost_needs_a_price(server, tmp_path):
    with pytest.raises(UsageError, match="the price of the model is not known"):
        critique(drafts(2), teacher=server.name(), max_cost=1.0, journal=tmp_path / "j")


def test_the_reference_is_sent_only_where_the_preset_shows_it(server, tmp_path):
    problem = Problem("p", "How many?", "987654")
    rows = response_table([Response("r", "p", "It is 5.", "load")], {"p": problem})
    common = {"teacher": server.name(), "journal": tmp_path / "j"}
    assert critique(rows, **common)[0].preset == "cft"
    assert "987654" not in json.dumps(server.bodies)
    assert critique(rows, preset="correct+reference", **common)[0].preset == "correct+reference"
    assert "987654" in json.dumps(server.bodies[1])


def test_a_model_of_this_machine_is_a_teacher_too(tiny_student, tmp_path):
    options = {"max_tokens": 8, "dtype": "float32", "journal": tmp_path / "j"}
    rows = drafts(3)
    table = critique(rows, teacher=str(tiny_student), **options)
    assert len(table) == 3
    assert all(row.cost == 0.0 and row.completion_tokens <= 8 for row in table)
    assert all((row.verdict is None) == bool(row.why) for row in table)
    assert critique(rows, teacher=str(tiny_student), **options).rows == table.rows
    with pytest.raises(BudgetError, match="max_tokens_total 20"):
        critique(rows, teacher=str(tiny_student), max_tokens_total=20, **options)


def test_a_text_that_a_model_cannot_take_costs_its_own_row_alone(server, tiny_student, tmp_path):
    rows = drafts(4)
    spoilt = [
        replace(rows[0], id="half", text="It is \ud800."),
        replace(rows[1], id="mark", text="It is <|im_end|> 2."),
    ]
    table = response_table([*spoilt, *rows], rows.problems)
    served = critique(table, teacher=server.name(), journal=tmp_path / "j")
    assert [item.id for item in served.dropped] == ["half"]
    here = critique(table, teacher=str(tiny_student), max_tokens=4, dtype="float32")
    assert len(here) == 4
    assert "<|im_end|>" in here.dropped[1].reason


def test_the_line_says_how_it_goes():
    bar = Progress("critique", 4, "responses")
    line = _Line(bar)
    line.saw(Critique("c", "r", "", "right", agrees=True, completion_tokens=9, cost=0.5))
    line.saw(Critique("d", "s", "", "wrong", agrees=False, completion_tokens=9, cost=0.25))
    line.saw(Failure("t", 0, "status 500"))
    line.show()
    shown = bar.line()
    for part in ("3/4", "agree 50.0%", "failed 1", "tokens 18", "cost $0.75", "/s", "left"):
        assert part in shown


def test_the_estimate_leaves_out_what_the_journal_holds(server, tmp_path):
    common = {"teacher": server.name(), "journal": tmp_path / "j", "prices": {"m": [1e6, 2e6]}}
    before = estimate(drafts(10), **common)
    assert (before.requests, before.kept, before.completion_tokens) == (10, 0, 4000)
    assert before.cost == before.prompt_tokens + 2 * before.completion_tokens
    critique(drafts(4), **common)
    after = estimate(drafts(10), **common)
    assert (after.requests, after.kept, after.completion_tokens) == (6, 4, 6 * 20)
    assert estimate(drafts(10), accept=3, teacher="endpoint:x@http://h/v1").cost is None
    assert estimate(drafts(10), teacher="symbolic").requests == 0


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"keep": {"length": 3}}, "unknown condition 'length'"),
        ({"keep": {"verdict": "maybe"}}, "verdict 'maybe' is unknown"),
        ({"keep": {"agrees": "yes"}}, "agrees must be true or false"),
        ({"keep": {"min_chars": -1}}, "min_chars must be"),
        ({"accept": 0}, "accept 0"),
        ({"preset": "strict"}, "unknown preset"),
        ({"teacher": {"symbolic": 0}}, "share must be above 0"),
        ({"teacher": "endpoint:m"}, "not an endpoint"),
        ({"top_p": 2.0}, "top_p"),
    ],
)
def test_impossible_settings_are_refused(settings, words):
    with pytest.raises(UsageError, match=words):
        critique(drafts(2), **settings)
