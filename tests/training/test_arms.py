"""What each arm of CFT's family learns from the same critiques."""

from collections import Counter
from dataclasses import replace

import pytest

from redink.errors import DataError
from redink.grading.extraction import extract_answer
from redink.records import Critique, Problem, Response
from redink.stages.corrupt import corrupt
from redink.stages.critique import critique
from redink.stages.load import load
from redink.tables import critique_table, problem_table, response_table
from redink.teachers.verdict import read_verdict
from redink.training.ending import ended, ending_of
from redink.training.exchange import exchanged_places
from redink.training.rendering import OBJECTIVES, PROMPTS, examples_from

OTHERS = ("imitate", "refine-global", "refine-local")
ON_CRITIQUES = [objective for objective in OBJECTIVES if objective not in OTHERS]
OPTIONS = {"min_terms": 2, "max_terms": 3, "min_digits": 1, "max_digits": 2}


@pytest.fixture(scope="module")
def critiques():
    problems = load("gym:chain_sum", n=40, seed=1, options=OPTIONS)
    return critique(corrupt(problems, wrong=0.5), teacher="symbolic", style="brief")


def one(critique_text, response_text, solution, answer="5", **fields):
    problem = Problem("p1", "What is 2 + 3?", answer, solution)
    response = Response("r1", "p1", response_text, "load")
    row = Critique("c1", "r1", critique_text, "wrong", **fields)
    return critique_table([row], {"r1": response}, {"p1": problem})


def learned(table, objective):
    return [example.completion[0].content for example in examples_from(table, objective)]


@pytest.mark.parametrize("objective", ON_CRITIQUES)
def test_every_arm_on_critiques_is_asked_the_same(critiques, objective):
    asked = [example.prompt for example in examples_from(critiques, objective)]
    assert asked == [example.prompt for example in examples_from(critiques, "critique")]
    assert asked[0][0].content.startswith(PROMPTS["critique"].partition("{")[0])


class TestCritiqueAndSolution:
    def test_the_critique_comes_first_and_the_answer_last(self, critiques):
        for said, whole, row in zip(
            learned(critiques, "critique"),
            learned(critiques, "critique+solution"),
            critiques,
            strict=True,
        ):
            problem = critiques.problems[critiques.responses[row.response_id].problem_id]
            assert whole == f"{said}\n\nCorrected solution:\n{problem.solution}"
            assert whole.splitlines()[-1] == f"#### {problem.answer}"
            assert read_verdict(whole).verdict == row.verdict
            assert extract_answer(whole).answer == problem.answer

    def test_the_teachers_own_solution_goes_before_the_reference(self):
        text = (
            "It is not 6.\n\nCorrected solution:\nWe add: 2 + 3 = 5.\n#### 5\n\n"
            "Conclusion: wrong [END]"
        )
        table = one(text, "2 + 3 = 6\n#### 6", "Another way.\n#### 5")
        assert learned(table, "critique+solution") == [
            "It is not 6.\n\nConclusion: wrong\n\nCorrected solution:\nWe add: 2 + 3 = 5.\n#### 5"
        ]

    @pytest.mark.parametrize(
        ("response", "last"),
        [
            ("So 6.\n#### 6", "#### 5"),
            ("So \\boxed{6}.", "The final answer is $\\boxed{5}$."),
            ("The answer is 6.", "The answer is 5."),
            ("It is 6 then, I think", "The final answer is $\\boxed{5}$."),
        ],
    )
    @pytest.mark.parametrize("solution", ["2 + 3 = <<2+3=5>>5\n#### 5", "2 + 3 = 5"])
    def test_it_ends_as_the_responses_do(self, response, last, solution):
        (whole,) = learned(one("No. Conclusion: wrong", response, solution), "critique+solution")
        assert whole.endswith(f"Corrected solution:\n2 + 3 = 5\n{last}")

    def test_a_row_without_any_solution_is_named(self):
        table = one("No. Conclusion: wrong", "#### 6", None)
        with pytest.raises(DataError, match=r"c1.*preset `correct`"):
            examples_from(table, "critique+solution")

    def test_an_unfinished_corrected_solution_gives_way_to_the_reference(self):
        text = "No.\n\n**Corrected solution:**\nLet us begin.\n\nConclusion: wrong"
        (whole,) = learned(one(text, "#### 6", "2 + 3 = 5\n#### 5"), "critique+solution")
        assert whole == ("No.\n\nConclusion: wrong\n\nCorrected solution:\n2 + 3 = 5\n#### 5")


