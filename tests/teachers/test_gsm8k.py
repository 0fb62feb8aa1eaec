"""The teacher's figures on GSM8K, on a sample of the benchmark files."""

import os
from pathlib import Path

import pytest

DATA = os.environ.get("REDINK_DATA")
pytestmark = pytest.mark.skipif(not DATA, reason="REDINK_DATA names no folder of benchmark files")


@pytest.fixture(scope="module")
def problems():
    from benchmarks.symbolic_teacher import read_gsm8k

    return list(read_gsm8k(Path(DATA) / "gsm8k_train.jsonl"))[::150]


@pytest.mark.parametrize("keep", [True, False])
def test_injected_errors_are_called_wrong_and_found(problems, keep):
    from benchmarks.symbolic_teacher import injected

    figures = injected(problems, keep=keep)
    assert figures["injected.verdict"] >= 0.99
    assert figures["injected.first_error"] >= 0.95


@pytest.mark.parametrize("keep", [True, False])
def test_untouched_solutions_are_not_called_wrong(problems, keep):
    from benchmarks.symbolic_teacher import clean

    assert clean(problems, keep=keep)["clean.false_alarm"] <= 0.01


def test_verdicts_on_real_solutions_agree_with_their_grades(tmp_path):
    from benchmarks.symbolic_teacher import real

    lines = (Path(DATA) / "gsm8k_model_solutions.jsonl").read_text().splitlines()[::10]
    sample = tmp_path / "sample.jsonl"
    sample.write_text("\n".join(lines))
    figures = real(sample, keep=False)
    assert figures["real.verdict"] >= 0.98
    assert figures["real.located"] >= 0.80
