"""The sample to check by hand, and the error rate that it gives."""

import json

import pytest

from redink.audit import audit
from redink.audit.judged import estimate, read_judged
from redink.audit.sample import allocate, draw_sample, strata_of, write_sample
from redink.errors import DataError, UsageError


@pytest.fixture
def rows(flipped):
    return audit(flipped[0]).rows


def judge(path, judgement):
    """Fills in a sample; `judgement` maps a line to its judgement."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        line["judgement"] = judgement(line)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_every_stratum_is_in_the_sample_and_large_ones_more_often(rows):
    sizes = {key: len(found) for key, found in strata_of(rows).items()}
    assert len(sizes) == 4
    drawn = strata_of(draw_sample(rows, 40, seed=3))
    counts = {key: len(found) for key, found in drawn.items()}
    assert sum(counts.values()) == 40
    assert all(counts[key] >= 2 for key in sizes)
    for key, size in sizes.items():
        assert abs(counts[key] / 40 - size / len(rows)) < 0.05


def test_small_strata_come_first():
    sizes = {("t", "right", "agrees"): 1000, ("t", "wrong", "agrees"): 3, ("t", "none", "-"): 1}
    assert list(allocate(sizes, 3).values()) == [1, 1, 1]
    assert list(allocate(sizes, 10).values()) == [7, 2, 1]
    assert list(allocate(sizes, 5000).values()) == [1000, 3, 1]


def test_the_seed_decides_and_the_order_of_rows_does_not(rows):
    def ids(drawn):
        return [row.critique.id for row in drawn]

    assert ids(draw_sample(rows, 20, 1)) == ids(draw_sample(rows[::-1], 20, 1))
    assert ids(draw_sample(rows, 20, 1)) != ids(draw_sample(rows, 20, 2))
    assert set(ids(draw_sample(rows, 20, 1))) < set(ids(draw_sample(rows, 60, 1)))


def test_a_sample_of_nothing_is_refused(rows):
    with pytest.raises(UsageError, match="1 or more"):
        draw_sample(rows, 0)


def test_a_line_has_all_texts_and_tells_no_grade(rows, tmp_path):
    drawn = draw_sample(rows, 5)
    write_sample(tmp_path / "s.jsonl", drawn)
    line = json.loads((tmp_path / "s.jsonl").read_text().splitlines()[0])
    assert line == {
        "critique_id": drawn[0].critique.id,
        "question": drawn[0].problem.question,
        "reference_answer": drawn[0].problem.answer,
        "response": drawn[0].response.text,
        "critique": drawn[0].critique.text,
        "verdict": drawn[0].critique.verdict,
        "judgement": "",
        "note": "",
    }


def test_judging_the_flipped_ones_bad_gives_their_share(rows, flipped, tmp_path):
    path = tmp_path / "s.jsonl"
    write_sample(path, draw_sample(rows, 60))
    judge(path, lambda line: "bad" if line["critique_id"] in flipped[1] else "Good ")
    found = read_judged(path, rows)
    assert found.error.share == pytest.approx(len(flipped[1]) / len(rows))
    assert found.error.low < found.error.share < found.error.high
    assert (found.covered, found.open, found.unsure) == (1, 0, 0)
    assert sum(stratum.judged for stratum in found.strata) == 60


def test_strata_count_by_their_size_not_by_their_judgements(table):
    items = [({"teacher": "a" if n < 90 else "b"}, {}, {}) for n in range(100)]
    rows = audit(table(*items)).rows
    judgements = {f"c{n}": "bad" if n >= 90 else "good" for n in (*range(10), *range(90, 100))}
    found = estimate(rows, judgements)
    assert (found.error.count, found.error.total) == (10, 20)
    assert found.error.share == pytest.approx(0.1)


def test_what_was_not_judged_is_said(table):
    items = [({"teacher": "a" if n < 90 else "b"}, {}, {}) for n in range(100)]
    rows = audit(table(*items)).rows
    found = estimate(rows, {"c0": "good", "c1": "unsure", "c2": "", "c95": ""})
    assert (found.covered, found.unsure, found.open) == (0.9, 1, 2)
    assert found.error.high > 0.5
    nothing = estimate(rows, {"c0": ""})
    assert (nothing.error.share, nothing.covered) == (None, 0)


def test_judging_everything_leaves_no_doubt(table):
    rows = audit(table(*[({}, {}, {})] * 1)).rows
    found = estimate(rows, {"c0": "bad"}).error
    assert (found.low, found.share, found.high) == (1, 1, 1)


def test_the_interval_holds_the_truth_as_often_as_it_says(table):
    """Rare strata that are mostly bad, beside large ones that are mostly good."""
    spec = {"a": (400, 0.04), "b": (300, 0.1), "c": (40, 0.6)}
    items = [
        ({"teacher": t, "id": f"{t}{n}"}, {}, {})
        for t, (size, _) in spec.items()
        for n in range(size)
    ]
    rows = audit(table(*items)).rows
    bad = {f"{t}{n}" for t, (size, share) in spec.items() for n in range(round(size * share))}
    truth, held = len(bad) / len(rows), 0
    for trial in range(60):
        drawn = draw_sample(rows, 60, seed=trial)
        names = [row.critique.id for row in drawn]
        found = estimate(rows, {name: "bad" if name in bad else "good" for name in names}).error
        held += found.low <= truth <= found.high
    assert held >= 54


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("not json", "line 1: not a JSON object"),
        ('{"judgement": "good"}', "line 1: no critique_id"),
        ('{"critique_id": "c0", "judgement": "right"}', "write good, bad or unsure"),
        ('{"critique_id": "c0", "judgement": 1}', "write good, bad or unsure"),
        ('{"critique_id": "other", "judgement": "bad"}', "not in this table"),
        ('{"critique_id": "c0"}\n\n{"critique_id": "c0"}', "line 3: critique c0 is judged twice"),
    ],
)
def test_a_broken_judged_file_is_refused_with_its_line(table, tmp_path, line, said):
    path = tmp_path / "s.jsonl"
    path.write_text(line)
    with pytest.raises(DataError, match=said):
        read_judged(path, audit(table(({}, {}, {}))).rows)


def test_a_missing_judged_file_is_refused(tmp_path):
    with pytest.raises(DataError, match="--sample-out"):
        read_judged(tmp_path / "none.jsonl", ())
