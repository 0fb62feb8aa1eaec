"""Multiple choice: a seeded order that nothing but seed and content decides."""

import subprocess
import sys
from collections import Counter

from redink.evaluation.benchmarks import benchmark_named
from redink.evaluation.benchmarks.choices import multiple_choice, option_order

OPTIONS = ["argon", "neon", "xenon", "radon"]
GPQA = {"Question": "Which gas?\n", "Correct Answer": "argon\n", "Incorrect Answer 1": "neon",
        "Incorrect Answer 2": "xenon", "Incorrect Answer 3": "radon",
        "High-level domain": "Chemistry", "Explanation": "because"}  # fmt: skip


def test_options_are_lettered_lines_and_the_answer_is_the_right_ones_letter():
    problem = benchmark_named("gpqa-diamond").problem(GPQA, "row", 3)
    shown = problem.meta["choices"]
    assert sorted(shown) == sorted(OPTIONS)
    assert problem.question == "Which gas?\n\n" + "\n".join(
        f"{letter}. {text}" for letter, text in zip("ABCD", shown, strict=True)
    )
    assert shown["ABCD".index(problem.answer)] == "argon"
    assert (problem.subject, problem.solution) == ("Chemistry", "because")
    assert problem.meta["answer_type"] == "choice"


def test_the_order_rests_on_seed_and_content_not_on_the_given_order():
    shown = multiple_choice("Which?", OPTIONS, 0, 1).grading["choices"]
    other = multiple_choice("Which?", OPTIONS[::-1], 3, 1)
    assert other.grading["choices"] == shown
    assert shown["ABCD".index(other.answer)] == "argon"


def test_the_order_is_the_same_in_another_process():
    code = (
        "from redink.evaluation.benchmarks.choices import option_order;"
        f"print([option_order(f'question {{i}}', {OPTIONS}, 5) for i in range(20)])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={"PYTHONHASHSEED": "7", "PATH": ""},
    )  # fmt: skip
    here = [option_order(f"question {i}", OPTIONS, 5) for i in range(20)]
    assert found.stdout.strip() == str(here)


def test_every_letter_is_right_equally_often_and_seeds_differ():
    letters = Counter(multiple_choice(f"question {i}", OPTIONS, 0, 0).answer for i in range(4000))
    # Standard deviation of each count is 27.4; five of them are allowed.
    assert all(abs(letters[letter] - 1000) < 137 for letter in "ABCD")
    moved = sum(
        option_order(f"question {i}", OPTIONS, 0) != option_order(f"question {i}", OPTIONS, 1)
        for i in range(400)
    )
    assert moved > 360


def test_options_that_name_others_keep_the_order_of_the_data():
    for last in ("All of the above", "Both A and B", "(B) and (C)", "None of the above."):
        options = ["red", "green", "blue", last]
        assert all(option_order(f"q{i}", options, i) == [0, 1, 2, 3] for i in range(10))
    orders = {tuple(option_order(f"q{i}", ["Ba and Co", "a and b", "x"], 0)) for i in range(50)}
    assert len(orders) == 6


def test_mmlu_pro_takes_up_to_ten_options_without_the_fillers():
    options = [f"option {number}" for number in range(8)] + ["N/A", "N/A"]
    row = {"question": "Which?", "options": options, "answer": "H", "answer_index": 7,
           "category": "law", "cot_content": ""}  # fmt: skip
    problem = benchmark_named("mmlu-pro").problem(row, "row")
    assert sorted(problem.meta["choices"]) == sorted(options[:8])
    assert problem.meta["choices"]["ABCDEFGH".index(problem.answer)] == "option 7"
    assert (problem.subject, problem.solution) == ("law", None)
    ten = row | {"options": [f"option {number}" for number in range(10)], "answer": "J"}
    shown = benchmark_named("mmlu-pro").problem(ten, "row")
    assert len(shown.meta["choices"]) == 10
    assert "\nJ. " in shown.question
