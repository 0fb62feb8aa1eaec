"""Equations found in running text and in annotations."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redink.arithmetic import WorkedSolution, find_equations, holds, show, strip_annotations


def _shown(text):
    return [(show(e.worked), float(e.value)) for e in WorkedSolution.read(text).equations]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("He has 12 + 7 = $19 left.", [("12 + 7", 19)]),
        ("Together 7 pens/box * 6 boxes= <<7*6=42>>42 pens.", [("7 * 6", 42)]),
        ("So 3*2 = 6 + 4 = 10 it is.", [("3 * 2", 6), ("6 + 4", 10)]),
        ("That is 2 * 3 + 4 = 6 + 4 = 10.", [("2 * 3 + 4", 10)]),
        ("There are <<5*2=10>>10 pens.", [("5 * 2", 10)]),
        ("Thus, T = 185 - 148 = 37 balls.", [("185 - 148", 37)]),
        ("- 5 + 3 = 8", [("5 + 3", 8)]),
        ("205 - 838 = -633", [("205 - 838", -633)]),
        ("-633 + 505 = -128", [("-633 + 505", -128)]),
        ("1. First 4 * 3 = 12", [("4 * 3", 12)]),
        ("because 14 plus 8 equals 22.", [("14 + 8", 22)]),
        ("5 * 20% = 100%", [("5 * 20%", 1)]),
        ("dog: 3 * 4 = 12, so far 8 + 12 = 20", [("3 * 4", 12), ("8 + 12", 20)]),
    ],
)
def test_equations_are_found(text, found):
    assert _shown(text) == found


@pytest.mark.parametrize(
    "text",
    ["5x/6 = 1200", "2x + 3 = 9", "E = 21", "1 hour = 60 minutes", "11 missing = 11 left", "a < 5"],
)
def test_algebra_and_plain_statements_are_no_equations(text):
    assert _shown(text) == []


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("48 / 2 = 24", True),
        ("48 / 2 = 26", False),
        ("100 / 3 = 33.33", True),
        ("100 / 3 = 33.4", True),
        ("100 / 3 = 34.5", False),
        ("5/20 * 100 = 25%", True),
        ("20% * 40% = 80%", False),
        ("7 / 2 = 4", True),
        ("12 + 7 = 20", False),
        ("17 / 5 = 3 remainder 2", True),
    ],
)
def test_an_equation_holds_exactly_or_rounded(text, right):
    (equation,) = find_equations(text)
    assert holds(equation) is right


def test_annotations_are_taken_out_and_their_places_kept():
    text, notes = strip_annotations("Total 2+3 = $<<2+3=5>>5.")
    assert text == "Total 2+3 = $5."
    assert [(note.at, note.text) for note in notes] == [(13, "2+3=5")]


@pytest.mark.parametrize(
    "text", ["1 = " * 4000, "(" * 8000, "1 + 1 = " * 2000, "3 of " * 4000, "<<" * 8000, "-" * 8000]
)
def test_hostile_text_does_not_hang(text):
    started = time.perf_counter()
    find_equations(text)
    assert time.perf_counter() - started < 5


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="0123456789+-*/=().,%$ x\nab<>#", max_size=60))
def test_any_text_can_be_read(text):
    solution = WorkedSolution.read(text)
    for equation in solution.equations:
        holds(equation)
        assert 0 <= solution.step_at(equation.start) <= max(0, len(solution.steps) - 1)
