"""Each benchmark reads the row formats in which it is found, file and hub alike."""

import pytest

from redink.errors import DataError
from redink.evaluation.benchmarks import benchmark_named
from redink.evaluation.benchmarks.gold import is_decimal, is_number, last_boxed
from redink.evaluation.benchmarks.minerva_math import tidy


def read(name, row, seed=0):
    return benchmark_named(name).problem(row, "rows.jsonl, row 7", seed)


@pytest.mark.parametrize(
    ("solution", "boxed"),
    [
        (r"so $\boxed{\frac{1}{2}}$, not $2$", r"\frac{1}{2}"),
        (r"first \boxed{1}, at last \boxed{2}.", "2"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"\boxed 7$ apples", "7"),
        (r"\fbox{3}", "3"),
        (r"\boxed{a_{1}^{2}} and an open \boxed{4", "a_{1}^{2}"),
        ("nothing", None),
    ],
)
def test_the_last_closed_box_of_a_solution_is_its_answer(solution, boxed):
    assert last_boxed(solution) == boxed


def test_numbers_and_decimals_are_told_from_expressions():
    assert all(map(is_number, ("12", "-1,000", "4.5e33", ".5", "3.")))
    assert not any(map(is_number, ("2 x", r"\frac12", "1/2", "")))
    assert all(map(is_decimal, ("0.10", "4e33", "-1.5e-3")))
    assert not any(map(is_decimal, ("41", "1,000", "e5")))


def test_math_boxes_its_answer_and_math_500_states_it():
    row = {"problem": "1+1?", "level": "Level 2", "type": "Algebra", "solution": r"\boxed{2}"}
    problem = read("math", row)
    assert (problem.answer, problem.level, problem.subject) == ("2", "2", "Algebra")
    row = {"problem": "1+1?", "answer": "2", "subject": "Algebra", "level": 2, "solution": "x"}
    stated = read("math-500", row)
    assert (stated.answer, stated.level, stated.subject) == ("2", "2", "Algebra")
    assert stated.id == problem.id
    assert stated.source == "benchmark:math-500"
    assert stated.meta == {"answer_type": "expression"}


def test_gsm8k_is_split_at_its_last_hashes():
    problem = read("gsm8k", {"question": "?", "answer": "2*600 = 1200\n#### 1,200"})
    assert (problem.answer, problem.meta["answer_type"]) == ("1200", "number")
    assert problem.solution.endswith("#### 1,200")


def test_minerva_takes_the_box_or_the_hubs_answer_and_rounds_decimals():
    solution = r"\[ P = \boxed{4.5e33} \mathrm{ergs} \]"
    problem = read("minerva-math", {"problem": "P?", "solution": solution, "type": "Astronomy"})
    assert (problem.answer, problem.subject) == ("4.5e33", "Astronomy")
    assert problem.meta == {"answer_type": "number", "rounded": True}
    hub = read("minerva-math", {"question": "P?", "answer": "4.5e33"})
    assert hub.id == problem.id
    whole = read("minerva-math", {"question": "n?", "answer": "24"})
    assert whole.meta == {"answer_type": "number"}


def test_minerva_golds_are_mended():
    assert tidy(r"x_{0} \cos (t)+$ $\dot{x}_{0}") == r"x_{0} \cos (t)+ \dot{x}_{0}"
    assert tidy("-3./2") == "-3/2"
    assert tidy("np.arcsin(10/13)") == r"\arcsin(10/13)"
    assert tidy(r"\$5") == r"\$5"


OLYMPIAD = {"question": "Solve.", "context": None, "solution": ["first", "second"],
            "final_answer": ["$1$"], "is_multiple_answer": False, "unit": None, "error": None,
            "answer_type": "Numerical", "subfield": "Algebra"}  # fmt: skip


