"""The report of a whole run: every section, and a run that has not got so far."""

import json
import re
from dataclasses import replace

import pytest

from redink.errors import UsageError
from redink.evaluation import compare_arms
from redink.records import Score
from redink.reports.blocks import Figure, Grid, Item, Note, Verdicts
from redink.reports.formats import render
from redink.reports.material import gather, gather_across
from redink.reports.report import build_report
from redink.reports.run_folder import read_run
from redink.tables import Table
from tests.reports.world import STAGES, Elements, make_run


def report_of(folder, until="report", **settings):
    return build_report(gather(read_run(make_run(folder, until, **settings))))


def grid_of(report, section, caption):
    blocks = report.section(section).blocks
    found = [b for b in blocks if isinstance(b, Grid) and b.caption.startswith(caption)]
    assert len(found) == 1
    return found[0]


def rows_of(grid):
    return {row[0].text: [cell.text for cell in row[1:]] for row in grid.rows}


def test_it_begins_with_the_question_and_the_answer_with_its_interval(tmp_path):
    report = report_of(tmp_path)
    assert report.title == "trial"
    assert report.question == "Do critiques beat imitation here?"
    assert report.answer.startswith("Not shown: 66.7 % against 50.0 %, +16.7 points (95 % interval")
    assert report.lead == (
        "2 arms, baseline sft, measured on held · 8 of 8 stages done · 40s of work · $0.25"
    )


def test_a_finished_run_has_every_section(tmp_path):
    report = report_of(tmp_path)
    assert [section.id for section in report.sections] == [
        "answer", "figures", "pairs", "items", "training", "critiques", "examples", "flow",
        "cost", "left-out",
    ]  # fmt: skip
    [verdicts] = [b for b in report.section("answer").blocks if isinstance(b, Verdicts)]
    assert [verdict.result for verdict in verdicts.verdicts] == ["open"]
    captions = [b.caption for b in report.section("figures").blocks if isinstance(b, Figure)]
    assert len(captions) == 3
    assert all(b.number == n for n, b in enumerate(_items(report), 1))


def _items(report):
    return [b for s in report.sections for b in s.blocks if isinstance(b, Item)]


def test_the_flow_counts_what_went_in_what_was_kept_and_what_was_dropped_and_why(tmp_path):
    rows = rows_of(grid_of(report_of(tmp_path), "flow", "Stages"))
    assert rows["raw"] == ["load", "–", "5", "5", "–"]
    assert rows["problems"] == ["select", "raw", "5", "4", "1"]
    assert rows["drafts"] == ["corrupt", "problems", "4", "4", "–"]
    assert rows["sft"] == ["finetune", "drafts", "4", "3", "1"]
    assert rows["scores"] == ["evaluate", "sft, cft, raw", "5", "12", "–"]
    grid = grid_of(report_of(tmp_path), "flow", "Stages")
    assert [row[5].note for row in grid.rows if row[5].note] == [
        "1: more than n", "1: longer than max_tokens", "1: longer than max_tokens",
    ]  # fmt: skip


def test_time_cost_hardware_versions_and_the_recipe_are_told(tmp_path):
    report = report_of(tmp_path)
    rows = rows_of(grid_of(report, "cost", "Time and cost"))
    assert rows["critiques"] == ["4.5s", "1.2", "1,234", "$0.25"]
    assert rows["all"] == ["40s", "1.2", "1,234", "$0.25"]
    page = render(report, "html").decode()
    for text in ("a processor", "3.11.7", "about: Do critiques beat imitation here?"):
        assert text in page


def test_without_prices_no_column_speaks_of_money(tmp_path):
    report = report_of(tmp_path, cost=None)
    assert [c.title for c in grid_of(report, "cost", "Time and cost").columns] == [
        "stage", "time", "memory so far",
    ]  # fmt: skip
    assert "$" not in report.lead


def test_the_audit_sets_verdicts_against_the_grader(tmp_path):
    report = report_of(tmp_path)
    rows = rows_of(grid_of(report, "critiques", "critiques: verdict against grader"))
    assert rows == {
        "verdict right": ["0", "1", "1"],
        "verdict wrong": ["1", "2", "3"],
        "verdict none": ["0", "0", "0"],
    }
    agreement = rows_of(grid_of(report, "critiques", "critiques: agreement"))
    assert agreement["agrees with the grader"] == ["50.0 % (15.0 to 85.0)", "2 of 4"]
    [figure] = [b for b in report.section("critiques").blocks if isinstance(b, Figure)]
    assert "characters" in figure.text
    assert _items(report)[-4].heading == "The grader says wrong, the critique right"


def test_training_curves_show_losses_and_validation(tmp_path):
    captions = [b.caption for b in report_of(tmp_path).section("training").blocks
                if isinstance(b, Figure)]  # fmt: skip
    assert captions == [
        "Training loss over optimizer steps, objective imitate",
        "Training loss over optimizer steps, objective critique",
        "Validation accuracy over optimizer steps",
    ]


def test_each_training_says_what_it_read_on_what_and_how_long(tmp_path):
    grid = grid_of(report_of(tmp_path), "training", "Trainings")
    assert rows_of(grid)["sft"] == ["imitate", "3", "4", "200", "4s", "cpu"]
    assert grid.rows[0][6].note == "lora"


