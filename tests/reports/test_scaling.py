"""Accuracy against the thinking budget, in the report."""

import json
import re

import pytest

from redink.errors import DataError
from redink.reports.blocks import Figure, Grid, Note, Report, Section
from redink.reports.markdown import render_markdown
from redink.reports.material import gather
from redink.reports.page import render_html
from redink.reports.report import build_report
from redink.reports.run_folder import read_run
from redink.reports.scaling import chart_count, read_scalings, scaling_blocks, scaling_chart
from tests.reports.world import HOSTILE, Elements, score_table


def row(model, budget, accuracy, **more):
    found = {
        "model": model,
        "benchmark": "held",
        "budget": budget,
        "problems": 100,
        "answers": 100,
        "accuracy": accuracy,
        "interval": [max(0.0, accuracy - 0.1), min(1.0, accuracy + 0.1)],
        "ended": budget / 1000,
        "asked": 1 - budget / 1000,
        "answered": 0.9,
        "tokens": budget * 0.9,
    }
    return found | more


def facts(models=("sft", "cft")):
    budgets = [64, 128, 256]
    return {
        "budgets": budgets,
        "rows": [
            row(model, budget, 0.2 + 0.1 * (place + n))
            for place, model in enumerate(models[:6])
            for n, budget in enumerate(budgets)
        ]
        + [row(model, 64, 0.5) for model in models[6:]],
        "gains": [
            {"model": "cft", "benchmark": "held", "from": 64, "to": 256, "difference": 0.2,
             "interval": [0.1, 0.3]},
            {"model": "sft", "benchmark": "held", "from": 64, "to": 256, "difference": 0.2,
             "interval": [None, None]},
        ],
    }  # fmt: skip


def test_each_benchmark_has_a_curve_and_a_table():
    figure, grid, note = scaling_blocks(facts())
    assert isinstance(figure, Figure)
    assert isinstance(grid, Grid)
    assert isinstance(note, Note)
    last = grid.rows[-1]
    assert [cell.text for cell in last] == [
        "cft", "256", "50.0 %", "+20.0", "25.6 %", "74.4 %", "90.0 %", "230",
    ]  # fmt: skip
    assert last[2].note == "40.0 to 60.0"
    assert last[3].note == "+10.0 to +30.0"
    assert grid.rows[2][3].note == ""
    assert grid.rows[0][3].text == ""
    assert grid.about == "100 problems"


def test_the_chart_sets_budgets_at_equal_distances_and_draws_every_interval():
    svg = str(scaling_chart(facts()["rows"]).finish())
    dots = [
        (float(x), float(y), colour)
        for x, y, colour in re.findall(r'<circle cx="(\S+)" cy="(\S+)" r="4" class="(f\d)"', svg)
    ]
    assert [colour for _, _, colour in dots] == ["f0"] * 3 + ["f1"] * 3
    for own in (dots[:3], dots[3:]):
        (a, b, c), heights = [x for x, _, _ in own], [y for _, y, _ in own]
        assert c - b == pytest.approx(b - a, abs=0.2)
        assert heights == sorted(heights, reverse=True)
    assert dots[0][0] != dots[3][0]
    assert len(re.findall(r'<line [^>]*class="curve c\d"', svg)) == 6
    assert "sft: 20.0 % at 64, 30.0 % at 128, 40.0 % at 256" in svg


def test_one_budget_and_extreme_shares_are_drawn():
    assert scaling_chart([row("only", 64, 0.0), row("other", 64, 1.0)]).finish()
    assert scaling_chart([row("only", 1, 0.5)]).finish()


def test_more_models_than_colours_take_another_chart_and_charts_have_names_of_their_own():
    many = facts([f"m{n}" for n in range(11)])
    figures = [block for block in scaling_blocks(many, 3) if isinstance(block, Figure)]
    assert len(figures) == chart_count(many) == 2
    names = [re.search(r"scaling-\d+", str(figure.drawing))[0] for figure in figures]
    assert names == ["scaling-3", "scaling-4"]


def test_nothing_comes_of_nothing():
    assert list(scaling_blocks({})) == []
    assert chart_count({}) == 0


def test_hostile_names_do_no_harm():
    hostile = facts([HOSTILE, "cft"])
    report = Report("t", "q", "a", "l", (Section("scaling", "s", tuple(scaling_blocks(hostile))),))
    page = render_html(report)
    assert "script" not in Elements(page).seen
    assert not re.search(r"(?<!\\)<script", render_markdown(report))


def make_run(folder, text):
    """A run with one finished scale stage."""
    place = folder / "budgets-0000000001"
    scores = score_table({"sft:64": "cw", "sft:128": "cc"})
    scores.write(place)
    (place / "scaling.json").write_text(text)
    told = {"stage": "budgets", "verb": "scale", "inputs": {}, "settings": {}, "rows": 4,
            "seconds": 1.0}  # fmt: skip
    (place / "stage.json").write_text(json.dumps(told))
    recipe = "stages:\n  budgets: {do: scale, models: [sft], benchmarks: held}\n"
    listed = [{"name": "budgets", "verb": "scale", "rows": 4, "seconds": 1.0}]
    run = {"recipe": "trial", "recipe_text": recipe, "stages": listed}
    (folder / "run.json").write_text(json.dumps(run))
    return read_run(folder)


def test_a_runs_report_has_the_curve_and_compares_the_budgets(tmp_path):
    run = make_run(tmp_path, json.dumps(facts()))
    assert read_scalings(run) == {"budgets": facts()}
    material = gather(run, baseline="sft:64")
    report = build_report(material)
    assert report.section("scaling").title == "Thinking budgets"
    assert report.facts["scaling"]["budgets"]["rows"][0]["budget"] == 64
    assert material.comparison.arms == ("sft:64", "sft:128")
    assert "Thinking budgets on held" in render_markdown(report)


def test_a_broken_file_says_which_stage_to_run_again(tmp_path):
    with pytest.raises(DataError, match="--force budgets"):
        read_scalings(make_run(tmp_path, "{"))
