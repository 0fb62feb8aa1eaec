"""respond: graded samples of every problem."""

from dataclasses import replace

import pytest

from redink.engines.engine import Completion, Failure
from redink.errors import DataError, ModelError, UsageError
from redink.records import Problem, problem_id
from redink.stages.respond import respond
from redink.tables import join, problem_table, response_table


def sums(count):
    rows = [(f"{n} + {n} =", str(2 * n)) for n in range(count)]
    return problem_table([Problem(problem_id(q, a), q, a) for q, a in rows])


def test_every_problem_gets_its_samples_graded_and_in_order(tiny_student):
    problems = sums(5)
    table = respond(
        problems, model=tiny_student, samples=3, temperature=1.0, max_tokens=8, batch_size=4
    )
    assert [row.problem_id for row in table] == [p.id for p in problems for _ in range(3)]
    assert [row.sampling["sample"] for row in table] == [0, 1, 2] * 5
    assert len({row.id for row in table}) == 15
    assert {row.origin for row in table} == {"respond"}
    assert all(row.finish in ("stop", "length") for row in table)
    assert all(row.outcome != "ungraded" for row in table)
    assert set(table.problems) == {p.id for p in problems}


def test_the_same_seed_gives_the_same_responses_and_another_seed_others(tiny_student, tmp_path):
    journal = tmp_path / "completions.sqlite"

    def ask(seed, journal=None):
        return respond(
            sums(3), model=tiny_student, temperature=1.0, max_tokens=8, seed=seed, journal=journal
        ).rows

    first = ask(1, journal)
    assert ask(1) == first == ask(1, journal)
    assert ask(2) != first
    assert journal.exists()


def test_no_problems_and_impossible_settings_are_refused(tiny_student):
    with pytest.raises(DataError, match="no problems"):
        respond(sums(0), model=tiny_student)
    with pytest.raises(UsageError, match="top_p"):
        respond(sums(1), model=tiny_student, top_p=1.5)


class Scripted:
    """An engine that gives set texts, and fails where a text is None."""

    name = "scripted"

    def __init__(self, texts):
        self.texts = texts

    def complete(self, conversations, sampling):
        for conversation in conversations:
            for sample in range(sampling.samples):
                text = self.texts[sample]
                if text is None:
                    yield Failure(conversation.id, sample, "status 500 (6 tries)")
                else:
                    yield Completion(conversation.id, sample, text, 5, 7, "stop")


@pytest.fixture
def scripted(monkeypatch):
    def use(*texts):
        engine = Scripted(texts)
        monkeypatch.setattr(
            "redink.stages.respond.open_models", lambda names, **o: {names[0]: engine}
        )
        return {"model": "endpoint:org/m@http://127.0.0.1:1/v1", "samples": len(texts)}

    return use


def test_one_response_is_kept_of_each_distinct_final_answer(scripted):
    texts = ("#### 6", "So the answer is 6.0", "#### 7", "\\boxed{7.0}", "no idea", "who knows")
    table = respond(sums(4), **scripted(*texts), dedup="final_answer")
    last = [row for row in table if row.problem_id == list(table.problems)[3]]
    assert [row.sampling["sample"] for row in last] == [0, 2, 4, 5]
    assert {item.reason for item in table.dropped} == {"repeated final answer"}
    assert len(table) + len(table.dropped) == 4 * 6


def test_a_response_that_failed_is_dropped_with_the_reason(scripted):
    table = respond(sums(3), **scripted("#### 1", None, "#### 2"))
    assert len(table) == 6
    assert [item.reason for item in table.dropped] == ["no response: status 500 (6 tries)"] * 3
    assert [item.record["sample"] for item in table.dropped] == [1, 1, 1]
    with pytest.raises(ModelError, match="6 of 9 requests failed"):
        respond(sums(3), **scripted("#### 1", None, None))


def test_each_response_says_where_it_came_from_in_a_joined_table_too(scripted):
    made = respond(sums(2), **scripted("#### 1"))
    row = made[0]
    assert (row.origin, row.model, row.sampling["engine"]) == ("respond", "org/m", "scripted")
    given = replace(row, id="given", origin="load", model="")
    joined = join([made, response_table([given], made.problems)])
    assert [(r.origin, r.model) for r in joined] == [("respond", "org/m")] * 2 + [("load", "")]
