"""The catalogue: what each benchmark knows of itself, and how one is named."""

import pytest

from redink.errors import UsageError
from redink.evaluation.benchmarks import (
    benchmark_named,
    catalogue,
    file_benchmark,
    is_benchmark,
    subset_of,
)
from redink.evaluation.benchmarks.benchmark import Benchmark
from redink.prompts import PROMPTS

NAMES = [
    "math-500", "math", "gsm8k", "minerva-math", "olympiadbench", "aime24", "aime25", "amc23",
    "theoremqa", "gpqa-diamond", "mmlu-pro", "svamp", "asdiv", "mawps", "gym:*",
]  # fmt: skip
SIZES = {"math-500": 500, "math": 5000, "gsm8k": 1319, "minerva-math": 272, "olympiadbench": 675,
         "theoremqa": 800, "aime24": 30, "aime25": 30, "amc23": 40, "svamp": 1000,
         "gpqa-diamond": 198, "mmlu-pro": 12032}  # fmt: skip


def test_every_benchmark_of_the_design_is_there():
    assert sorted(catalogue()) == sorted(NAMES)
    assert {name: catalogue()[name].size for name in SIZES} == SIZES


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_knows_its_source_licence_prompt_and_place(name):
    benchmark = benchmark_named(name)
    assert benchmark.about
    assert benchmark.source
    assert benchmark.licence
    assert benchmark.prompt in PROMPTS
    assert benchmark.hub or name == "gym:*"
    assert benchmark.answers in ("number", "expression", "choice", "mixed")


@pytest.mark.parametrize("name", ["gpqa-diamond", "mmlu-pro"])
def test_multiple_choice_asks_for_a_letter(name):
    assert benchmark_named(name).prompt == "choice-cot"


def test_a_misspelt_name_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'math-500'"):
        benchmark_named("math_500")
    with pytest.raises(UsageError, match="did you mean 'olympiadbench'"):
        benchmark_named("benchmark:olympiad-bench")


def test_a_name_may_carry_its_mark_and_any_generator_is_gym():
    assert benchmark_named("benchmark:gsm8k") is benchmark_named("gsm8k")
    assert benchmark_named("gym:chain_sum").name == "gym:*"


def test_a_file_of_a_benchmarks_name_goes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "math").mkdir()
    assert is_benchmark("math")
    assert is_benchmark("svamp")
    (tmp_path / "svamp").write_text("")
    assert not is_benchmark("svamp")
    assert is_benchmark("benchmark:svamp")


def test_a_subset_is_named_whichever_way_it_is_asked():
    reason = "math-500 is a subset of math"
    assert subset_of("math-500", "math") == subset_of("benchmark:math", "math-500") == reason
    assert subset_of("math", "gsm8k") is None
    assert subset_of("mine", "mine") is None
    assert subset_of("gsm8k", "benchmark:gsm8k") == "both are gsm8k"


def test_a_file_given_by_hand_is_a_benchmark_with_its_own_columns():
    benchmark = file_benchmark("folder/mine.jsonl", "q", "a")
    assert isinstance(benchmark, Benchmark)
    assert benchmark.name == "mine"
    problem = benchmark.problem({"q": "1 + 1?", "a": "so\n#### 2"}, "mine.jsonl, row 1")
    assert (problem.question, problem.answer, problem.source) == ("1 + 1?", "2", "benchmark:mine")


def test_a_split_that_a_benchmark_lacks_is_refused():
    assert benchmark_named("gsm8k").split("train") == "train"
    assert benchmark_named("svamp").split(None) == "test"
    with pytest.raises(UsageError, match="svamp has no 'train', only test"):
        benchmark_named("svamp").split("train")
    with pytest.raises(UsageError, match="only test and train"):
        benchmark_named("math").split("validation")
