"""The verb compare."""

import dataclasses
import json

import pytest

from redink.errors import UsageError
from redink.records import Problem, Response, Score
from redink.stages.compare import compare
from redink.tables import Table


@pytest.fixture
def scores():
    problems = {f"p{n}": Problem(f"p{n}", f"{n} + 0?", str(n)) for n in range(12)}
    responses, rows = {}, []
    for arm, right in (("sft", 3), ("cft[b]", 9)):
        for n, problem in enumerate(problems):
            outcome = "correct" if n < right else "truncated" if n == 11 else "wrong"
            key = f"r{arm}{n}"
            responses[key] = Response(key, problem, "#### 1", "evaluate", arm, outcome=outcome)
            rows.append(Score(arm, "held", problem, 0, key, outcome, "1", "number", 20))
    return Table(Score, tuple(rows), problems=problems, responses=responses)


def test_it_prints_the_table_and_the_answer(scores, capsys):
    comparison = compare(scores, baseline="sft", title="A [trial]")
    printed = " ".join(capsys.readouterr().out.split())
    assert "A [trial] · held · 12 problems" in printed
    assert "cft[b] 75.0 % 13.1 46.8 to 91.1 0.0 8.3 20 ±0" in printed
    assert "cft[b] +50.0 +12.4 to +71.5 0.031 6 / 0" in printed
    assert "Did cft[b] beat sft? Yes: 75.0 % against 25.0 %, +50.0 points" in printed
    assert "1 training seed" in printed
    assert comparison.difference("cft[b]", "held").wins == 6


def test_no_printed_line_is_wider_than_a_terminal(scores, capsys):
    compare(scores, baseline="sft")
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_it_writes_the_figures_and_the_report(scores, tmp_path, capsys):
    training = tmp_path / "training.json"
    training.write_text(json.dumps({"examples": 7, "tokens": 70, "loss_tokens": 30, "losses": [1]}))
    out = tmp_path / "out"
    compare(scores, baseline="sft", trainings={"sft": training}, out=out)
    figures = json.loads((out / "comparison.json").read_text())
    assert figures["baseline"] == "sft"
    assert figures["metrics"][0]["accuracy"] == 0.25
    assert figures["differences"][0]["interval"]["method"] == "Newcombe paired"
    assert figures["trainings"]["sft"]["examples"] == 7
    assert figures["conclusions"][0].startswith("Did cft[b] beat sft? Yes")
    assert "cft[b]" in (out / "report.html").read_text()
    assert sorted(path.name for path in out.iterdir()) == ["comparison.json", "report.html"]
    assert "tokens" in capsys.readouterr().out


def test_marks_of_the_scores_are_carried_everywhere(scores, tmp_path, capsys):
    marked = dataclasses.replace(scores, provenance={"marks": ["validation overlaps held"]})
    comparison = compare(marked, baseline="sft", out=tmp_path)
    assert comparison.marks == ("validation overlaps held",)
    assert json.loads((tmp_path / "comparison.json").read_text())["marks"] == [*comparison.marks]
    assert "† validation overlaps held" in capsys.readouterr().out
    assert "validation overlaps held" in (tmp_path / "report.html").read_text()


def test_an_unknown_baseline_writes_nothing(scores, tmp_path):
    with pytest.raises(UsageError, match=r"name one of: sft, cft\[b\]"):
        compare(scores, baseline="imitation", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
