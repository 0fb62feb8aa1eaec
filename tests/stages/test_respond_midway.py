"""respond with from_step: right responses left midway."""

from dataclasses import replace

import pytest

from redink.engines.engine import Completion
from redink.errors import UsageError
from redink.records import Response
from redink.stages.respond import respond
from redink.steps import solution_steps
from redink.tables import problem_table, response_table
from tests.labelling import chain

LONG = "\n".join(["1 + 1 = 2", "2 + 1 = 3", "3 * 5 = 15", "15 * 2 = 30", chain.GOOD])


@pytest.fixture(scope="module")
def actor(tmp_path_factory):
    return chain.make_chain(tmp_path_factory.mktemp("chain"), chain.CHANCES, 40)


def test_the_beginning_is_kept_and_the_rest_is_sampled_and_graded(actor):
    right = chain.right_responses(chain.problems(40))
    settings = {"model": actor, "temperature": 1.0, "top_p": 1.0, "max_tokens": 8, "samples": 2}
    table = respond(right, from_step=1, **settings)
    assert len(table) == 80
    assert [row.sampling["prefix_of"] for row in table] == [r.id for r in right for _ in range(2)]
    for row in table:
        assert (row.origin, row.sampling["steps"]) == ("respond", 1)
        assert row.text.startswith(f"{chain.RIGHT}\n")
        assert row.outcome == ("correct" if row.text.endswith(chain.GOOD) else "wrong")
    assert {row.outcome for row in table} == {"correct", "wrong"}
    assert len({row.id for row in table}) == 80
    assert respond(right, from_step=1, **settings).rows == table.rows


def test_random_steps_are_drawn_by_the_seed_and_never_the_final_line(monkeypatch):
    class Echo:
        name = "echo"

        def complete(self, conversations, sampling):
            for conversation in conversations:
                yield Completion(conversation.id, 0, chain.BAD, 5, 7, "stop")

    monkeypatch.setattr(
        "redink.stages.respond.open_models", lambda names, **options: {names[0]: Echo()}
    )
    asked = chain.problems(60)
    rows = [
        Response(f"r{n}", p.id, LONG, "respond", outcome="correct") for n, p in enumerate(asked)
    ]
    table = response_table(rows, {p.id: p for p in asked})
    drawn = [row.sampling["steps"] for row in respond(table, model="m", from_step="random")]
    assert set(drawn) == {1, 2, 3}
    again = [row.sampling["steps"] for row in respond(table, model="m", from_step="random")]
    other = [row.sampling["steps"] for row in respond(table, model="m", from_step="random", seed=1)]
    assert again == drawn != other
    for row in respond(table, model="m", from_step="random"):
        assert len(solution_steps(row.text)) == row.sampling["steps"] + 1
        assert row.outcome == "wrong"


def test_what_nothing_is_sampled_from_is_dropped_with_the_reason(actor):
    asked = chain.problems(3)
    right = chain.right_responses(asked)
    brief = replace(right[1], text=f"{chain.DOUBLED}\n{chain.GOOD}")
    rows = [right[0], brief, *chain.wrong_responses(asked[2:])]
    table = respond(
        response_table(rows, right.problems), model=actor, from_step="random", max_tokens=8
    )
    assert [row.sampling["prefix_of"] for row in table] == [right[0].id]
    assert [item.reason for item in table.dropped] == [
        "too few solution steps",
        "not right, so none of it is kept",
    ]


def test_one_of_each_final_answer_can_be_kept(actor):
    table = respond(
        chain.right_responses(chain.problems(5)),
        model=actor, from_step=1, temperature=1.0, top_p=1.0, max_tokens=8, samples=8,
        dedup="final_answer",
    )  # fmt: skip
    answers = [(row.problem_id, row.answer) for row in table]
    assert len(answers) == len(set(answers))
    assert len(table) + len(table.dropped) == 40


@pytest.mark.parametrize(
    ("table", "settings", "said"),
    [
        (problem_table(chain.problems(1)), {}, "a table of responses"),
        (chain.right_responses(chain.problems(1)), {"from_step": 0}, "give 1 or more"),
        (
            chain.right_responses(chain.problems(1)),
            {"model": "endpoint:m@http://127.0.0.1:1/v1"},
            "behind a server",
        ),
    ],
)
def test_what_cannot_be_gone_on_from_is_refused(actor, table, settings, said):
    with pytest.raises(UsageError, match=said):
        respond(table, **({"model": actor, "from_step": 1} | settings))
