"""Reading verdicts: what is plainly said, and nothing else."""

import json
from pathlib import Path

import pytest

from redink.teachers.verdict import read_first_error, read_verdict, without_end_mark

CASES = [
    json.loads(line) for line in (Path(__file__).parent / "verdicts.jsonl").read_text().splitlines()
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: repr(case["text"][-40:]))
def test_a_verdict_is_read_as_the_table_says(case):
    reading = read_verdict(case["text"], case["finish"])
    assert (reading.verdict, reading.why) == (case["verdict"], case["why"])


def test_the_table_has_each_reading_several_times():
    readings = [case["verdict"] or case["why"] for case in CASES]
    for reading in ("right", "wrong", "no conclusion", "both", "truncated", "refused"):
        assert readings.count(reading) >= 5


@pytest.mark.parametrize("cut", range(len("Conclusion: incorrect")))
def test_a_verdict_cut_off_anywhere_is_never_the_opposite(cut):
    text = "The last line is off. " + "Conclusion: incorrect"[:cut]
    assert read_verdict(text, "length").verdict is None


@pytest.mark.parametrize(
    ("text", "steps", "found"),
    [
        ("Step 1: fine.\nFirst wrong step: 2\nConclusion: wrong [END]", 3, 1),
        ("**First wrong step:** Step 3", 3, 2),
        ("First wrong step: none", 3, None),
        ("First wrong step: 4", 3, None),
        ("First wrong step: 0", 3, None),
        ("First wrong step: 1\nNo, look again.\nFirst incorrect step: 2", 3, 1),
        ("The first step is wrong.", 3, None),
    ],
)
def test_the_first_wrong_step_is_read_where_it_is_named(text, steps, found):
    assert read_first_error(text, steps) == found


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("Good.\n\nConclusion: right [END]", "Good.\n\nConclusion: right"),
        ("**Conclusion: wrong [END]**", "**Conclusion: wrong**"),
        ("Conclusion: right", "Conclusion: right"),
        ("The array [END] is empty. Conclusion: right", None),
    ],
)
def test_the_end_mark_goes_only_where_it_ends_the_text(text, bare):
    assert without_end_mark(text) == (text if bare is None else bare)
