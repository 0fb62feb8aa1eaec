"""The audit finds what is known to be wrong with a table."""

import json
from dataclasses import replace

import pytest

from redink.audit import audit
from redink.errors import DataError
from redink.records import InjectedError
from redink.tables import Table


def test_exactly_the_flipped_verdicts_disagree(flipped):
    table, chosen = flipped
    found = audit(table)
    assert {row.critique.id for row in found.disagreements} == chosen
    assert {row["id"] for row in found.to_json()["disagreements"]} == chosen
    whole = found.agreement.agrees
    assert (whole.count, whole.total) == (len(table) - len(chosen), len(table))
    assert whole.low < 0.8 < whole.high
    assert 0.05 < whole.high - whole.low < 0.15
    table_of = found.confusion.counts
    assert table_of["right"]["wrong"] + table_of["wrong"]["correct"] == len(chosen)
    assert sum(sum(cells.values()) for cells in table_of.values()) == len(table)
    assert found.defects.stale_agreement == len(chosen)


def test_untouched_symbolic_critiques_pass(symbolic):
    found = audit(symbolic)
    assert found.disagreements == ()
    assert found.agreement.agrees.share == 1
    assert found.first_errors.exact.share >= 0.95
    assert found.defects.stale_agreement == found.defects.empty == 0
    assert found.leaks.found == ()


def test_wrong_marked_right_and_correct_marked_wrong_are_told_apart(table):
    found = audit(
        table(
            ({"verdict": "right"}, {}, {}),
            ({}, {}, {}),
            ({}, {"outcome": "correct"}, {}),
            ({"verdict": "right"}, {"outcome": "correct"}, {}),
            ({"verdict": "right"}, {"outcome": "correct"}, {}),
        )
    ).agreement
    assert (found.wrong_marked_right.count, found.wrong_marked_right.total) == (1, 2)
    assert (found.correct_marked_wrong.count, found.correct_marked_wrong.total) == (1, 3)


def test_an_unreadable_verdict_is_no_disagreement_and_is_counted_by_reason(table):
    found = audit(
        table(
            ({"verdict": None, "why": "truncated", "finish": "length"}, {}, {}),
            ({"verdict": None, "why": "both"}, {}, {}),
            ({"verdict": None, "why": "both"}, {}, {}),
            ({"verdict": None, "text": " "}, {}, {}),
            ({}, {"outcome": "no_answer"}, {}),
        )
    )
    assert found.disagreements == ()
    assert found.agreement.agrees.total == 0
    assert found.defects.without_verdict == {"both": 2, "no reason recorded": 1, "truncated": 1}
    assert (found.defects.cut_off, found.defects.empty) == (1, 1)
    assert found.confusion.counts["none"] == {"correct": 0, "wrong": 4, "no_answer": 0}
    assert found.confusion.counts["wrong"]["no_answer"] == 1


def test_groups_are_told_apart(table):
    found = audit(
        table(
            ({"teacher": "a"}, {}, {"subject": "algebra"}),
            ({"teacher": "a"}, {}, {}),
            ({"teacher": "b", "verdict": "right"}, {"origin": "respond"}, {}),
        )
    )
    shares = {(g.by, g.name): g.agrees.share for g in found.groups}
    assert shares == {
        ("teacher", "a"): 1,
        ("teacher", "b"): 0,
        ("origin", "load"): 1,
        ("origin", "respond"): 0,
        ("subject", "algebra"): 1,
        ("subject", ""): 0.5,
    }


def test_several_critiques_of_one_problem_widen_the_interval(table):
    def of(problems):
        rows = [
            ({"verdict": "right" if n % 8 < 4 else "wrong"}, {}, {"id": f"p{n % problems}"})
            for n in range(96)
        ]
        return audit(table(*rows)).agreement.agrees

    alone, grouped = of(96), of(8)
    assert alone.share == grouped.share == 0.5
    assert grouped.high - grouped.low > 2 * (alone.high - alone.low)


def test_repeated_texts_are_found_whatever_their_spacing(table):
    found = audit(
        table(
            ({"text": "Good.\nConclusion: wrong"}, {}, {}),
            ({"text": "Good. Conclusion:  wrong"}, {}, {}),
            ({"text": "Good. Conclusion: wrong", "id": "again"}, {"id": "r1"}, {"id": "p1"}),
            ({"text": "Bad. Conclusion: wrong"}, {}, {}),
        )
    ).defects
    assert (found.repeated_texts, found.repeated_rows) == (1, 1)
    assert found.most_repeated == "c0"


