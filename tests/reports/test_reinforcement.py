"""How a reinforcement went, in the report."""

import json
import re

from redink.reports.blocks import Figure, Grid, Note, Report, Section
from redink.reports.markdown import render_markdown
from redink.reports.material import gather
from redink.reports.page import render_html
from redink.reports.reinforcement import (
    Steps,
    read_reinforcements,
    reinforcement_blocks,
    reinforcement_facts,
    tenths_grid,
)
from redink.reports.report import build_report
from redink.reports.run_folder import read_run
from tests.reports.world import HOSTILE, Elements


def line(step, **more):
    """A line of `steps.jsonl` as the training writes it."""
    found = {
        "step": step,
        "reward": 0.01 * step,
        "parts": {"correct": 0.01 * step, "length": -0.1},
        "accuracy": 0.02 * step,
        "tokens": 40.0 + step,
        "entropy": 1.0 - 0.01 * step,
        "kl": 0.001 * step,
        "degenerate": 0.0,
        "faults": {},
        "truncated": 0.1,
        "unscorable": 0.0,
        "trained": 1.0,
        "rollouts": 64,
        "problems": 8,
        "seconds": 2.5,
    }
    return found | more


T1 = Steps(tuple(line(n) for n in range(1, 41)))


def texts(grid, name):
    return next([cell.text for cell in row] for row in grid.rows if row[0].text == name)


def test_the_table_compares_the_first_tenth_with_the_last():
    grid = tenths_grid("t1", T1)
    assert texts(grid, "Mean reward") == ["Mean reward", "0.0250", "0.385", "+0.360",
                                          "0.0100", "0.400"]  # fmt: skip
    assert texts(grid, "Accuracy of rollouts")[1:4] == ["5.0 %", "77.0 %", "+72.0 %"]
    assert texts(grid, "Tokens of a rollout")[1:3] == ["42.5", "78.5"]
    assert texts(grid, "Entropy")[3] == "−0.360"
    assert texts(grid, "reward: length")[1] == "−0.100"
    assert grid.about == "40 steps, 2,560 rollouts"
    assert grid.columns[1].note == "4 of 40 steps"


def test_what_an_algorithm_adds_stands_in_the_table():
    ppo = Steps(tuple(line(n, value_loss=1.0 / n, loss=0.5) for n in range(1, 21)))
    grid = tenths_grid("reft", ppo)
    assert texts(grid, "value loss")[1:3] == ["0.750", "0.0513"]
    assert texts(grid, "loss")[3] == "0"


def test_small_figures_are_not_rounded_away():
    grid = tenths_grid("rloo", Steps(tuple(line(n, learning_rate=3e-5) for n in range(1, 21))))
    assert texts(grid, "learning rate")[1:4] == ["3e-05", "3e-05", "0"]


def test_seconds_stand_last():
    grid = tenths_grid("reft", Steps(tuple(line(n) for n in range(1, 21))))
    assert [row[0].text for row in grid.rows][-1] == "Seconds"


def test_each_figure_has_a_curve_and_the_parts_of_the_reward_one_together():
    blocks = list(reinforcement_blocks({"t1": T1}))
    captions = [block.caption for block in blocks if isinstance(block, Figure)]
    assert captions == [
        "Mean reward over optimizer steps",
        "Accuracy of rollouts over optimizer steps",
        "Tokens of a rollout over optimizer steps",
        "Entropy over optimizer steps",
        "KL to the reference over optimizer steps",
        "Rollouts cut off over optimizer steps",
        "Parts of the reward of t1 over optimizer steps",
    ]
    assert [type(block) for block in blocks[-2:]] == [Grid, Note]


