"""Answers are graded in a thread beside the caller's work."""

import threading

import pytest

from redink.evaluation import marking
from redink.evaluation.marking import Marker
from redink.records import Problem


def problem(answer):
    return Problem(f"p{answer}", "?", answer)


def test_every_answer_comes_back_under_its_key_with_its_own_grade():
    marker = Marker()
    for number in range(600):
        marker.submit(number, f"#### {number % 3}", problem("1"), "stop")
    grades = marker.grades()
    assert [grades[n].outcome == "correct" for n in range(600)] == [n % 3 == 1 for n in range(600)]


def test_grading_goes_on_while_the_caller_is_busy(monkeypatch):
    graded = threading.Event()
    real = marking.grade_many

    def noted(items):
        if items:
            graded.set()
        return real(items)

    monkeypatch.setattr(marking, "grade_many", noted)
    marker = Marker()
    marker.submit("a", "#### 1", problem("1"), "stop")
    assert graded.wait(10)
    assert marker.grades()["a"].outcome == "correct"


def test_what_grading_raises_reaches_the_caller(monkeypatch):
    def broken(items):
        raise RuntimeError("no worker")

    monkeypatch.setattr(marking, "grade_many", broken)
    marker = Marker()
    marker.submit("a", "#### 1", problem("1"), "stop")
    with pytest.raises(RuntimeError, match="no worker"):
        marker.grades()


def test_nothing_submitted_gives_nothing():
    assert Marker().grades() == {}
