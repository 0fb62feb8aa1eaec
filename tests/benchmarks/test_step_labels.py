"""The table of what K continuations can tell stands in the documentation as it is computed."""

from math import isclose
from pathlib import Path

import pytest

from benchmarks.step_labels import MOST, arithmetic, none_of
from redink.labelling import missed, rescued

PAGE = Path(__file__).parents[2] / "docs/science/step-labels.md"


def test_the_documented_table_is_the_computed_one():
    assert f"\n\n{arithmetic()}\n\n" in PAGE.read_text()


@pytest.mark.parametrize(
    ("rate", "samples", "share"), [(0.1, 8, 0.57), (0.3, 8, 0.94), (0.05, 8, 0.34)]
)
def test_one_success_among_k_is_as_likely_as_its_complement_says(rate, samples, share):
    assert round(rescued(rate, samples), 2) == share
    assert isclose(rescued(rate, samples), 1 - (1 - rate) ** samples)
    assert isclose(missed(rate, samples), (1 - rate) ** samples)


def test_two_successes_among_k_are_counted_from_the_binomial():
    assert isclose(rescued(0.1, 3, least=2), 3 * 0.1**2 * 0.9 + 0.1**3)
    assert (rescued(0.0, 8), rescued(1.0, 8, least=8)) == (0.0, 1.0)


def test_fewer_continuations_are_judged_from_many():
    assert none_of([0, MOST], 4) == 0.5
    assert isclose(none_of([1], 4), 1 - 4 / MOST)
