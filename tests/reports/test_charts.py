"""Marks stand where their values are."""

import re

import pytest

from redink.reports.charts import Scale
from redink.reports.curves import MOST_POINTS, curve_figures, loss_chart
from redink.reports.svg import Drawing, ticks
from redink.reports.training import Training


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


def test_characters_that_act_are_marks_in_a_drawing():
    drawing = Drawing("x", "a\u202eb", "\x1b[31m", 10)
    drawing.text(1, 2, "c\u2066d")
    svg = str(drawing.finish())
    assert not set("\u202e\u2066\x1b") & set(svg)
    assert "a⟨U+202E⟩b" in svg


def test_long_curves_are_averaged_in_blocks():
    drawing = loss_chart({"a": [(n, 1.0) for n in range(1, 5001)], "b": [(1, 2.0)]})
    svg = str(drawing.finish())
    longest = max(path.count("L") for path in re.findall(r'd="([^"]+)"', svg))
    assert 100 < longest < MOST_POINTS
    with pytest.raises(ValueError, match="no curve"):
        loss_chart({"a": []})


def test_each_objective_has_a_chart_of_its_own_and_seeds_share_a_colour():
    curve = ((1, 2.0), (2, 1.0))
    found = {
        "sft": Training(losses=curve, objective="imitate"),
        "cft@1": Training(losses=curve, objective="critique"),
        "cft@2": Training(losses=curve, objective="critique", looks=curve, validated_by="loss"),
    }
    imitate, critique, validation = curve_figures(found)
    assert "objective imitate" in imitate.caption
    assert critique.legend == (("f0", "cft"),)
    assert str(critique.drawing).count('class="curve c0"') == 2
    assert validation.caption.startswith("Validation loss")
    assert "cft@2: 2.00 to 1.00" in validation.text


def test_more_arms_than_colours_take_another_chart():
    found = {f"arm {n}": Training(losses=((1, 1.0),)) for n in range(9)}
    assert [len(figure.legend) for figure in curve_figures(found)] == [8, 1]
    assert list(curve_figures({"a": Training()})) == []