def test_olympiadbench_reads_answers_unit_and_tolerance():
    problem = read("olympiadbench", OLYMPIAD)
    assert (problem.answer, problem.solution, problem.subject) == ("1", "first", "Algebra")
    assert problem.meta == {"answer_type": "number"}
    row = OLYMPIAD | {"final_answer": ["$2$,$-2$"], "is_multiple_answer": True}
    several = read("olympiadbench", row)
    assert several.answer == "2,-2"
    assert several.meta == {"answer_type": "number", "multiple": True}
    row = OLYMPIAD | {"final_answer": ["$3$", "4"], "unit": "$cm^2$", "error": "1e-1"}
    listed = read("olympiadbench", row)
    assert listed.answer == "3, 4"
    assert listed.meta == {
        "answer_type": "number", "multiple": True, "unit": "cm^2", "tolerance": 0.1,
    }  # fmt: skip
    assert read("olympiadbench", OLYMPIAD | {"error": "1e-1,1e-2"}).meta["tolerance"] == 0.01
    interval = read(
        "olympiadbench", OLYMPIAD | {"final_answer": ["$[0,1]$."], "answer_type": "Interval"}
    )
    assert (interval.answer, interval.meta["answer_type"]) == ("[0,1]", "expression")


def test_olympiadbench_puts_the_context_first_and_leaves_out_what_cannot_be_graded():
    problem = read("olympiadbench", OLYMPIAD | {"context": "Let $x>0$."})
    assert problem.question == "Let $x>0$.\n\nSolve."
    for row in ({"answer_type": "Need_human_evaluate"}, {"image_1": {"bytes": b"x"}}):
        assert isinstance(read("olympiadbench", OLYMPIAD | row), tuple)
    with pytest.raises(DataError, match=r"rows.jsonl, row 7, field .error.: must be a number"):
        read("olympiadbench", OLYMPIAD | {"error": "small"})


@pytest.mark.parametrize(
    ("name", "answer", "expected"),
    [("aime24", "025", "25"), ("amc23", 27.0, "27"), ("amc23", "-1.0", "-1"), ("aime25", 70, "70"),
     ("aime24", "000", "0"), ("aime25", r"$\boxed{7}$", "7")],
)  # fmt: skip
def test_competition_answers_are_whole_numbers_without_ornament(name, answer, expected):
    problem = read(name, {"problem": "?", "answer": answer})
    assert (problem.answer, problem.meta) == (expected, {"answer_type": "number"})


def test_an_angle_as_competition_answer_keeps_its_unit_apart():
    problem = read("aime25", {"problem": "?", "answer": r"336^\circ"})
    assert (problem.answer, problem.meta["unit"]) == ("336", "degrees")


@pytest.mark.parametrize(
    ("answer", "expected", "meta"),
    [
        ("True", "True", {"answer_type": "boolean"}),
        (True, "True", {"answer_type": "boolean"}),
        ("[1, 2]", "[1, 2]", {"answer_type": "list"}),
        ("[0.333, 0.25]", "[0.333, 0.25]", {"answer_type": "list", "rounded": True}),
        ("2.37", "2.37", {"answer_type": "number", "rounded": True}),
        ("4e-05", "4e-05", {"answer_type": "number", "rounded": True}),
        ("59", "59", {"answer_type": "number"}),
        ("(b)", "B", {"answer_type": "choice"}),
    ],
)
def test_theoremqa_answers_have_their_own_types(answer, expected, meta):
    problem = read("theoremqa", {"problem": "What is it?", "answer": answer})
    assert (problem.answer, problem.meta) == (expected, meta)
    hub = {"Question": "What is it?", "Answer": answer, "Answer_type": "x", "Picture": None}
    assert read("theoremqa", hub) == problem


def test_theoremqa_finds_the_options_that_a_question_names():
    question = "Given f(x) and g(b): which holds? (a) $f(a)$. (b): two; (c) none of the above. \
Which option is correct?"
    problem = read("theoremqa", {"problem": question, "answer": "(a)"})
    assert problem.meta["choices"] == ["$f(a)$", "two", "none of the above"]


