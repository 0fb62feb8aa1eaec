"""Records keep their content through Arrow rows, and their ids follow it."""

from redink.records import (
    Critique,
    Example,
    InjectedError,
    Message,
    Problem,
    Response,
    Score,
    arrow_schema,
    content_id,
    from_row,
    problem_id,
    to_row,
)

RECORDS = [
    Problem("p1", "2 + 2?", "4", meta={"template": 3, "names": ["a"]}),
    Response("r1", "p1", "2 + 2 = 5", "corrupt", error=InjectedError("slip", 0, "4", "5")),
    Response("r2", "p1", "4", "load", sampling={"temperature": 0.5}),
    Critique("c1", "r1", "It is 4.\nConclusion: wrong", "wrong", first_error=0, agrees=True),
    Example((Message("user", "q"),), (Message("assistant", "a"),), weight=0.5),
    Score("sft", "test", "p1", 0, "r1", "wrong", "5", "number", 7),
]


def test_every_record_survives_a_round_trip_through_arrow():
    import pyarrow as pa

    for record in RECORDS:
        table = pa.Table.from_pylist([to_row(record)], schema=arrow_schema(type(record)))
        assert from_row(type(record), table.to_pylist()[0]) == record


def test_a_row_with_a_later_versions_column_is_still_read():
    row = to_row(RECORDS[0]) | {"added_later": 1}
    assert from_row(Problem, row) == RECORDS[0]


def test_a_problems_id_ignores_white_space_and_follows_question_and_answer():
    assert problem_id("How  many\napples?", "3") == problem_id("How many apples?", " 3")
    assert problem_id("How many apples?", "3") != problem_id("How many apples?", "4")


def test_ids_separate_parts_that_would_join_to_the_same_text():
    assert content_id("problem", "ab", "c") != content_id("problem", "a", "bc")