def test_first_errors_are_compared_where_they_are_known(table):
    def row(named, **said):
        error = InjectedError("operand", 2, "1", "2")
        return {"first_error": named, **said}, {"error": error}, {}

    found = audit(
        table(row(2), row(2), row(1), row(3), row(0), row(None), row(None, verdict="right"))
    ).first_errors
    counts = (found.exact, found.off_by_one, found.elsewhere, found.missing)
    assert [rate.count for rate in counts] == [2, 2, 1, 2]
    assert {rate.total for rate in counts} == {7}
    assert found.missing_but_wrong == 1
    assert (found.exact_of_named.count, found.exact_of_named.total) == (2, 5)


def test_without_known_errors_there_is_no_first_error_section(table):
    found = audit(table(({}, {}, {})))
    assert found.first_errors is None
    assert "First error" not in "\n".join(found.lines())


def test_lengths_of_right_and_wrong_critiques_stand_apart(table):
    rows = [({"verdict": "right", "text": "x" * 10, "completion_tokens": 3}, {}, {})] * 1
    rows += [({"text": "x" * size}, {}, {}) for size in (100, 200, 300)]
    lengths = audit(table(*rows)).lengths
    found = {(s.unit, s.verdict): (s.n, s.p50, s.max) for s in lengths.spreads}
    assert found[("characters", "right")] == (1, 10, 10)
    assert found[("characters", "wrong")] == (3, 200, 300)
    assert found[("tokens", "right")] == (1, 3, 3)
    assert lengths.without_tokens == 3
    assert {v: sum(counts) for v, counts in lengths.histogram.counts.items()} == {
        "right": 1,
        "wrong": 3,
    }


def test_ungraded_responses_are_said_and_graded_on_demand_alone(table):
    asked = table(
        ({}, {"outcome": "ungraded"}, {}),
        ({}, {"outcome": "ungraded", "text": "#### 80"}, {}),
        ({}, {"outcome": "ungraded"}, {"answer": ""}),
    )
    plain = audit(asked)
    assert (plain.ungraded, plain.gradable, plain.agreement.agrees.total) == (3, 2, 0)
    assert "--grade" in "\n".join(plain.lines())
    graded = audit(asked, grade=True)
    assert (graded.ungraded, graded.gradable, graded.graded_here) == (1, 0, 2)
    assert (graded.agreement.agrees.count, graded.agreement.agrees.total) == (1, 2)
    assert graded.defects.stale_agreement == 0
    assert [row.outcome for row in asked.responses.values()] == ["ungraded"] * 3


def test_an_empty_table_is_audited_without_a_figure(table):
    found = audit(table())
    assert found.agreement.agrees.share is None
    assert "0 critiques" in found.lines()[0]


def test_a_table_of_something_else_is_refused(symbolic):
    other = Table(type(next(iter(symbolic.responses.values()))), ())
    with pytest.raises(DataError, match="no critiques"):
        audit(other)


def test_a_critique_without_its_response_is_refused(table):
    whole = table(({}, {}, {}))
    with pytest.raises(DataError, match="marks response r0"):
        audit(replace(whole, responses={}))
    with pytest.raises(DataError, match="problem, which is not in the table"):
        audit(replace(whole, problems={}))


def test_the_report_is_plain_json_and_the_same_every_time(flipped):
    first, second = audit(flipped[0]).to_json(), audit(flipped[0]).to_json()
    assert json.dumps(first, allow_nan=False) == json.dumps(second, allow_nan=False)


def test_text_of_a_model_cannot_reach_the_terminal(table):
    evil = "\x1b]0;owned\x07[red]\u202e\x9b31m"
    row = ({"why": evil, "verdict": None, "teacher": evil}, {}, {"question": evil, "subject": evil})
    wrong = ({"verdict": "right", "id": evil}, {"outcome": "wrong"}, {"question": evil})
    shown = "\n".join(audit(table(row, wrong)).lines())
    assert not set(shown) & {"\x1b", "\x07", "\u202e", "\x9b"}
    assert "\\x1b" in shown
    assert "[red]" in shown