@pytest.mark.parametrize(
    "question",
    ["What is $V$ in the figure?", "As shown in ./a/b.png, what is c?", "See Fig. Q2: what is x?",
     "Figure 3 shows a graph. Is it planar?", "Find angle x in the figure below."],
)  # fmt: skip
def test_theoremqa_leaves_out_what_refers_to_a_picture(question):
    problem, reason = read("theoremqa", {"problem": question, "answer": "1"})
    assert (problem.question, reason) == (question, "refers to a picture")


@pytest.mark.parametrize(
    "question",
    ["What is the image of T?", "An object is 9cm from a mirror; how tall is its image?",
     "Round to 3 significant figures: what is 1/3?", "A ball is thrown below the horizontal."],
)  # fmt: skip
def test_theoremqa_keeps_questions_that_only_speak_of_images(question):
    assert not isinstance(read("theoremqa", {"problem": question, "answer": "1"}), tuple)
    pictured = {"Question": question, "Answer": "1", "Picture": {"bytes": b"png"}}
    assert isinstance(read("theoremqa", pictured), tuple)


def test_svamp_joins_body_and_question():
    row = {"Body": "Ben has 7 cups", "Question": "How many?", "Answer": 12.0, "Type": "Addition"}
    problem = read("svamp", row)
    assert (problem.question, problem.answer) == ("Ben has 7 cups. How many?", "12")
    assert read("svamp", row | {"Body": "Ben has 7 cups."}).question == problem.question
    goes_on = read("svamp", row | {"Question": "how many?"})
    assert goes_on.question == "Ben has 7 cups how many?"


def test_asdiv_parts_number_and_unit():
    row = {"body": "3 red pens.", "question": "How many?", "answer": "7 (pens)"}
    problem = read("asdiv", row)
    assert problem.answer == "7"
    assert problem.meta == {"answer_type": "number", "unit": "pens"}
    several = read("asdiv", row | {"answer": "4 (red); 3 (blue)"})
    assert several.answer == "4, 3"
    assert several.meta == {"answer_type": "number", "multiple": True}
    assert read("asdiv", row | {"answer": "Ann"}).meta["answer_type"] == "text"


def test_mawps_fills_its_numbers_in():
    row = {"Question": "Kim has N_00 stamps and buys N_01 . How many ?", "Numbers": "8.0 2.5",
           "Answer": 10.5}  # fmt: skip
    problem = read("mawps", row)
    assert problem.question == "Kim has 8 stamps and buys 2.5. How many?"
    assert problem.answer == "10.5"
    plain = {"input": "Kim has 8 stamps and buys 2.5. How many?", "target": 10.5}
    assert read("mawps", plain).id == problem.id
    with pytest.raises(DataError, match="no number for N_01"):
        read("mawps", row | {"Numbers": "8.0"})


@pytest.mark.parametrize(
    ("name", "row", "message"),
    [
        ("math-500", {"question": "?"}, "field 'solution': boxes no answer"),
        ("math", {"solution": r"\boxed{1}", "text": "?"}, "no field problem or question; there"),
        ("gsm8k", {"question": "?", "answer": "7"}, "field 'answer': does not end in ####"),
        ("amc23", {"problem": "?", "answer": [1]}, "field 'answer': must be text or a number"),
        ("amc23", {"problem": " ", "answer": 1}, "field 'problem': is empty"),
        ("svamp", {"Body": "a", "Answer": 1}, "no field Question"),
        ("theoremqa", {"problem": "?", "answer": "[1,"}, "field 'answer': is no list"),
        ("mmlu-pro", {"question": "?", "options": ["1"], "answer": "B"}, "none of the 1 options"),
    ],
)
def test_a_bad_row_is_named_with_its_field(name, row, message):
    with pytest.raises(DataError, match=f"rows.jsonl, row 7.*{message}"):
        read(name, row)