@pytest.mark.parametrize("until", STAGES)
def test_a_run_that_is_not_finished_still_has_a_report(tmp_path, until):
    report = report_of(tmp_path, until)
    for form in ("html", "md", "json"):
        assert render(report, form)
    assert Elements(render(report, "html").decode()).open == []
    number = STAGES.index(until) + 1
    assert f"{number} of 8 stages done" in report.lead
    notes = [b.text for b in report.section("answer").blocks if isinstance(b, Note)]
    assert any("The run is not finished" in note for note in notes) is (until != "report")
    if number < STAGES.index("scores") + 1:
        assert report.answer == "Nothing has been scored yet."
        assert report.section("figures") is None


def test_scores_without_a_comparison_take_the_baseline_that_the_recipe_names(tmp_path):
    material = gather(read_run(make_run(tmp_path, "scores")))
    assert material.comparison.baseline == "sft"
    other = gather(read_run(tmp_path), baseline="cft")
    assert other.comparison.baseline == "cft"
    with pytest.raises(UsageError, match="is not among the arms"):
        gather(read_run(tmp_path), baseline="nobody")
    with pytest.raises(UsageError, match="no finished compare stage 'other'; there are: none"):
        gather(read_run(tmp_path), comparison="other")


def test_a_training_that_is_going_on_is_drawn_as_far_as_it_logged(tmp_path):
    make_run(tmp_path, "sft")
    going = tmp_path / "cft-00000000aa"
    going.mkdir()
    (going / "losses.jsonl").write_text('{"step": 1, "loss": 2.0}\n{"step": 2, "loss": 1.5}\n')
    report = build_report(gather(read_run(tmp_path)))
    blocks = report.section("training").blocks
    assert any(isinstance(b, Figure) and "cft: 2.00 to 1.50" in b.text for b in blocks)
    assert any(isinstance(b, Note) and "Not finished" in b.text for b in blocks)
    captions = [b.caption for b in blocks if isinstance(b, Figure)]
    assert "Training loss over optimizer steps, objective critique" in captions


def test_several_arms_are_summed_up_in_one_sentence(tmp_path):
    arms = {"sft": "w" * 40 + "c" * 10, "cft": "c" * 50, "same": "w" * 40 + "c" * 10,
            "bad": "w" * 50}  # fmt: skip
    answer = report_of(tmp_path, arms=arms).answer
    assert re.fullmatch(
        r"1 of 3 arms beat sft: cft \(\+80\.0 points, 95 % interval \+\d.* to \+\d.*\); 1 lost "
        r"to it: bad \(−20\.0 points, 95 % interval −\d.* to −\d.*\); for the other no .*",
        answer,
    )


def test_arms_of_which_none_differs_are_summed_up_too(tmp_path):
    answer = report_of(tmp_path, arms={"sft": "cwcw", "a": "cwcw", "b": "ccww"}).answer
    assert answer.startswith("No difference to sft is shown for any of 2 arms; the greatest ")


def test_what_is_left_out_is_said_with_counts(tmp_path):
    report = report_of(tmp_path, arms={"sft": "c" * 40 + "w" * 40, "cft": "w" * 40 + "c" * 40})
    text = " ".join(block.text for block in report.section("left-out").blocks)
    assert "24 of 80 problems and 48 of 160 answers are shown in full" in text
    assert "4 of 4 critiques of critiques are shown" in text
    assert "cut after 1,500 characters" in text


def test_the_json_holds_the_figures_and_is_strict(tmp_path):
    text = render(report_of(tmp_path), "json").decode()
    assert text.isascii()
    facts = json.loads(text, parse_constant=lambda name: pytest.fail(f"not JSON: {name}"))
    assert facts["comparison"]["differences"][0]["wins"] == 2
    assert facts["pairs"][0] == {"first": "cft", "second": "sft", "both": 2, "neither": 1} | {
        "first_right": 2, "second_right": 1,
    }  # fmt: skip
    assert [stage["stage"] for stage in facts["runs"][0]["stages"]] == list(STAGES)
    assert facts["runs"][0]["stages"][1]["dropped"] == {"more than n": 1}
    assert facts["critiques"][0]["agreement"]["agrees"]["count"] == 2
    assert facts["trainings"]["sft"]["losses"][0] == [1, 2.0]


def test_two_runs_are_reported_together(tmp_path):
    runs = [read_run(make_run(tmp_path / name)) for name in ("one", "two")]
    tables = [gather(run).scores for run in runs]
    rows = [*tables[0], *(replace(s, model=f"two/{s.model}") for s in tables[1])]
    scores = Table(Score, tuple(rows), tables[0].problems, tables[0].responses)
    comparison = compare_arms(rows, "sft", "both")
    report = build_report(gather_across(runs, comparison, scores))
    captions = [block.caption for block in report.section("flow").blocks]
    assert captions == ["Stages of one", "Stages of two"]
    assert grid_of(report, "critiques", "two/critiques: agreement").rows
    text = " ".join(b.text for b in report.section("training").blocks if isinstance(b, Figure))
    assert "two/cft: " in text
    page = render(report, "html").decode()
    assert Elements(page).open == []
    assert page.count("The recipe trial") == 2


def test_the_same_run_gives_the_same_report(tmp_path):
    make_run(tmp_path)
    both = [build_report(gather(read_run(tmp_path))) for _ in range(2)]
    for form in ("html", "md", "json"):
        assert render(both[0], form) == render(both[1], form)
