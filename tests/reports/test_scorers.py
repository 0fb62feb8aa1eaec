"""The scorers of a run in its report: what each learned from, and its reliability."""

import json
import re
from dataclasses import replace

import pytest

from redink.errors import DataError
from redink.reports.blocks import Figure, Grid, Note, Report, Section
from redink.reports.fitted_scorers import FittedScorer, read_scorers
from redink.reports.formats import render
from redink.reports.markdown import render_markdown
from redink.reports.material import gather
from redink.reports.page import render_html
from redink.reports.report import build_report
from redink.reports.run_folder import read_run
from redink.reports.scorers import reliability_chart, scorer_blocks
from redink.scoring.calibration import calibrate
from tests.reports.world import ACTING, HOSTILE, Elements, make_run

LOGITS = [4.0, 3.0, 2.5, -0.5, 1.0, -3.0, -2.0, 0.4]
TARGETS = [1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0]
FOUND = calibrate(LOGITS, TARGETS)
SORM = FittedScorer(
    "sorm", "every", "warmup", "full", 458, (("no step is labelled", 38),), 874, 0.5, 29,
    FOUND.temperature, FOUND.before, FOUND.after,
)  # fmt: skip
PLAIN = FittedScorer("orm", "last", "tiny")


def scorer_json(**changed):
    facts = {
        "kind": "sorm",
        "positions": "every",
        "objective": "imitate",
        "separator": {"text": "\n", "ids": [198]},
        "temperature": FOUND.temperature,
        "calibration": FOUND.to_json() | {"rows": {"rows_in": 8}},
        "base": {"name": f"/somewhere/{HOSTILE}/model", "fingerprint": "0"},
        "training": {
            "method": "lora",
            "steps": 29,
            "labels": 1748,
            "rows": {
                "rows_in": 496,
                "rows_kept": 458,
                "dropped": {f"odd {HOSTILE}": 38},
                "loss_tokens": 874,
                "positive_share": 0.5,
            },
        },
    }
    return facts | changed


def run_with_scorers(folder, files):
    """A run with a fit stage for each name: what its `scorer.json` holds."""
    make_run(folder)
    facts = json.loads((folder / "run.json").read_text())
    for number, (name, content) in enumerate(files.items()):
        place = folder / f"{name}-{number:010x}"
        (place / "model").mkdir(parents=True)
        if content is not None:
            (place / "model" / "scorer.json").write_text(content)
        stage = {"stage": name, "verb": "fit", "inputs": {"data": ["drafts"], "base": ["sft"]}}
        (place / "stage.json").write_text(json.dumps(stage | {"settings": {}, "seconds": 1.0}))
        facts["stages"].append({"name": name, "verb": "fit", "seconds": 1.0})
    (folder / "run.json").write_text(json.dumps(facts))
    return read_run(folder)


def test_tables_tell_what_was_learned_from_and_how_reliable_it_is():
    learned, reliable, note, figure = scorer_blocks({"sorm": SORM, "orm": PLAIN})
    assert isinstance(learned, Grid)
    assert [cell.text for cell in learned.rows[0]] == [
        "sorm", "SORM", "warmup", "458", "38", "874", "29",
    ]  # fmt: skip
    assert [cell.note for cell in learned.rows[0]] == [
        "", "every step", "full", "", "38: no step is labelled", "50.0 %", "",
    ]  # fmt: skip
    before, after = FOUND.before, FOUND.after
    assert [cell.text for cell in reliable.rows[0]] == [
        "sorm", "8", f"{FOUND.temperature:.2f}", f"{before.ece:.3f}", f"{after.ece:.3f}",
        f"{before.brier:.3f}", f"{after.brier:.3f}",
    ]  # fmt: skip
    assert reliable.rows[1][0].note == "not calibrated: its scores are as they were learned"
    assert {cell.text for cell in reliable.rows[1][1:]} == {"–"}
    assert isinstance(note, Note)
    assert isinstance(figure, Figure)
    rows = figure.grid.rows
    assert len(rows) == 10
    assert sum(int(row[1].text) for row in rows) == sum(int(row[4].text) for row in rows) == 8
    assert rows[0][0].text == "0.0 to 0.1"


