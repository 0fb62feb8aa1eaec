"""What strategies came to, in the report and on the terminal."""

import json

import pytest

from redink.reports.blocks import Details, Figure, Grid, Note, Report, Section
from redink.reports.markdown import render_markdown
from redink.reports.page import render_html
from redink.reports.step_scores import step_score_blocks
from redink.reports.strategies import read_strategies, strategy_blocks, strategy_chart
from redink.reports.strategy_table import print_strategies
from tests.reports.world import HOSTILE, Elements


def row(name, accuracy, tokens, **more):
    found = {
        "benchmark": "heldout",
        "name": name,
        "oracle": name.startswith("oracle:"),
        "problems": 100,
        "right": round(100 * accuracy),
        "accuracy": accuracy,
        "interval": [accuracy - 0.1, accuracy + 0.1],
        "tokens": tokens,
        "tokens_error": 1.5,
        "harmed": 3,
        "fixed": 9,
        "drafts_right": 40,
        "answers": 3,
        "vote_of": 3,
        "majority": 0.46,
        "passes": 0.61,
        "blind": 0.38,
        "blind_text": 0.31,
        "at_equal_tokens": {
            "drafts": 2.5,
            "majority": 0.45,
            "passes": 0.58,
            "difference": 0.05,
            "interval": [-0.02, 0.12],
        },
    }
    return found | more


FACTS = {
    "strategies": [
        row("greedy", 0.4, 60.0, answers=1),
        row("glore", 0.5, 180.0),
        row("critique-then-refine-3", 0.45, 900.0, at_equal_tokens=None),
        row("oracle:glore", 0.6, 180.0),
    ],
    "majority": {
        "heldout": [
            {"drafts": n, "tokens": 62.0 * n, "majority": 0.4 + 0.02 * n, "passes": 0.4 + 0.05 * n}
            for n in range(1, 9)
        ]
    },
    "examples": [
        {
            "problem": "p1",
            "question": f"How many? {HOSTILE}",
            "answer": "9",
            "outcome": "wrong",
            "steps": [
                {"text": "2 + 3 = 5", "sorm": 0.93, "orm": 0.7},
                {"text": f"5 + 4 = 8 {HOSTILE}", "sorm": 0.21, "orm": 0.4},
                {"text": "#### 8", "sorm": 0.1, "orm": 0.2},
            ],
            "first_error": 1,
            "threshold": 0.5,
            "after": {"strategy": "local:sorm", "text": "2 + 3 = 5\n#### 9", "outcome": "correct"},
        },
        {
            "problem": "p2",
            "question": "How few?",
            "answer": "1",
            "outcome": "correct",
            "steps": [{"text": "#### 1", "sorm": 0.99}],
            "first_error": None,
            "threshold": 0.5,
            "after": None,
        },
    ],
}


def blocks():
    return list(strategy_blocks(FACTS))


def test_each_benchmark_has_a_chart_and_two_tables():
    figure, accuracy, vote, *notes = blocks()
    assert isinstance(figure, Figure)
    assert [cell.text for cell in accuracy.rows[1]] == ["glore", "50.0 %", "180", "3", "9"]
    assert accuracy.about == "100 problems, 40 drafts right"
    assert [cell.text for cell in vote.rows[1]] == [
        "glore", "50.0", "3", "46.0", "61.0", "38.0", "45.0", "+5.0",
    ]  # fmt: skip
    assert vote.rows[1][5].note == "31.0"
    assert vote.rows[0][5].text == "–"
    assert vote.rows[1][-1].note == "−2.0 to +12.0"
    assert vote.rows[2][-1].text == "–"
    assert all(isinstance(note, Note) for note in notes)


def test_oracles_are_marked_everywhere_and_stand_beside_no_vote():
    figure, accuracy, vote, *notes = blocks()
    assert accuracy.rows[3][0].note == "upper bound, no result"
    assert "oracle:glore" not in [line[0].text for line in vote.rows]
    assert any(note.marked and "upper bound" in note.text for note in notes)
    assert str(figure.drawing).count('class="spot open"') == 1


