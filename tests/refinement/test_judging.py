"""Scorers of a stage: loaded when asked, one in memory at a time, nothing scored twice."""

import gc
import weakref

import pytest

from redink.errors import UsageError
from redink.records import Problem
from redink.refinement.judging import Judges
from redink.scoring.scores import StepScores

PAIRS = [(Problem(f"p{n}", f"{n} + 1 =", str(n + 1)), f"{n} + 1 = {n + 1}") for n in range(3)]


class Scales:
    """Scores a text by its length."""

    def __init__(self, name, asked):
        self.name, self.asked = name, asked

    def score_pairs(self, pairs):
        self.asked.append((self.name, len(pairs)))
        return [StepScores((1 / len(text),)) for _, text in pairs]


@pytest.fixture
def world():
    asked, alive = [], []

    def loader(name):
        def load():
            judge = Scales(name, asked)
            alive.append(weakref.ref(judge))
            return judge

        return load

    return Judges({name: loader(name) for name in ("orm", "sorm")}), asked, alive


def living(alive):
    gc.collect()
    return [reference().name for reference in alive if reference() is not None]


def test_one_scorer_is_held_at_a_time_and_none_before_it_is_asked(world):
    judges, asked, alive = world
    assert "orm" in judges
    assert alive == []
    judges.values("orm", PAIRS)
    assert living(alive) == ["orm"]
    judges.values("sorm-min", PAIRS)
    assert living(alive) == ["sorm"]
    judges.close()
    assert living(alive) == []
    assert asked == [("orm", 3), ("sorm", 3)]


def test_what_was_scored_stays_known_when_its_scorer_is_gone(world):
    judges, asked, alive = world
    before = judges.scores("orm", PAIRS)
    judges.close()
    judges.close()
    assert judges.scores("orm", PAIRS[::-1]) == before[::-1]
    assert len(alive) == 1
    more = (*PAIRS[0][:1], "another answer")
    assert judges.scores("orm", [PAIRS[0], more])[0] == before[0]
    assert asked == [("orm", 3), ("orm", 1)]
    assert len(alive) == 2


def test_annotations_make_no_other_text(world):
    judges, asked, _ = world
    problem = PAIRS[0][0]
    judges.scores("orm", [(problem, "1 + 2 = 3"), (problem, "1 + 2 = <<1+2=3>>3")])
    assert asked == [("orm", 1)]


def test_a_scorer_that_there_is_not_is_named(world):
    with pytest.raises(UsageError, match="needs the scorer critic; name one for it"):
        world[0].scores("critic", PAIRS)
