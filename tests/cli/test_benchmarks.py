"""`redink benchmarks`: what is listed, and what is said of one."""

import pytest

from redink.cli.benchmarks import list_benchmarks, show_benchmark
from redink.errors import UsageError
from redink.evaluation.benchmarks import catalogue


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "empty"))
    monkeypatch.delenv("REDINK_DATA", raising=False)


def test_every_benchmark_has_a_line_with_where_it_was_found(tmp_path, capsys):
    (tmp_path / "amc23.jsonl").write_text("")
    list_benchmarks(str(tmp_path))
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line}
    assert set(catalogue()) <= set(lines)
    assert lines["amc23"].split()[1] == "40"
    assert lines["amc23"].rstrip().endswith("amc23.jsonl")
    assert lines["aime24"].rstrip().endswith("not here")
    assert "unlimited" in lines["gym:*"]
    assert "made here" in lines["gym:*"]
    assert "CC BY-NC 4.0" in lines["asdiv"]
    assert str(tmp_path) in lines["files"]
    assert "REDINK_DATA" in lines["not"]


def test_one_in_full_says_where_its_data_is_looked_for(capsys):
    show_benchmark("minerva-math")
    text = " ".join(capsys.readouterr().out.split())
    for part in ("272", "minerva_math", "math-ai/minervamath", "REDINK_DATA (not set)", "lm-eval",
                 "not here"):  # fmt: skip
        assert part in text


def test_an_unknown_name_is_refused():
    with pytest.raises(UsageError, match="did you mean 'svamp'"):
        show_benchmark("swamp")