def test_the_chart_puts_tokens_across_and_accuracy_up():
    drawing = strategy_chart(FACTS["strategies"], FACTS["majority"]["heldout"])
    assert "glore: 50.0 % with 180 tokens" in drawing.description
    places = [
        tuple(float(part) for part in (dot["cx"], dot["cy"]))
        for dot in dots_of(str(drawing.finish()), "4.5")
    ]
    greedy, glore, long, oracle = places
    assert greedy[0] < glore[0] == oracle[0] < long[0]
    assert oracle[1] < glore[1] < long[1] < greedy[1]


def dots_of(svg, radius):
    import re

    found = re.findall(r'<circle cx="([^"]+)" cy="([^"]+)" r="([^"]+)"', svg)
    return [{"cx": x, "cy": y} for x, y, r in found if r == radius]


def test_one_strategy_without_tokens_is_drawn():
    only = row("greedy", 0.0, 0.0, interval=[0.0, 0.1])
    assert strategy_chart([only], []).finish()


def test_every_step_has_its_scores_beside_it_and_the_first_error_is_set_off():
    grid, details, right, question = list(step_score_blocks(FACTS))
    assert isinstance(grid, Grid)
    assert [[cell.text for cell in line[1:]] for line in grid.rows] == [
        ["0.93", "0.70"], ["0.21", "0.40"], ["0.10", "0.20"],
    ]  # fmt: skip
    assert [column.title for column in grid.columns] == ["solution step", "SORM", "ORM"]
    assert grid.marked == grid.rows[1][0].text
    assert "finds wrong" in grid.rows[1][0].note
    assert isinstance(details, Details)
    assert details.summary == "What local:sorm made of it: correct"
    assert details.text.endswith("2 + 3 = 5\n#### 9")
    assert (right.marked, [column.title for column in right.columns]) == (
        "", ["solution step", "SORM"],
    )  # fmt: skip
    assert question.summary == "The whole question"


def test_page_and_markdown_hold_it_all_and_hostile_text_stays_text():
    sections = (
        Section("strategies", "Strategies", tuple(blocks())),
        Section("steps", "Step by step", tuple(step_score_blocks(FACTS))),
    )
    report = Report("t", "q", "a", "l", sections)
    page = render_html(report)
    elements = Elements(page)
    assert elements.open == []
    assert "script" not in elements.seen
    assert "0.93" in page
    text = render_markdown(report)
    assert "| glore |" in text
    assert "critique-then-refine-3" in text


def test_what_a_run_wrote_is_found_by_stage(tmp_path):
    from pathlib import Path

    from redink.errors import DataError
    from redink.reports.run_folder import RunFolder, RunStage

    def stage(name, *, done=True):
        folder = tmp_path / name
        folder.mkdir()
        return RunStage(name, "refine", done, folder, {}, {})

    stages = (stage("answers"), stage("mended"), stage("later", done=False))
    (tmp_path / "answers" / "strategies.json").write_text(json.dumps(FACTS))
    (tmp_path / "later" / "strategies.json").write_text("{}")
    run = RunFolder(Path(tmp_path), {}, stages)
    assert read_strategies(run) == {"answers": FACTS}
    (tmp_path / "mended" / "strategies.json").write_text("{")
    with pytest.raises(DataError, match="--force mended"):
        read_strategies(run)


def test_charts_of_several_stages_have_ids_of_their_own():
    first, second = (str(next(strategy_blocks(FACTS, n)).drawing) for n in (0, 3))
    assert 'id="strategies-0-title"' in first
    assert 'id="strategies-3-title"' in second


def test_nothing_comes_of_no_facts():
    assert list(strategy_blocks({})) == list(step_score_blocks({})) == []


def test_stages_that_did_not_tell_of_blind_choice_are_shown_all_the_same():
    old = [{k: v for k, v in row("glore", 0.5, 180.0).items() if not k.startswith("blind")}]
    _, _, vote, *notes = strategy_blocks({"strategies": old})
    assert vote.rows[0][5].text == "–"
    assert not any("Blind choice" in note.text for note in notes)
    assert any("Blind choice" in block.text for block in blocks() if isinstance(block, Note))


@pytest.mark.parametrize("facts", [FACTS, {"strategies": [], "majority": {}, "examples": []}])
def test_facts_are_json_and_the_terminal_holds_80_columns(facts, capsys):
    print_strategies(json.loads(json.dumps(facts)))
    shown = capsys.readouterr().out
    assert all(len(line) <= 80 for line in shown.splitlines())
    if facts["strategies"]:
        assert "−2.0 to +12.0" in shown
        assert "oracle:glore" in shown
