"""Asking again for what failed."""

from dataclasses import replace

import pytest

from redink.audit.repair import fault_of, questions_of, repair
from redink.audit.row import audited_rows
from redink.tables import Table


@pytest.fixture
def broken(table):
    made = table(
        ({"id": "fine"}, {}, {}),
        ({"id": "unread", "verdict": None, "why": "both"}, {}, {}),
        ({"id": "cut", "verdict": None, "why": "truncated", "finish": "length"}, {}, {}),
        ({"id": "empty", "verdict": None, "text": ""}, {}, {}),
        ({"id": "differs", "verdict": "right"}, {}, {}),
        ({"id": "symbolic", "verdict": None, "teacher": "symbolic"}, {}, {}),
    )
    return replace(made, provenance={"stage": "critiques"})


def answering(**fields):
    """Teachers that answer everything alike; remembers what was asked."""

    def ask(questions):
        asked.extend(questions)
        return {
            q.row.critique.id: replace(
                q.row.critique,
                **{"id": f"{q.row.critique.id}+", "text": "So: wrong", "finish": "stop", "why": "",
                   "verdict": "wrong"} | fields,
            )
            for q in questions
        }  # fmt: skip

    asked = []
    return ask, asked


def test_only_what_fails_is_asked_again(broken):
    ask, asked = answering()
    found = repair(broken, ask)
    assert [q.row.critique.id for q in asked] == ["unread", "cut", "empty"]
    assert [q.needs_room for q in asked] == [False, True, False]
    assert [row.id for row in found.table] == [
        "fine", "unread+", "cut+", "empty+", "differs", "symbolic",
    ]  # fmt: skip
    assert found.asked == {"no verdict: both": 1, "cut off": 1, "empty": 1} == found.mended


def test_rows_that_were_fine_stay_byte_for_byte(broken, tmp_path):
    broken.write(tmp_path / "old")
    before = (tmp_path / "old" / "critiques.parquet").read_bytes()
    old = Table.read(tmp_path / "old")
    repair(old, answering()[0]).table.write(tmp_path / "new")
    new = Table.read(tmp_path / "new")
    assert [new[n] for n in (0, 4, 5)] == [old[n] for n in (0, 4, 5)]
    assert new.responses == old.responses
    assert (tmp_path / "old" / "critiques.parquet").read_bytes() == before


def test_nothing_to_mend_gives_the_same_bytes_and_asks_nobody(table, tmp_path):
    fine = table(({}, {}, {}))
    fine.write(tmp_path / "old")
    found = repair(fine, lambda questions: pytest.fail("asked"))
    found.table.write(tmp_path / "new")
    old, new = ((tmp_path / name / "critiques.parquet").read_bytes() for name in ("old", "new"))
    assert old == new


def test_an_answer_that_is_no_better_changes_nothing(broken):
    for worse in ({"verdict": None, "why": "both"}, {"finish": "length"}, {"text": " "}):
        found = repair(broken, answering(**worse)[0])
        assert found.table.rows == broken.rows
        assert (sum(found.asked.values()), found.mended) == (3, {})


def test_disagreements_are_asked_again_on_demand_and_kept_unless_the_new_one_agrees(broken):
    ask, asked = answering()
    found = repair(broken, ask, disagreements=True)
    assert "differs" in [q.row.critique.id for q in asked]
    assert found.table[4].id == "differs+"
    stubborn = repair(broken, answering(verdict="right")[0], disagreements=True)
    assert stubborn.table[4] == broken[4]
    assert stubborn.table[1].verdict == "right"


def test_an_unreadable_row_is_mended_by_any_verdict(broken):
    """Not by an agreeing one alone, which would select on the grader."""
    found = repair(broken, answering(verdict="right")[0])
    assert found.table[1].verdict == "right"


def test_what_could_not_be_had_is_counted_and_stays(broken):
    found = repair(broken, lambda questions: {})
    assert found.table.rows == broken.rows
    assert found.unanswered == 3


def test_provenance_tells_every_repair_and_the_next_one_draws_anew(broken):
    ask, asked = answering(verdict=None, why="both")
    first = repair(broken, ask).table
    assert first.provenance["stage"] == "critiques"
    assert first.provenance["repaired"] == [
        {
            "asked": {"no verdict: both": 1, "cut off": 1, "empty": 1},
            "mended": {},
            "unanswered": 0,
            "selected_on_grader": False,
        }
    ]
    second = repair(first, ask, disagreements=True).table
    assert [q.attempt for q in asked] == [1, 1, 1, 2, 2, 2, 2]
    assert [done["selected_on_grader"] for done in second.provenance["repaired"]] == [False, True]


def test_a_cut_critique_with_a_verdict_is_cut_all_the_same(table):
    [row] = audited_rows(table(({"finish": "length"}, {}, {})))
    assert fault_of(row) == "cut off"


def test_grading_is_for_the_repair_alone(table):
    made = table(({"verdict": "right"}, {"outcome": "ungraded"}, {}))
    assert questions_of(made, disagreements=True) == []
    assert len(questions_of(made, disagreements=True, grade=True)) == 1
    assert made.responses["r0"].outcome == "ungraded"