def test_a_scorer_that_tells_nothing_apart_is_marked():
    hopeless = calibrate([3.0, -3.0, 3.0, -3.0], [0.0, 1.0, 1.0, 0.0])
    one = replace(
        SORM, temperature=hopeless.temperature, before=hopeless.before, after=hopeless.after
    )
    _, reliable, *_ = scorer_blocks({"sorm": one})
    assert reliable.rows[0][0].note == "tells right from wrong no better than chance"


def test_the_chart_puts_mean_scores_across_and_observed_shares_up():
    drawing = reliability_chart("sorm", FOUND.before, FOUND.after)
    dots = re.findall(r'<circle cx="([^"]+)" cy="([^"]+)" r="([^"]+)" class="([^"]+)"',
                      str(drawing.finish()))  # fmt: skip
    for found, kind in ((FOUND.before, "spot open"), (FOUND.after, "f0")):
        filled = [each for each in found.bins if each.count]
        places = [tuple(map(float, dot[:3])) for dot in dots if dot[3] == kind]
        assert len(places) == len(filled)
        for each, (x, y, radius) in zip(filled, places, strict=True):
            assert x == pytest.approx(44 + each.confidence * (470 - 44), abs=0.06)
            assert y == pytest.approx(210 - each.observed * 200, abs=0.06)
            assert 2 < radius <= 8
        largest = max(range(len(filled)), key=lambda i: filled[i].count)
        assert places[largest][2] == 8
    first = next(each for each in FOUND.after.bins if each.count)
    assert f"mean score {first.confidence:.2f}: " in drawing.description


def test_the_scorers_of_a_run_are_read_and_stand_in_every_format(tmp_path):
    run = run_with_scorers(
        tmp_path / "run",
        {
            "sorm": json.dumps(scorer_json()),
            "orm": json.dumps(scorer_json(kind="orm", calibration=None, temperature=1.0)),
            "gone": None,
        },
    )
    found = read_scorers(run)
    assert list(found) == ["sorm", "orm"]
    assert found["sorm"].after == FOUND.after
    assert found["sorm"].base == "sft"
    assert found["sorm"].labels == 874
    assert found["orm"].before is None
    report = build_report(gather(run))
    assert report.section("scorers") is not None
    page = render(report, "html").decode()
    assert page.count("<svg") == page.count("</svg>")
    assert 'id="reliability-0-title"' in page
    assert "| sorm | SORM (every step) |" in render(report, "md").decode()
    facts = json.loads(render(report, "json"))["scorers"]
    assert facts["sorm"]["after"]["ece"] == FOUND.after.ece
    assert sum(each["count"] for each in facts["sorm"]["before"]["bins"]) == 8
    assert facts["orm"]["after"] is None


def test_a_run_without_scorers_has_no_such_section(tmp_path):
    make_run(tmp_path)
    report = build_report(gather(read_run(tmp_path)))
    assert report.section("scorers") is None
    assert report.facts["scorers"] == {}


def test_hostile_text_stays_text():
    hostile = replace(
        SORM, kind=HOSTILE, positions=HOSTILE, base=HOSTILE, method=HOSTILE,
        dropped=((HOSTILE, 2),),
    )  # fmt: skip
    sections = (Section("scorers", "Scorers", tuple(scorer_blocks({HOSTILE: hostile}))),)
    report = Report("t", "q", "a", "l", sections)
    page = render_html(report)
    elements = Elements(page)
    assert elements.open == []
    assert {"script", "img"}.isdisjoint(elements.seen)
    assert not [name for name in elements.attributes if name.startswith("on") or name == "style"]
    assert not set(ACTING) & set(page)
    assert not re.search(r"(?<!\\)<", render_markdown(report))


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        json.dumps({"kind": "sorm"}),
        json.dumps(scorer_json(temperature="warm")),
        json.dumps(scorer_json(calibration={"before": {}, "after": {}})),
        json.dumps(scorer_json(calibration={"before": 3})),
        json.dumps(scorer_json(training={"rows": {"rows_kept": "many"}})),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_what_to_do(tmp_path, content):
    run = run_with_scorers(tmp_path / "run", {"sorm": content})
    with pytest.raises(DataError, match=r"model/scorer.json: cannot be read .*--force sorm"):
        read_scorers(run)
