"""Chains by the symbolic teacher: graded right, answer stated once, told as one's own thought."""

import re
import string
from random import Random

import pytest

from redink.arithmetic import WorkedSolution
from redink.chains import phrases
from redink.chains.checking import turned_round
from redink.chains.lines import form_of, lines_of, stated, why_untold
from redink.chains.plan import Attempt, Draft
from redink.chains.thinking import Thinker
from redink.grading import grade
from redink.grading.extraction import extract_answer
from redink.records import Critique, Problem, Response
from redink.stages.chain import chain
from redink.stages.corrupt import corrupt
from redink.stages.critique import critique
from redink.stages.load import load
from redink.tables import problem_table
from redink.teachers import phrases as teacher_phrases

HAY = Problem(
    "p",
    "Each donkey eats 11 pounds, each llama 14 pounds. How much do 18 donkeys and 31 llamas eat?",
    "632",
    "The donkeys eat 11 * 18 = 198 pounds.\nThe llamas eat 14 * 31 = 434 pounds.\n"
    "Together that is 198 + 434 = 632 pounds.\n#### 632",
)
NOT_ONE_PERSON = re.compile(
    r"\b(student|solution|attempt|critique|reference|teacher|step \d|it (takes|says|uses|goes))\b",
    re.IGNORECASE,
)


def wrong(*lines, step, name="r"):
    response = Response(name, "p", "\n".join(lines), "corrupt", outcome="wrong")
    return Attempt(response, Critique(f"c{name}", name, "no", "wrong"), step)


EARLY = wrong(
    "The donkeys eat 11 + 18 = 29 pounds.",
    "The llamas eat 14 * 31 = 434 pounds.",
    "Together that is 29 + 434 = 463 pounds.",
    "#### 463",
    step=0,
    name="early",
)
LATE = wrong(
    "The donkeys eat 11 * 18 = 198 pounds.",
    "The llamas eat 14 * 31 = 434 pounds.",
    "Together that is 198 + 443 = 641 pounds.",
    "#### 641",
    step=2,
    name="late",
)


@pytest.fixture(scope="module")
def chained():
    """Chains of three generators' problems, up to three wrong attempts each."""
    tables = []
    for source, options in (
        ("gym:gsm_symbolic", None),
        ("gym:leg_counting", {"min_animals": 2, "max_animals": 3}),
        ("gym:chain_sum", {"min_terms": 2, "max_terms": 3}),
    ):
        problems = load(source, n=40, seed=5, options=options)
        critiques = critique(corrupt(problems, wrong=0.8, per_problem=6, seed=5))
        tables.append(chain(critiques, attempts=(0, 3), per_problem=3, seed=5))
    return tables


def test_every_chain_is_graded_right_and_ends_with_the_asked_form(chained):
    for table in chained:
        assert len(table) > 100
        for row in table:
            answer = table.problems[row.problem_id].answer
            assert row.outcome == "correct", row.text
            assert row.text.split("\n")[-1] == f"#### {answer}"
            assert (row.origin, row.model, row.finish) == ("chain", "symbolic", "stop")


def test_no_answer_on_the_way_can_be_read_out_of_a_chain(chained):
    for row in (row for table in chained for row in table):
        body, _, _ = row.text.rpartition("\n")
        assert "####" not in body
        assert "\\boxed" not in body
        found = extract_answer(body)
        assert found is None or found.is_guess, body


def test_chains_speak_as_one_person(chained):
    for options in (*vars(phrases).values(), *phrases.REASONS.values()):
        for text in options if isinstance(options, tuple) else ():
            assert not NOT_ONE_PERSON.search(text), text
    added = [
        line
        for table in chained
        for row in table
        for line in row.text.split("\n")
        if line.startswith(phrases.DOUBT)
    ]
    assert len(added) > 300
    assert not [line for line in added if NOT_ONE_PERSON.search(line)]


def test_a_chain_tells_as_many_attempts_as_it_names_each_with_its_doubt(chained):
    told = set()
    for row in (row for table in chained for row in table):
        doubts = sum(row.text.count(f"\n{doubt} ") for doubt in phrases.DOUBT)
        assert doubts == len(row.sampling["attempts"]) == len(row.sampling["critiques"])
        told.add(doubts)
    assert told == {0, 1, 2, 3}


def test_wrong_attempts_come_from_the_furthest_to_the_nearest():
    made = critique(corrupt(problem_table([HAY]), wrong=1.0, per_problem=12))
    place = Thinker().place
    at = {c.response_id: place(HAY, made.responses[c.response_id], c) for c in made}
    rows = chain(made, attempts=(2, 3), per_problem=6)
    assert {len(row.sampling["attempts"]) for row in rows} == {2, 3}
    for row in rows:
        steps = [at[key] for key in row.sampling["attempts"]]
        assert steps == sorted(set(steps))


def test_the_same_seed_says_the_same_and_another_seed_other_words():
    made = critique(corrupt(problem_table([HAY]), wrong=1.0, per_problem=8))
    texts = {seed: [row.text for row in chain(made, seed=seed)] for seed in (1, 2, 3, 4)}
    assert texts[1] == [row.text for row in chain(made, seed=1)]
    assert len({tuple(found) for found in texts.values()}) == 4


def test_what_is_wrong_is_said_and_the_next_attempt_mends_it():
    told = Thinker(check=False, resume=0.0).write(Draft(HAY, (EARLY,), None, 0))
    first, rest = told.text.split("\n", 1)
    assert first == "The donkeys eat 11 + 18 = 29 pounds."
    assert all(word in rest for word in ("11 * 18 = 198", "multiply", "463"))
    assert rest.count("The donkeys eat 11 * 18 = 198 pounds.") == 1
    assert told.notes == {"check": False, "resumed": 0}


