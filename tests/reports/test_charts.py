"""Marks stand where their values are."""

import re

import pytest

from redink.reports.charts import MOST_POINTS, Scale, loss_chart
from redink.reports.svg import Drawing, ticks


def test_scale_maps_its_ends_and_holds_values_inside():
    scale = Scale(-1.0, 1.0, 10.0, 110.0)
    assert [scale(v) for v in (-1, 0, 1, 5)] == [10, 60, 110, 110]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0, 0.63, [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
        (-0.11, 0.11, [-0.1, -0.05, 0, 0.05, 0.1]),
        (0, 300, [0, 50, 100, 150, 200, 250, 300]),
        (0.31, 2.2, [0.5, 1, 1.5, 2]),
        (3, 3, [3]),
    ],
)
def test_ticks_are_round_and_inside(low, high, expected):
    assert ticks(low, high) == pytest.approx(expected)


def test_text_in_a_drawing_is_escaped():
    drawing = Drawing("x", "<t>", '"d"', 10)
    drawing.text(1, 2, "a <b> & c", 'k" onload="x')
    svg = str(drawing.finish())
    assert "a &lt;b&gt; &amp; c" in svg
    assert 'onload="x"' not in svg
    assert "&lt;t&gt;" in svg


def test_long_loss_curves_are_averaged_in_blocks():
    svg = str(loss_chart({"a": [(n, 1.0) for n in range(1, 5001)], "b": [(1, 2.0)]}))
    assert loss_chart({"a": []}) is None
    longest = max(path.count("L") for path in re.findall(r'd="([^"]+)"', svg))
    assert 100 < longest < MOST_POINTS