def test_several_reinforcements_share_each_chart():
    other = Steps(tuple(line(n, degenerate=0.25, faults={"repetition": 0.25}) for n in (1, 2)))
    blocks = list(reinforcement_blocks({"t1": T1, "grpo": other}))
    reward = blocks[0]
    assert [name for _, name in reward.legend] == ["t1", "grpo"]
    assert str(reward.drawing).count("<path") == 2
    degenerate = next(b for b in blocks if getattr(b, "caption", "").startswith("Degenerate"))
    assert degenerate.grid.rows[1][-1].text == "25.0 %"
    names = re.findall(r'aria-labelledby="(\S+)-title', "".join(
        str(block.drawing) for block in blocks if isinstance(block, Figure)))  # fmt: skip
    assert len(names) == len(set(names)) >= 8
    grids = [block for block in blocks if isinstance(block, Grid)]
    assert texts(grids[1], "fault: repetition")[1] == "25.0 %"


def test_figures_that_are_missing_or_undefined_are_left_out():
    bare = Steps(({"step": 1, "reward": None}, {"step": 2, "reward": 0.5, "kl": None}))
    grid = tenths_grid("bare", bare)
    assert grid.rows == () or [row[0].text for row in grid.rows] == ["Mean reward"]
    captions = [b.caption for b in reinforcement_blocks({"bare": bare}) if isinstance(b, Figure)]
    assert captions == ["Mean reward over optimizer steps"]


def test_rewards_below_zero_are_drawn_below_zero():
    below = Steps(tuple(line(n, reward=-1.0, parts={}) for n in range(1, 4)))
    figure = next(iter(reinforcement_blocks({"t1": below})))
    (path,) = re.findall(r'<path d="M([^"]+)" class="curve c0"', str(figure.drawing))
    heights = [float(point.split()[1]) for point in path.split(" L")]
    assert heights == [200.0] * 3
    assert ">0</text>" in str(figure.drawing)


def make_run(folder, *, done=True):
    place = folder / "policy-0000000001"
    place.mkdir(parents=True)
    log = "".join(json.dumps(line(n)) + "\n" for n in range(1, 4))
    (place / "steps.jsonl").write_text(log + '{"step": 4, "rew')
    listed = []
    if done:
        listed = [{"name": "policy", "verb": "reinforce", "seconds": 9.0}]
        told = {"stage": "policy", "verb": "reinforce", "inputs": {}, "settings": {},
                "seconds": 9.0}  # fmt: skip
        (place / "stage.json").write_text(json.dumps(told))
    recipe = "stages:\n  policy: {do: reinforce, problems: held}\n"
    run = {"recipe": "trial", "recipe_text": recipe, "stages": listed}
    (folder / "run.json").write_text(json.dumps(run))
    return read_run(folder)


def test_a_half_written_last_line_is_left_out(tmp_path):
    found = read_reinforcements(make_run(tmp_path))
    assert [line["step"] for line in found["policy"].lines] == [1, 2, 3]
    assert found["policy"].finished


def test_a_runs_report_has_the_curves_also_while_it_goes_on(tmp_path):
    report = build_report(gather(make_run(tmp_path, done=False)))
    section = report.section("reinforcement")
    assert any("Not finished" in getattr(block, "text", "") for block in section.blocks)
    assert report.facts["reinforcement"]["policy"]["steps"][2]["step"] == 3
    assert "Reinforcement of policy" in render_markdown(report)
    assert json.dumps(report.facts, allow_nan=False)


def test_hostile_names_do_no_harm():
    hostile = Steps(tuple(line(n, parts={HOSTILE: 0.1, "correct": 0.2}) for n in (1, 2)))
    blocks = tuple(reinforcement_blocks({HOSTILE: hostile}))
    report = Report("t", "q", "a", "l", (Section("reinforcement", "r", blocks),))
    assert "script" not in Elements(render_html(report)).seen
    assert not re.search(r"(?<!\\)<script", render_markdown(report))


def test_without_reinforcements_there_is_nothing():
    assert list(reinforcement_blocks({})) == []
    assert reinforcement_facts({}) == {}
