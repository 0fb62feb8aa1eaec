"""label: what is known exactly, what is sampled, and what a table of step labels holds."""

import os
import random
import re
import signal
import sqlite3
import time
from collections import Counter
from dataclasses import replace

import pytest

import redink.engines.transformers as engines
from redink.engines.journal import Journal
from redink.errors import DataError, UsageError
from redink.records import Response
from redink.stages.label import label
from redink.tables import Table, response_table
from tests.forked import forked
from tests.labelling import chain

PROBLEMS = 30


@pytest.fixture(scope="module")
def student(tmp_path_factory):
    return chain.make_chain(tmp_path_factory.mktemp("chain"), chain.CHANCES, PROBLEMS)


def sampled(problem, number=0, text=None, outcome="wrong"):
    text = text or "\n".join([chain.RIGHT, chain.SLIPPED, chain.BAD])
    return Response(f"s{number}", problem.id, text, "respond", outcome=outcome, finish="stop")


def test_injected_errors_are_known_and_others_are_sampled(student):
    asked = chain.problems(PROBLEMS)
    known = chain.wrong_responses(asked[:10])
    rows = [*known, *(sampled(p, n) for n, p in enumerate(asked[10:]))]
    table = label(
        response_table(rows, {p.id: p for p in asked}),
        model=student, temperature=1.0, top_p=1.0, max_tokens=8, balance=False,
    )  # fmt: skip
    assert [row.response_id for row in table] == [row.id for row in rows]
    assert Counter(row.source for row in table) == {"injected": 10, "continuations": 20}
    for row in table.rows[:10]:
        assert (row.labels, row.first_error, row.tries) == ((True, False, False), 1, (0, 0, 0))
    for row in table.rows[10:]:
        assert row.tries == (8, 8, 0)
        assert row.labels[1:] == (False, False)
    continuations = [r for r in table.responses.values() if r.origin == "label"]
    assert len(continuations) == 20 * 2 * 8
    assert {r.sampling["prefix_of"] for r in continuations} == {r.id for r in rows[10:]}
    assert all(r.outcome != "ungraded" for r in continuations)
    assert table.provenance["labels"]["continuations"] == len(continuations)


def test_figures_are_said_of_labels_before_balancing(student, capsys):
    asked = chain.problems(6)
    rows = [*chain.right_responses(asked[:2]), *(sampled(p, n) for n, p in enumerate(asked[2:]))]
    label(
        response_table(rows, {p.id: p for p in asked}),
        model=student, source="continuations", temperature=1.0, top_p=1.0, max_tokens=8,
    )  # fmt: skip
    labels, continuations = capsys.readouterr().err.splitlines()[-2:]
    assert "0 responses with known errors, 6 by continuations" in labels
    assert sum(int(n) for n in re.findall(r"(\d+)(?: steps right| wrong| unknown)", labels)) == 18
    assert "64 continuations of 8 prefixes" in continuations


def test_a_table_of_step_labels_comes_back_from_disk(student, tmp_path):
    rows = [sampled(p, n) for n, p in enumerate(chain.problems(3))]
    made = label(
        response_table(rows, {p.id: p for p in chain.problems(3)}),
        model=student, temperature=1.0, max_tokens=8,
    )  # fmt: skip
    made.write(tmp_path)
    read = Table.read(tmp_path)
    assert read.rows == made.rows
    assert read.responses == made.responses


def test_labels_are_balanced_and_what_was_left_out_is_kept_beside_them():
    asked = chain.problems(12)
    rows = [*chain.wrong_responses(asked[:4]), *chain.right_responses(asked[4:]).rows]
    rows = [replace(row, origin="corrupt") for row in rows]
    table = label(response_table(rows, {p.id: p for p in asked}), seed=2)
    at = [Counter(row.labels[step] for row in table) for step in range(3)]
    assert at == [{None: 12}, {True: 4, False: 4, None: 4}, {True: 4, False: 4, None: 4}]
    whole = Counter(tuple(row.meta["labels"]) for row in table)
    assert whole == {(True, False, False): 4, (True,) * 3: 8}


def test_what_cannot_be_labelled_is_dropped_with_the_reason():
    (problem,) = chain.problems(1)
    table = response_table(
        [
            sampled(problem, 0, text=" \n "),
            sampled(problem, 1),
            sampled(problem, 2, outcome="gold_unparsable"),
            *chain.wrong_responses([problem]),
        ],
        {problem.id: problem},
    )
    done = label(table, source="injected", balance=False)
    assert len(done) == 1
    assert [(item.id, item.reason) for item in done.dropped] == [
        ("s0", "no solution steps"),
        ("s1", "nothing is known of its errors"),
        ("s2", "its problem's reference answer cannot be read"),
    ]