def test_going_on_from_a_mistake_repeats_none_of_the_lines_that_stand():
    told = Thinker(resume=1.0).write(Draft(HAY, (LATE,), None, 0))
    assert told.text.count("The donkeys eat 11 * 18 = 198 pounds.") == 1
    assert told.text.count("The llamas eat 14 * 31 = 434 pounds.") == 1
    assert "Together that is 198 + 434 = 632 pounds." in told.text
    assert told.notes["resumed"] == 1
    anew = Thinker(resume=0.0).write(Draft(HAY, (LATE,), None, 0))
    assert anew.text.count("The donkeys eat 11 * 18 = 198 pounds.") == 2


def test_where_the_lines_before_a_mistake_differ_it_starts_over():
    told = Thinker(resume=1.0).write(Draft(HAY, (EARLY, LATE), None, 0))
    assert told.notes["resumed"] == 1  # from LATE to the solution, not from EARLY to LATE
    assert told.text.count("The llamas eat 14 * 31 = 434 pounds.") == 2


def test_the_check_is_left_out_on_request_and_is_true_otherwise():
    for seed in range(20):
        thinker = Thinker(seed=seed)
        last = thinker.write(Draft(HAY, (), None, 0)).text.split("\n")[-3]
        assert "632 - 434 = 198" in last or "198 + 434 = 632" in last
    bare = Thinker(check=False).write(Draft(HAY, (), None, 0)).text
    assert len(bare.split("\n")) == 5


@pytest.mark.parametrize(
    ("sum_", "back"),
    [
        ("434 + 198 = 632", "632 - 198 = 434"),
        ("10 - 6 = 4", "4 + 6 = 10"),
        ("24 x $6.25 = $150", "150 / 6.25 = 24"),
        ("1800/600 = 3", "3 * 600 = 1800"),
        ("0 * 4 = 0", None),
        ("114 + 0 = 114", None),
        ("1 + 2 + 3 = 6", None),
        ("20% * 30 = 6", None),
        ("10 / 3 = 3.33", None),
    ],
)
def test_a_calculation_is_turned_round_only_where_that_says_something(sum_, back):
    (equation,) = WorkedSolution.read(f"That is {sum_}.").equations
    assert turned_round(equation) == back


def test_boxed_solutions_end_in_a_box_and_hold_no_other():
    problem = Problem("b", "What is 3 * 4 + 5?", "17", "3 * 4 = 12\n12 + 5 = 17\n\\boxed{17}")
    text = "3 * 4 = 7\n7 + 5 = 12\nThe result is \\boxed{12}"
    slip = Attempt(Response("r", "b", text, "load", outcome="wrong"),
                   Critique("c", "r", "", "wrong"), 0)  # fmt: skip
    told = Thinker().write(Draft(problem, (slip,), None, 0)).text
    assert told.count("\\boxed") == 1
    assert told.endswith("The final answer is $\\boxed{17}$.")
    assert grade(told, problem, "stop").outcome == "correct"


def test_forms_of_answers_are_told_apart():
    assert form_of("so \\boxed{4}") == "boxed"
    assert form_of("so \\boxed{4}\n#### 4") == "hashes"
    assert form_of("it is 4") == "hashes"
    assert stated("4", "hashes") == "#### 4"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1 + 1 = 2\n#### 2", None),
        ("1 + 1 = 2\n#### 2\nno, 3\n#### 3", "several"),
        ("it is \\boxed{\\frac{\\sqrt{2}}{3}} or so", "cannot be taken out"),
    ],
)
def test_attempts_whose_answer_cannot_be_told_as_a_thought_are_not_told(text, why):
    found = why_untold(text)
    assert found is None if why is None else why in found


def test_lines_end_where_the_answer_is_stated():
    found = lines_of("2 + 2 = 4\n\n  so 4 \n#### 4\nUser: next question 5")
    assert found.texts == ("2 + 2 = 4", "so 4")
    assert (found.answer.text, found.states) == ("4", True)


def test_every_reason_of_the_teacher_has_words_of_ones_own():
    assert set(phrases.REASONS) == set(teacher_phrases.REASONS)
    for key, options in phrases.REASONS.items():
        asked = {field for text in teacher_phrases.REASONS[key] for field in _fields(text)}
        asked = {"did" if field == "does" else field for field in asked} | {"should"}
        for text in options:
            assert _fields(text) <= asked, text
    assert {did for did, _ in teacher_phrases.ACTS.values()} <= set(phrases.DID)


def _fields(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_places_are_named_as_people_do():
    names = [phrases.place_of(step) for step in (0, 9, 10, 11, 20, 21, 100)]
    assert names == ["first", "tenth", "11th", "12th", "21st", "22nd", "101st"]


def test_any_text_gives_a_chain_or_a_reason():
    random = Random(0)
    pieces = ["12 + 3 = 15", "####", "#### 7", "\\boxed{", "}", "so", "5%", "= 9", "\n", "$3", "é"]
    thinker = Thinker()
    critique_ = Critique("c", "r", "", "wrong")
    told = 0
    for _ in range(900):
        text = " ".join(random.choices(pieces, k=random.randint(0, 12)))
        response = Response("r", "p", text, "load", outcome="wrong")
        place = thinker.place(HAY, response, critique_)
        if isinstance(place, int):
            draft = Draft(HAY, (Attempt(response, critique_, place),), None, 0)
            text = thinker.write(draft).text
            assert grade(text, HAY, "stop").outcome == "correct", text
            told += 1
    assert told > 30
