"""Chains by a language model: what it is asked, what becomes of its texts, nothing paid twice."""

import json
import shutil
import sqlite3

import pytest

from redink.chains.merging import Merger
from redink.chains.plan import Choosing
from redink.engines.engine import Failure, Sampling
from redink.errors import BudgetError, ModelError, UsageError
from redink.records import Critique, Problem, Response
from redink.stages.chain import chain, chain_with
from redink.tables import critique_table, drop_counts
from tests.refinement.scripted import ScriptedEngine

PROBLEMS = {f"p{n}": Problem(f"p{n}", f"What is {n} + {n}?", str(2 * n)) for n in range(1, 5)}


def table(solution=True):
    """Of each problem a wrong response with its critique, and a right one."""
    responses, rows = {}, []
    for n, key in enumerate(PROBLEMS, 1):
        for name, text, outcome, verdict in (
            (f"w{n}", f"{n} + {n} = {n}\n#### {n}", "wrong", "wrong"),
            (f"r{n}", f"{n} + {n} = {2 * n}\n#### {2 * n}", "correct", "right"),
        ):
            if solution or outcome == "wrong":
                responses[name] = Response(name, key, text, "respond", outcome=outcome)
                said = f"remark on {name} Conclusion: {verdict} [END]"
                rows.append(Critique(f"c{name}", name, said, verdict))
    return critique_table(rows, responses, PROBLEMS)


def write(says, **more):
    engine = ScriptedEngine(says)
    merger = Merger(engine, Sampling(0.3, 0.95, 64), **more)
    return engine, chain_with(merger, table(), Choosing(1, 1), model="teacher")


def right(messages, sample, sampling):
    n = int(messages[-1].content.split("What is ")[1].split()[0])
    return f"I think {n}. No: twice that.\n#### {2 * n}"


def test_the_model_sees_attempts_critiques_and_the_right_solution_in_this_order():
    engine, _ = write(right)
    conversations, sampling = engine.asked[0]
    assert sampling == Sampling(0.3, 0.95, 64)
    system, user = (message.content for message in conversations[0].messages)
    parts = ["What is 1 + 1?", "1 + 1 = 1", "remark on w1", "Right solution:\n1 + 1 = 2"]
    assert [user.index(part) for part in parts] == sorted(user.index(part) for part in parts)
    assert "[END]" not in user
    assert system.endswith("#### 2")
    assert "checked" in system


def test_chains_are_graded_and_say_what_they_tell():
    _, rows = write(right)
    assert [row.outcome for row in rows] == ["correct"] * 4
    assert {row.origin for row in rows} == {"chain"}
    first = rows[0]
    assert (first.model, first.n_tokens, first.finish) == ("teacher", 8, "stop")
    assert first.sampling["attempts"] == ["w1"]
    assert first.sampling["critiques"] == ["cw1"]
    assert first.sampling["ends_with"] == "r1"
    assert first.sampling["temperature"] == 0.3


def test_wrong_chains_stay_and_are_marked():
    def says(messages, sample, sampling):
        return "so\n#### 4"

    _, rows = write(says)
    assert [row.outcome for row in rows] == ["wrong", "correct", "wrong", "wrong"]


def test_without_a_check_none_is_asked_for():
    engine, _ = write(right, check=False)
    assert "checked" not in engine.asked[0][0][0].messages[0].content


class Failing(ScriptedEngine):
    """Gives no completion of the first `failing` conversations."""

    failing = 1

    def complete(self, conversations, sampling):
        for place, done in enumerate(super().complete(conversations, sampling)):
            yield Failure(done.id, 0, "HTTP 500") if place < self.failing else done


def test_a_failed_request_drops_its_problem_and_too_many_stop_the_verb():
    merger = Merger(Failing(right), Sampling(0.3))
    rows = chain_with(merger, table(), Choosing(1, 1), model="teacher")
    assert len(rows) == 3
    assert drop_counts(rows.dropped) == {"no chain: HTTP 500": 1}
    merger.engine.failing = 3
    with pytest.raises(ModelError, match="3 of 4 requests failed"):
        chain_with(merger, table(), Choosing(1, 1), model="teacher")


def test_it_stops_at_the_limit_of_tokens():
    with pytest.raises(BudgetError, match="max_tokens_total 50"):
        write(right, max_tokens_total=50)


def test_without_a_solution_to_end_with_there_is_no_chain():
    from redink.errors import DataError

    merger = Merger(ScriptedEngine(right), Sampling(0.3))
    with pytest.raises(DataError, match="no right attempt"):
        chain_with(merger, table(solution=False), Choosing(1, 1), model="teacher")


@pytest.mark.usefixtures("capfd")
def test_what_a_model_of_this_machine_wrote_is_not_asked_for_again(tiny_student, tmp_path):
    journal, roomy = tmp_path / "j.sqlite", tmp_path / "roomy"
    shutil.copytree(tiny_student, roomy)
    config = json.loads((roomy / "config.json").read_text())
    (roomy / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 2048}))
    settings = {"teacher": str(roomy), "max_tokens": 12, "dtype": "float32"}
    first = chain(table(), **settings, journal=journal)
    with sqlite3.connect(journal) as connection:
        (count,) = connection.execute("SELECT count(*) FROM completions").fetchone()
    assert count == 4
    again = chain(table(), **settings, journal=journal)
    assert again.rows == first.rows
    with sqlite3.connect(journal) as connection:
        assert connection.execute("SELECT count(*) FROM completions").fetchone() == (4,)
    assert all(row.n_tokens for row in first)


def test_a_limit_of_cost_without_a_price_is_refused():
    with pytest.raises(UsageError, match="price"):
        chain(table(), teacher="endpoint:nobody-knows@http://127.0.0.1:9/v1", max_cost=1.0)