def test_a_response_with_a_control_token_stops_no_other(student):
    asked = chain.problems(2)
    spoilt = sampled(asked[0], 0, text=f"{chain.RIGHT} {chain.END}\n{chain.BAD}")
    table = response_table([spoilt, sampled(asked[1], 1)], {p.id: p for p in asked})
    done = label(table, model=student, temperature=1.0, max_tokens=8)
    assert [row.response_id for row in done] == ["s1"]
    (item,) = done.dropped
    assert item.id == "s0"
    assert "control token" in item.reason


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"samples": 0}, "samples is 0"),
        ({"least": 9}, "least is 9"),
        ({"temperature": 0.0}, "every continuation of a prefix is the same"),
        ({"search": "binary", "monotone": False}, "search: binary"),
        ({"model": None}, "no model is named"),
        ({"model": "endpoint:m@http://127.0.0.1:1/v1"}, "behind a server"),
        ({"prompt": "none such"}, "is unknown"),
    ],
)
def test_contradictory_settings_are_refused(student, settings, said):
    (problem,) = chain.problems(1)
    table = response_table([sampled(problem)], {problem.id: problem})
    with pytest.raises(UsageError, match=said):
        label(table, **({"model": student} | settings))


def test_no_responses_are_refused():
    with pytest.raises(DataError, match="no responses"):
        label(response_table([], {}))


def test_a_student_that_hardly_ever_succeeds_is_warned_of_with_the_share(tmp_path, capsys):
    weak = chain.CHANCES | {chain.RIGHT: {chain.DOUBLED: 0.05, chain.SLIPPED: 0.95}}
    weak |= {chain.SLIPPED: {chain.BAD: 1.0}}
    student = chain.make_chain(tmp_path, weak, 60)
    done = label(
        chain.wrong_responses(chain.problems(60)),
        model=student, source="continuations", temperature=1.0, top_p=1.0, max_tokens=8,
    )  # fmt: skip
    figures = done.provenance["labels"]
    rate = figures["successes"] / figures["tries"]
    rare, known = capsys.readouterr().err.splitlines()[-2:]
    assert f"{rate:.1%} of continuations come to the right answer" in rare
    assert f"is labelled wrong in {(1 - rate) ** 8:.0%} of cases with 8 continuations" in rare
    missed = sum(row.successes[0] == 0 for row in done.rows)
    assert figures["known_right_missed"] == missed
    assert f"{missed} of {figures['known_right']} sampled prefixes that are known to be" in known


def test_a_student_that_nearly_always_succeeds_is_warned_of_too(tmp_path, capsys):
    strong = chain.CHANCES | {chain.SLIPPED: {chain.AGAIN: 1.0}}
    asked = chain.problems(5)
    rows = [sampled(p, n) for n, p in enumerate(asked)]
    table = response_table(rows, {p.id: p for p in asked})
    student = chain.make_chain(tmp_path, strong, 5)
    label(table, model=student, temperature=1.0, top_p=1.0, max_tokens=8)
    assert "a wrong step that the student mends so often is labelled right in 100%" in (
        capsys.readouterr().err
    )


def everything(student, journal=None):
    asked = chain.problems(PROBLEMS)
    rows = [sampled(p, n) for n, p in enumerate(asked)]
    return label(
        response_table(rows, {p.id: p for p in asked}),
        model=student, temperature=1.0, top_p=1.0, max_tokens=8, dtype="float32", batch_size=4,
        journal=journal,
    )  # fmt: skip


def noted(student, journal, log):
    """Labels all, and notes what is made."""
    engines.COMMIT_SECONDS = 0.005
    put = Journal.put
    notes = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def logged(journal, items):
        items = list(items)
        put(journal, items)
        os.write(notes, "".join(f"{key}\n" for key, _ in items).encode())

    Journal.put = logged
    everything(student, journal)


def test_killed_at_any_moment_it_samples_nothing_twice(student, tmp_path):
    journal, log = tmp_path / "j.sqlite", tmp_path / "log"
    kills, draw = 0, random.Random(5)
    for _ in range(8):
        before = log.stat().st_size if log.exists() else 0
        process = forked(noted, student, journal, log)
        while process.is_alive() and (log.stat().st_size if log.exists() else 0) == before:
            time.sleep(0.002)
        if kills < 3:
            time.sleep(draw.random() * 0.03)
            process.kill()
        process.join(120)
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        kills += 1
    assert kills == 3
    made = log.read_text().split()
    assert len(made) == len(set(made))
    (kept,) = sqlite3.connect(journal).execute("SELECT count(*) FROM completions").fetchone()
    assert kept == PROBLEMS * 2 * 8
    assert everything(student, journal).rows == everything(student).rows
