"""The benchmark of scorers trains, tests and reports, with sets that share no problem."""

import json
import sys

from benchmarks.scorers import GENERATOR, HELD_OUT, OPTIONS, Sizes, main, make_sets

SIZES = Sizes(rows=24, tests=12, calibration=12)


def test_sets_share_no_problem_with_training_and_kinds_are_held_out():
    sets = make_sets(SIZES, GENERATOR, OPTIONS, HELD_OUT)
    tables = (sets.train, sets.calibration, sets.known, sets.held_out)
    ids = [set(table.problems) for table in tables]
    assert not (ids[0] | ids[1]) & (ids[2] | ids[3])
    assert not ids[0] & ids[1]
    kinds = [
        {
            table.responses[row.response_id].error.kind
            for row in table
            if row.first_error is not None
        }
        for table in tables
    ]
    assert not kinds[0] & set(HELD_OUT)
    assert not kinds[2] & set(HELD_OUT)
    assert kinds[3] <= set(HELD_OUT)


def test_the_last_line_is_the_figures(tiny_student, tmp_path, monkeypatch, capsys):
    options = ["--rows", "24", "--tests", "12", "--keep", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["scorers", "--base", str(tiny_student), *options])
    main()
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    for name in ("sorm_exact_first_error", "sorm_step_accuracy", "orm_step_accuracy"):
        assert 0 <= figures[name] <= 1
        assert 0 <= figures[f"held_out_{name}"] <= 1
    assert figures["seconds"] > 0
    assert figures["memory_gib"] > 0
    assert {path.name for path in tmp_path.iterdir()} == {"orm", "sorm"}
