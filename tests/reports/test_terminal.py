"""Tables on the terminal."""

import random

import pytest
from rich.console import Console

from redink.evaluation import compare_arms
from redink.records import Score
from redink.reports import Training, print_comparison, print_scores
from redink.tables import Table


def graded(models, benchmarks=("held",), n=30, samples=1, seed=1):
    """Model → its chance of a right answer; answers of every kind of outcome."""
    rng = random.Random(seed)
    rows = []
    for model, chance in models.items():
        for benchmark in benchmarks:
            for problem in range(n + 10 * benchmarks.index(benchmark)):
                for sample in range(samples):
                    right = rng.random() < chance
                    outcome = "correct" if right else rng.choice(
                        ["wrong", "wrong", "no_answer", "truncated", "grader_timeout"]
                    )  # fmt: skip
                    by = rng.choice(["number", "symbolic", "judge"])
                    tokens = rng.randint(50, 2000)
                    rows.append(
                        Score(model, benchmark, f"p{problem}", sample, "r", outcome,
                              str(rng.randint(1, 4)), by, tokens)
                    )  # fmt: skip
    return rows


def printed(show):
    console = Console(width=80, record=True, file=None, force_terminal=False)
    with console.capture() as capture:
        show(console)
    return capture.get()


EVERYTHING = graded(
    {
        "imitation-of-verified@1": 0.4, "imitation-of-verified@2": 0.5,
        "critique-tuned@1": 0.6, "critique-tuned@2": 0.5, "critique-tuned@3": 0.7, "student": 0.1,
    },
    benchmarks=("olympiadbench", "gpqa-diamond"),
    samples=16,
)  # fmt: skip


def everything(console):
    comparison = compare_arms(
        EVERYTHING, "imitation-of-verified", "trial", marks=["validation overlaps gpqa-diamond"]
    )
    trainings = {f"critique-tuned@{n}": Training(10, 2000, 900, 9.0, ((1, 2.0),)) for n in (1, 2)}
    print_comparison(comparison, trainings, console)


def test_no_line_is_wider_than_80_columns_whatever_there_is_to_show():
    lines = printed(everything).splitlines()
    assert max(map(len, lines)) <= 80
    assert not [line for line in lines if "…" in line]


def test_samples_seeds_and_differences_have_tables_of_their_own():
    text = printed(everything)
    for row in ("olympiadbench", "gpqa-diamond", "average of benchmarks", "all benchmarks"):
        assert f"trial · {row} · " in text
        assert f"Several samples · {row} · ± standard error" in text
        assert f"Training seeds · {row} · accuracy in %" in text
        assert f"Over imitation-of-verified · {row} · paired, in points" in text
    for heading in ("avg@16", "pass@1 ", "pass@16", "maj@16", "late", "judged", "s.d."):
        assert heading in text
    assert "critique-tuned@2" in text[text.index("Training †") :]
    assert "2-3 seeds say little" in " ".join(text.split())


def test_every_table_carries_the_mark_and_the_note_says_what_it_means():
    lines = printed(everything).splitlines()
    titles = [line for line in lines if " · " in line or line.startswith("Training")]
    assert len(titles) == 17
    assert all(line.endswith("†") for line in titles)
    assert "† validation overlaps gpqa-diamond" in lines


def test_one_answer_and_one_training_take_two_small_tables():
    scores = graded({"sft": 0.4, "cft": 0.6})
    text = printed(lambda console: print_comparison(compare_arms(scores, "sft"), None, console))
    assert "McNemar" in text
    assert "avg@" not in text
    assert "pass@" not in text
    assert "†" not in text
    assert text.count("held ·") == 2


def test_needed_problems_are_named_where_a_difference_is_not_shown():
    few = [
        Score(arm, "held", f"p{n}", 0, "r", "correct" if n < right else "wrong", None, "none")
        for arm, right in (("sft", 10), ("cft", 12), ("best", 30))
        for n in range(30)
    ]
    text = printed(lambda console: print_comparison(compare_arms(few, "sft"), None, console))
    row = {line.split()[0]: line.split() for line in text.splitlines() if " / " in line}
    assert row["cft"][-1] == "116"
    assert row["best"][-1].startswith("±")


def test_what_is_left_out_is_said():
    scores = graded({"sft": 0.4}) + graded({"cft": 0.6}, n=20)
    text = printed(lambda console: print_comparison(compare_arms(scores, "sft"), None, console))
    assert "only the 20 that all share are used" in " ".join(text.split())


@pytest.mark.parametrize("models", [{"student": 0.5}, {"a@1": 0.5, "a@2": 0.4, "b": 0.1}])
def test_scores_are_shown_without_a_comparison(models):
    rows = tuple(graded(models, benchmarks=("one", "two"), samples=2))
    table = Table(Score, rows, provenance={"marks": ["validation overlaps one"]})
    text = printed(lambda console: print_scores(table, console=console))
    assert "one · 30 problems · rates in % †" in text
    assert "all benchmarks · 70 problems · rates in % †" in text
    assert "avg@2" in text
    assert "† validation overlaps one" in text
    assert "Did " not in text
    assert "comparisons" not in text