class TestVerdict:
    def test_the_conclusion_is_all_that_is_learned(self, critiques):
        assert learned(critiques, "verdict") == [f"Conclusion: {row.verdict}" for row in critiques]

    def test_a_critique_without_a_verdict_is_refused_by_name(self, critiques):
        blank = replace(critiques[3], verdict=None)
        table = replace(critiques, rows=(*critiques.rows[:3], blank))
        with pytest.raises(DataError, match=f"{blank.id} has no verdict"):
            examples_from(table, "verdict")


class TestShuffled:
    def test_the_same_critiques_are_learned_each_once(self, critiques):
        assert Counter(learned(critiques, "shuffled")) == Counter(learned(critiques, "critique"))

    def test_no_response_gets_a_critique_of_its_own_problem(self, critiques):
        written_for = {row.id: row.response_id for row in critiques}
        problem_of = {key: row.problem_id for key, row in critiques.responses.items()}
        for example in examples_from(critiques, "shuffled"):
            critique_id, _, response_id = example.meta["id"].partition(" on ")
            assert problem_of[written_for[critique_id]] != problem_of[response_id]

    def test_the_content_decides_not_the_order_of_the_rows(self, critiques):
        turned = replace(critiques, rows=critiques.rows[::-1])
        assert examples_from(turned, "shuffled") == examples_from(critiques, "shuffled")[::-1]

    @pytest.mark.parametrize("sizes", [[1, 1], [3, 3], [4, 1, 1, 2], [2, 3, 5], [1] * 9, [3, 1, 2]])
    def test_several_critiques_of_a_problem_all_go_elsewhere(self, sizes):
        keys = [(f"p{p}", f"c{p}.{n}") for p, size in enumerate(sizes) for n in range(size)]
        places = exchanged_places(keys)
        assert sorted(places) == list(range(len(keys)))
        assert all(keys[place][0] != key[0] for place, key in zip(places, keys, strict=True))

    def test_one_problem_alone_cannot_be_exchanged(self):
        with pytest.raises(DataError, match="3 of 5 belong to problem p1"):
            exchanged_places([("p1", "a"), ("p1", "b"), ("p2", "c"), ("p1", "d"), ("p3", "e")])


def test_arms_that_contain_an_answer_end_alike(critiques):
    """All are marked in the one way that the extraction finds in the baseline."""
    responses = response_table(list(critiques.responses.values()), critiques.problems)
    problems = problem_table(list(critiques.problems.values()))
    texts = [
        *learned(responses, "imitate"),
        *learned(problems, "imitate"),
        *learned(critiques, "imitate"),
        *learned(critiques, "critique+solution"),
    ]
    assert {extract_answer(text).marker for text in texts} == {"hashes"}
    assert all(text.splitlines()[-1].startswith("#### ") for text in texts)


def test_most_texts_decide_how_answers_are_marked():
    assert ending_of(["#### 1", "\\boxed{2}", "#### 3"]) == "hashes"
    assert ending_of(["it may be 3"]) == ending_of([]) == "boxed"


def test_a_solution_that_ends_rightly_is_left_as_it_is():
    assert ended("So\n#### 5", "hashes", "7") == "So\n#### 5"
    assert ended("#### 5", "boxed", None) == "The final answer is $\\boxed{5}$."
    assert ended("No answer here, it seems.", "boxed", "") is None
